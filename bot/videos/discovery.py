"""Finding out which dialect a server speaks, by questions that cost nothing."""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from bot.videos.dialects import OPENAI, Dialect, by_header, by_host, by_owner
from bot.videos.errors import VideosError
from bot.videos.offered import entries_of, film_models
from bot.videos.protocol import Answer

_log = logging.getLogger(__name__)

_OK: Final = 200
_WRONG_METHOD: Final = 405
Ask = Callable[[str], Awaitable[Answer]]
"""GET a path below the base URL. Raises VideosError where there is no answer."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The dialect, how that is known, and the models that make films there."""

    dialect: Dialect
    because: str
    models: tuple[str, ...] = ()


async def find_out(host: str, ask: Ask, given: Dialect | None = None) -> Finding | None:
    """Ask for the models and the list of jobs; None where the server is away.

    A `given` dialect is believed, and only its models are asked for.
    """
    named = given or by_host(host)
    try:
        models = await ask((named or OPENAI).models)
        if given is not None:
            return Finding(
                dialect=given, because="it was set", models=film_models(_body(models), given)
            )
        jobs = await ask("/videos?limit=1")
        dialect, because = (named, f"its host is {host}") if named else _judge(models, jobs)
        if because is _NOTHING_TELLS:
            dialect = replace(dialect, remixes=await _remixes(ask))
        if dialect.models != (named or OPENAI).models:
            models = await ask(dialect.models)
    except VideosError as error:
        _log.info("the Videos server cannot be asked what it speaks: %s", error)
        return None
    finding = Finding(
        dialect=replace(dialect, lists=dialect.lists and _is_list(jobs)),
        because=because,
        models=film_models(_body(models), dialect),
    )
    _log.info(
        "the Videos server speaks %s, since %s; it %s its jobs",
        dialect.name,
        because,
        "lists" if finding.dialect.lists else "does not list",
    )
    return finding


_NOTHING_TELLS: Final = "nothing tells another family"


def _judge(models: Answer, jobs: Answer) -> tuple[Dialect, str]:
    names = frozenset(name.lower() for answer in (models, jobs) for name in answer.headers)
    if (known := by_header(names)) is not None:
        return known[0], f"it sends the header {known[1]}"
    owners = frozenset(str(entry.get("owned_by", "")) for entry in entries_of(_body(models)))
    if (known := by_owner(owners)) is not None:
        return known[0], f"its models are owned by {known[1]}"
    return OPENAI, _NOTHING_TELLS


async def _remixes(ask: Ask) -> bool:
    """Whether there is a route for remixes: a GET has the wrong method there, and is not lost."""
    return (await ask("/videos/any/remix")).status == _WRONG_METHOD


def _is_list(answer: Answer) -> bool:
    body = _body(answer)
    return isinstance(body, dict) and isinstance(cast("dict[str, Any]", body).get("data"), list)


def _body(answer: Answer) -> object:
    """Return the JSON of a good answer."""
    if answer.status != _OK:
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
