"""A stored file over HTTP: whether it is sent, which part of it, and for how long.

aiohttp sends files well, but takes an `If-Range` with an ETag for none, refuses ranges that it
should ignore, says no without a word, and waits for ever for a client that does not read.

Source: RFC 9110, 13 (conditional requests) and 14 (range requests).
"""

import asyncio
import math
import re
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import ETAG_ANY

from bot.server.answers import ApiError
from bot.server.connection import Limits, waiting

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
"""One range; several, other units and what is no range are ignored, as the RFC has it."""


class FileContent(web.FileResponse):
    """A file, or one part of it, for a client that reads at a decent rate."""

    def __init__(
        self, path: Path, part: range, *, headers: dict[str, str], partial: bool, seconds: float
    ) -> None:
        """Send the bytes of `part` within `seconds`; as 206 if `partial`."""
        super().__init__(path, headers=headers)
        self._range = f"bytes={part.start}-{part.stop - 1}" if partial else None
        self._seconds = seconds

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send it; a client that reads too slowly is cut off."""
        headers = request.headers.copy()
        for name in (hdrs.RANGE, hdrs.IF_RANGE):
            headers.popall(name, None)
        if self._range:
            headers[hdrs.RANGE] = self._range
        try:
            async with waiting(request, self._seconds):
                return await super().prepare(request.clone(headers=headers))
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the client reads too slowly") from None


async def send_file(
    request: web.Request, path: Path, *, kind: str, limits: Limits
) -> web.StreamResponse:
    """Answer a GET or HEAD for a file. Raises ApiError: 404, 412 or 416."""
    try:
        stat = await asyncio.to_thread(path.stat)
    except OSError:
        raise ApiError("The video's file is missing.", status=404, code="video_missing") from None
    # As FileResponse writes it.
    etag = f"{stat.st_mtime_ns:x}-{stat.st_size:x}"
    changed = math.ceil(stat.st_mtime)
    _require_same(request, etag, changed)
    part = _part(request, stat.st_size) if _range_holds(request, etag, changed) else None
    whole = range(stat.st_size)
    return FileContent(
        path,
        part or whole,
        partial=part is not None,
        headers={
            hdrs.CONTENT_TYPE: kind,
            hdrs.CONTENT_DISPOSITION: f'inline; filename="{request.match_info["id"]}{path.suffix}"',
        },
        seconds=limits.idle + len(part or whole) / limits.download_rate,
    )


def _require_same(request: web.Request, etag: str, changed: int) -> None:
    """Refuse what was asked for on the condition that the file is another (13.2.2)."""
    if request.if_match is not None:
        same = any(tag.value in (etag, ETAG_ANY) and not tag.is_weak for tag in request.if_match)
    else:
        since = request.if_unmodified_since
        same = since is None or changed <= since.timestamp()
    if not same:
        raise ApiError(
            "The file is not the one that the request's condition names.",
            status=412,
            code="precondition_failed",
        )


def _range_holds(request: web.Request, etag: str, changed: int) -> bool:
    """Whether Range counts: not after another file's If-Range, nor beside a condition for 304."""
    if hdrs.IF_NONE_MATCH in request.headers or hdrs.IF_MODIFIED_SINCE in request.headers:
        return False
    if (condition := request.headers.get(hdrs.IF_RANGE)) is None:
        return True
    if request.if_range is not None:
        return changed == request.if_range.timestamp()
    return condition.strip() == f'"{etag}"'


def _part(request: web.Request, size: int) -> range | None:
    """Read Range; None where the whole file answers it."""
    match = _RANGE.fullmatch(request.headers.get(hdrs.RANGE, "").strip())
    first, last = match.groups() if match else ("", "")
    if first:
        if last and int(last) < int(first):
            return None
        part = range(int(first), min(int(last) + 1, size) if last else size)
    elif last:
        part = range(max(0, size - int(last)), size)
    else:
        return None
    if not part:
        raise ApiError(
            f"The file has {size} bytes; the range begins after them.",
            status=416,
            code="range_not_satisfiable",
            headers={hdrs.CONTENT_RANGE: f"bytes */{size}"},
        )
    return part
