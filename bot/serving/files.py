"""Sends a stored file over HTTP, whole or in part, and stops for clients that do not read it.

aiohttp's FileResponse ignores an `If-Range` with an ETag, refuses ranges that it should ignore,
follows symbolic links and waits for ever for a client that does not read. `sendfile` is not used
either: asyncio's cannot be stopped half-way without errors in the log.

Source: RFC 9110, 13 (conditional requests) and 14 (range requests).
"""

import asyncio
import errno
import math
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Final

from aiohttp import hdrs, web
from aiohttp.helpers import ETAG_ANY

from bot.serving.connection import connection_of

_RANGE: Final = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)
"""One range. Several ranges, other units and malformed ones are ignored, as the RFC says."""
_PIECE: Final = 64 * 1024
"""Bytes read and written at once: the memory that a client holds which does not read."""


class FileRefusedError(Exception):
    """A file is not sent: an HTTP status, a sentence, a code for programs, and headers."""

    def __init__(
        self, message: str, *, status: int, code: str, headers: dict[str, str] | None = None
    ) -> None:
        """Keep what the client is answered."""
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.headers = headers


async def send_file(
    request: web.Request, path: Path, *, headers: Mapping[str, str]
) -> web.StreamResponse:
    """Answer a GET or HEAD with a file of ours, or one part of it.

    Raises FileRefusedError (404, 412, 416 or 500), and ConnectionResetError where the client went
    or was cut off.
    """
    opening = asyncio.ensure_future(asyncio.to_thread(_open, path))
    try:
        file = await asyncio.shield(opening)
    except OSError as error:
        raise _unopened(error) from None
    except asyncio.CancelledError:
        opening.add_done_callback(_close)
        raise
    with file:
        return await _answer(request, file, headers)


def _close(opening: asyncio.Future[BinaryIO]) -> None:
    """Close a file that was opened after its request was cancelled."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


def _unopened(error: OSError) -> FileRefusedError:
    if isinstance(error, FileNotFoundError) or error.errno == errno.ELOOP:
        return FileRefusedError("The video's file is missing.", status=404, code="video_missing")
    text = "The video's file cannot be read at the moment."
    return FileRefusedError(text, status=500, code="storage_error")


def _open(path: Path) -> BinaryIO:
    """Open a plain file; a symbolic link is not followed. Blocking. Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(path)
    return os.fdopen(descriptor, "rb")


async def _answer(
    request: web.Request, file: BinaryIO, headers: Mapping[str, str]
) -> web.StreamResponse:
    facts = os.fstat(file.fileno())
    etag = f"{facts.st_mtime_ns:x}-{facts.st_size:x}"
    changed = math.ceil(facts.st_mtime)
    _require_same(request, etag, changed)
    is_known = _is_known(request, etag, changed)
    part = _part(request, facts.st_size) if _range_holds(request, etag, changed) else None
    response = web.StreamResponse(
        status=304 if is_known else 200 if part is None else 206, headers=headers
    )
    response.etag = etag
    response.last_modified = changed
    response.headers[hdrs.ACCEPT_RANGES] = "bytes"
    if is_known:
        return response
    if part is not None:
        content_range = f"bytes {part.start}-{part.stop - 1}/{facts.st_size}"
        response.headers[hdrs.CONTENT_RANGE] = content_range
    await _send(request, response, file, range(facts.st_size) if part is None else part)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, file: BinaryIO, part: range
) -> None:
    response.content_length = len(part)
    writer = await response.prepare(request)
    if request.method == hdrs.METH_HEAD or writer is None:
        return
    client = connection_of(request)
    try:
        async with client.sending_file():
            for start in range(part.start, part.stop, _PIECE):
                piece = await asyncio.to_thread(_read, file, start, min(_PIECE, part.stop - start))
                client.handed(len(piece))
                await writer.write(piece)
                await writer.drain()
    except (TimeoutError, OSError):
        # The client reads too slowly, went or must make room, or the file was cut. Only closing the
        # connection shows the client that the file is incomplete.
        client.cut()
        raise ConnectionResetError("the client was not sent the whole file") from None


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    """Read a piece of a file. Blocking. Raises OSError, also where the file has become shorter."""
    file.seek(start)
    piece = file.read(size)
    if len(piece) < size:
        raise OSError("the file became shorter while it was sent")
    return piece


def _require_same(request: web.Request, etag: str, changed: int) -> None:
    """Raise 412 where the request names another version of the file (13.2.2)."""
    if request.if_match is not None:
        same = any(tag.value in (etag, ETAG_ANY) and not tag.is_weak for tag in request.if_match)
    else:
        since = request.if_unmodified_since
        same = since is None or changed <= since.timestamp()
    if not same:
        raise FileRefusedError(
            "The file is not the one that the request's condition names.",
            status=412,
            code="precondition_failed",
        )


def _is_known(request: web.Request, etag: str, changed: int) -> bool:
    """Whether the client has this file already (13.1.2, 13.1.3)."""
    if request.if_none_match is not None:
        return any(tag.value in (etag, ETAG_ANY) for tag in request.if_none_match)
    since = request.if_modified_since
    return since is not None and changed <= since.timestamp()


def _range_holds(request: web.Request, etag: str, changed: int) -> bool:
    """Whether to obey Range: not with another version's If-Range, nor with a condition for 304."""
    if hdrs.IF_NONE_MATCH in request.headers or hdrs.IF_MODIFIED_SINCE in request.headers:
        return False
    if (condition := request.headers.get(hdrs.IF_RANGE)) is None:
        return True
    if request.if_range is not None:
        return changed == request.if_range.timestamp()
    return condition.strip() == f'"{etag}"'


def _part(request: web.Request, size: int) -> range | None:
    """Parse Range; None where the whole file is sent."""
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
        raise FileRefusedError(
            f"The file has {size} bytes; the range begins after them.",
            status=416,
            code="range_not_satisfiable",
            headers={hdrs.CONTENT_RANGE: f"bytes */{size}"},
        )
    return part
