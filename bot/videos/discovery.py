"""Detects which dialect a server speaks, by requests that cost nothing."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

from bot.runtime.json_fields import fields_of, is_list
from bot.videos.answer import Answer
from bot.videos.dialects import OPENAI, Dialect, by_header, by_host, by_owner
from bot.videos.errors import VideosError
from bot.videos.listed_models import entries_of, film_models

_log = logging.getLogger(__name__)

_OK: Final = 200
_WRONG_METHOD: Final = 405
_NO_SIGN: Final = "nothing tells another family"
Get = Callable[[str], Awaitable[Answer]]
"""GETs a path below the base URL. Raises VideosError where there is no answer."""


@dataclass(frozen=True, kw_only=True)
class Detected:
    """The dialect, how it was recognised, and the models that make films there."""

    dialect: Dialect
    because: str
    models: tuple[str, ...] = ()


async def detect(host: str, get: Get, given: Dialect | None = None) -> Detected | None:
    """Detect a server's dialect and models; None where the server is away.

    A `given` dialect is believed, and only its models are asked for.
    """
    try:
        detected = await (_detect(host, get) if given is None else _models_of(given, get))
    except VideosError as error:
        _log.info("the Videos server cannot be asked what it speaks: %s", error)
        return None
    if given is None:
        _log.info(
            "the Videos server speaks %s, since %s; it %s its jobs",
            detected.dialect.name,
            detected.because,
            "lists" if detected.dialect.lists else "does not list",
        )
    return detected


async def _models_of(given: Dialect, get: Get) -> Detected:
    models = film_models(_body(await get(given.models)), given)
    return Detected(dialect=given, because="it was set", models=models)


async def _detect(host: str, get: Get) -> Detected:
    named = by_host(host)
    asked = (named or OPENAI).models
    models = await get(asked)
    jobs = await get("/videos?limit=1")
    dialect, because = (named, f"its host is {host}") if named else _recognise(models, jobs)
    if because is _NO_SIGN:
        dialect = replace(dialect, remixes=await _remixes(get))
    if dialect.models != asked:
        models = await get(dialect.models)
    return Detected(
        dialect=replace(dialect, lists=dialect.lists and _is_list(jobs)),
        because=because,
        models=film_models(_body(models), dialect),
    )


def _recognise(models: Answer, jobs: Answer) -> tuple[Dialect, str]:
    names = frozenset(name.lower() for answer in (models, jobs) for name in answer.headers)
    if (known := by_header(names)) is not None:
        return known[0], f"it sends the header {known[1]}"
    owners = frozenset(str(entry.get("owned_by", "")) for entry in entries_of(_body(models)))
    if (known := by_owner(owners)) is not None:
        return known[0], f"its models are owned by {known[1]}"
    return OPENAI, _NO_SIGN


async def _remixes(get: Get) -> bool:
    """Whether there is a route for remixes: it answers a GET with 405, and no route with 404."""
    return (await get("/videos/any/remix")).status == _WRONG_METHOD


def _is_list(answer: Answer) -> bool:
    return is_list(fields_of(_body(answer)).get("data"))


def _body(answer: Answer) -> object:
    """Return the JSON of a 200, else None."""
    return answer.json if answer.status == _OK else None
