"""Whether a Videos API is at an address at all, by requests that change nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from bot.runtime.json_fields import Fields, fields_of, is_list

_UNKNOWN: Final = "rushes-doctor"
"""An id that no job has, and a route that no server has."""
COMPARED: Final = 4096
"""Bytes of an answer that are compared."""


@dataclass(frozen=True)
class Answer:
    """An answer's status and the beginning of its body."""

    status: int
    body: bytes

    @property
    def fields(self) -> Fields:
        """The JSON object in the body; empty where it is none."""
        try:
            return fields_of(json.loads(self.body))
        except (ValueError, RecursionError):
            return {}


Get = Callable[[str], Awaitable[Answer]]
"""GETs a path below the base URL, at most COMPARED bytes of it."""


async def has_videos_api(get: Get) -> bool:
    """Whether `/videos` is a route there.

    A server without it answers for a job as for any other route: 404 or a page of its own. One that
    has it lists its jobs, accepts only POST there (405), wants another key, or answers differently
    for an unknown job and an unknown route. A server that fails (5xx) counts as one that has it.
    """
    listed, job, elsewhere = await asyncio.gather(
        get("/videos?limit=1"), get(f"/videos/{_UNKNOWN}"), get(f"/{_UNKNOWN}/{_UNKNOWN}")
    )
    if listed.status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNAUTHORIZED}:
        return listed.status != elsewhere.status or listed.status == HTTPStatus.UNAUTHORIZED
    if max(listed.status, job.status) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if is_list(listed.fields.get("data")):
        return True
    if job.status == HTTPStatus.OK:
        return not {"id", "status"}.isdisjoint(job.fields)
    return _without_path(job) != _without_path(elsewhere)


def _without_path(answer: Answer) -> tuple[int, bytes]:
    """Return an answer without the path of the request, which it may quote."""
    body = answer.body.replace(f"/{_UNKNOWN}/{_UNKNOWN}".encode(), b"")
    return answer.status, body.replace(f"/videos/{_UNKNOWN}".encode(), b"")
