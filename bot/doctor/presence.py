"""Whether a Videos API is at an address at all, by questions that change nothing."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, cast

_LOST: Final = "rushes-doctor"
"""An id that no job has, and a route that no server has."""
COMPARED: Final = 4096
"""Bytes of an answer that are compared."""


@dataclass(frozen=True)
class Said:
    """An answer's status and the beginning of its body."""

    status: int
    body: bytes

    @property
    def object(self) -> dict[str, object] | None:
        """The JSON object it is, if it is one."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return cast("dict[str, object]", value) if isinstance(value, dict) else None


Ask = Callable[[str], Awaitable[Said]]
"""GET a path below the base URL, at most COMPARED bytes of it."""


async def has_videos_api(ask: Ask) -> bool:
    """Whether `/videos` is a route there.

    A server without it answers for a job as for any other route: 404 or a page of its own. One that
    has it lists its jobs, takes only POST there (405), wants another key, or says of an unknown job
    something else than of an unknown route. A server that fails (5xx) counts as one that has it.
    """
    listed, job, elsewhere = await asyncio.gather(
        ask("/videos?limit=1"), ask(f"/videos/{_LOST}"), ask(f"/{_LOST}/{_LOST}")
    )
    if listed.status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNAUTHORIZED}:
        return listed.status != elsewhere.status or listed.status == HTTPStatus.UNAUTHORIZED
    if max(listed.status, job.status) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if (jobs := listed.object) is not None and isinstance(jobs.get("data"), list):
        return True
    if job.status == HTTPStatus.OK:
        return job.object is not None and not {"id", "status"}.isdisjoint(job.object)
    return _kind(job) != _kind(elsewhere)


def _kind(said: Said) -> tuple[int, bytes]:
    """Return what an answer says but for the path that it may quote."""
    body = said.body.replace(f"/{_LOST}/{_LOST}".encode(), b"").replace(
        f"/videos/{_LOST}".encode(), b""
    )
    return said.status, body
