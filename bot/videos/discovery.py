"""Finding out which dialect a server speaks, by questions that cost nothing."""

import json
import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, cast

from bot.videos.dialects import OPENAI, Dialect, by_header, by_host, by_owner
from bot.videos.errors import VideosError
from bot.videos.protocol import Answer

_log = logging.getLogger(__name__)

_OK: Final = 200
Ask = Callable[[str], Awaitable[Answer]]
"""GET a path below the base URL. Raises VideosError where there is no answer."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The dialect, how that is known, and what the server offers."""

    dialect: Dialect
    because: str
    models: tuple[str, ...] = ()


async def find_out(host: str, ask: Ask) -> Finding | None:
    """Ask for the list of models and the list of jobs; None where the server is away."""
    named = by_host(host)
    try:
        models = await ask((named or OPENAI).models)
        jobs = await ask("/videos?limit=1")
    except VideosError as error:
        _log.info("the Videos server cannot be asked what it speaks: %s", error)
        return None
    dialect, because = (named, f"its host is {host}") if named else _judge(models, jobs)
    finding = Finding(
        dialect=replace(dialect, lists=dialect.lists and _is_list(jobs)),
        because=because,
        models=tuple(_named(models)),
    )
    _log.info(
        "the Videos server speaks %s, since %s; it %s its jobs",
        dialect.name,
        because,
        "lists" if finding.dialect.lists else "does not list",
    )
    return finding


def _judge(models: Answer, jobs: Answer) -> tuple[Dialect, str]:
    names = frozenset(name.lower() for answer in (models, jobs) for name in answer.headers)
    if (known := by_header(names)) is not None:
        return known[0], f"it sends the header {known[1]}"
    owners = frozenset(str(entry.get("owned_by", "")) for entry in _entries(models))
    if (known := by_owner(owners)) is not None:
        return known[0], f"its models are owned by {known[1]}"
    return OPENAI, "nothing tells another family"


def _is_list(answer: Answer) -> bool:
    return answer.status == _OK and isinstance(_body(answer).get("data"), list)


def _named(models: Answer) -> Iterator[str]:
    for entry in _entries(models):
        if isinstance(name := entry.get("id"), str) and name:
            yield name


def _entries(answer: Answer) -> Iterator[dict[str, Any]]:
    data = _body(answer).get("data") if answer.status == _OK else None
    for entry in cast("list[object]", data) if isinstance(data, list) else []:
        if isinstance(entry, dict):
            yield cast("dict[str, Any]", entry)


def _body(answer: Answer) -> dict[str, Any]:
    try:
        body: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}
