"""Whether a Videos API is at an address at all, by requests that change nothing."""

import asyncio
from http import HTTPStatus
from typing import Final

from aiohttp import ClientTimeout

from bot.runtime.json_fields import fields_of, is_list
from bot.videos.answer import Answer
from bot.videos.client import VideosClient

UNKNOWN: Final = "rushes-doctor"
"""An id that no job has, and a route that no server has."""
COMPARED: Final = 4096
"""Bytes of an answer that are compared."""
ANSWER_WITHIN: Final = 10.0
"""Seconds a server may take to answer the doctor."""
_PATIENCE: Final = ClientTimeout(total=ANSWER_WITHIN)


async def has_videos_api(videos: VideosClient) -> bool:
    """Whether `/videos` is a route there. Raises NotSent and Unavailable.

    A server without it answers for a job as for any other route: 404 or a page of its own. One that
    has it lists its jobs, accepts only POST there (405), wants another key, or answers differently
    for an unknown job and an unknown route. A server that fails (5xx) counts as one that has it.
    """
    listed, job, elsewhere = await asyncio.gather(
        *(
            videos.get(path, patience=_PATIENCE)
            for path in ("/videos?limit=1", f"/videos/{UNKNOWN}", f"/{UNKNOWN}/{UNKNOWN}")
        )
    )
    if listed.status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.UNAUTHORIZED}:
        return listed.status != elsewhere.status or listed.status == HTTPStatus.UNAUTHORIZED
    if max(listed.status, job.status) >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if is_list(fields_of(listed.json).get("data")):
        return True
    if job.status == HTTPStatus.OK:
        return not {"id", "status"}.isdisjoint(fields_of(job.json))
    return _without_path(job) != _without_path(elsewhere)


def _without_path(answer: Answer) -> tuple[int, bytes]:
    """Return an answer without the path of the request, which it may quote."""
    body = answer.body[:COMPARED].replace(f"/{UNKNOWN}/{UNKNOWN}".encode(), b"")
    return answer.status, body.replace(f"/videos/{UNKNOWN}".encode(), b"")
