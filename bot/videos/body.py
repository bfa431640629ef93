"""The bytes of one answer, piece by piece, decompressed where they really are compressed."""

import asyncio
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import aiohttp

from bot.videos.errors import Unavailable

CHUNK: Final = 256 * 1024
"""Bytes of a piece, at the most; no more than a few pieces of a film are in memory."""
_HEAD: Final = 1024
"""Bytes that are tried: bytes that are not compressed fail to decompress well within them."""
_MEMBERS: Final = 1024
"""Parts that one gzip stream may consist of; real ones have one."""
_FORMATS: Final = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}
"""zlib's window sizes for what RFC 9110, 8.4.1 names; a "deflate" may lack its header."""
_NO_MORE: Final = b""


@dataclass(frozen=True, kw_only=True)
class MinimumRate:
    """How fast an answer has to come, so that none holds a connection and a slot for hours."""

    rate: float = 4096.0
    """Bytes a second, on average over each window: a film of 3 MB in twelve minutes."""
    window: float = 60.0
    """Seconds over which that is measured."""


class Body:
    """Reads an answer piece by piece, decompressed.

    Bytes that are not compressed are passed on as they are, whatever their `Content-Encoding` says
    (aiohttp#6705). A piece has CHUNK bytes at most, also where it was compressed. The request has
    to be sent with `auto_decompress=False`.
    """

    def __init__(
        self,
        response: aiohttp.ClientResponse,
        minimum: MinimumRate,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._response = response
        self._minimum = minimum
        self._clock = clock
        self._window_began = clock()
        self._came = 0
        self._first: bytes | None = None
        self._inflater: _Inflater | None = None

    async def head(self) -> bytes:
        """Return the first piece, which `read` returns again; empty where the answer is."""
        if self._first is None:
            self._first = await self._begin()
        return self._first

    async def read(self) -> bytes:
        """Return the next piece, empty at the end. Raises Unavailable below the minimum rate."""
        first = await self.head()
        if first:
            self._first = _NO_MORE
            return first
        return await self._next()

    async def _begin(self) -> bytes:
        encoding = self._response.headers.get("Content-Encoding", "").strip().lower()
        if (formats := _FORMATS.get(encoding)) is None:
            return await self._raw()
        head = bytearray()
        while len(head) < _HEAD and (piece := await self._raw()):
            head += piece
        self._inflater = next((_Inflater(each) for each in formats if _is(head, each)), None)
        if self._inflater is None:
            return bytes(head)
        self._inflater.feed(bytes(head))
        return await self._next()

    async def _next(self) -> bytes:
        if self._inflater is None:
            return await self._raw()
        while True:
            try:
                piece = await asyncio.to_thread(self._inflater.more)
            except zlib.error as error:
                raise Unavailable(f"a compressed answer is broken: {error}") from error
            if piece:
                return piece
            if not (chunk := await self._raw()):
                return _NO_MORE
            self._inflater.feed(chunk)

    async def _raw(self) -> bytes:
        piece = await self._response.content.read(CHUNK)
        self._came += len(piece)
        passed = self._clock() - self._window_began
        if passed >= self._minimum.window:
            if piece and self._came < self._minimum.rate * passed:
                self._response.close()
                raise Unavailable(f"it came at {self._came / passed:.0f} bytes a second")
            self._window_began, self._came = self._clock(), 0
        return piece


def looks_like_json(head: bytes) -> bool:
    """Whether an answer begins like a JSON object or list, as no film does."""
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in {b"{", b"["}


def _is(head: bytes | bytearray, format_: int) -> bool:
    """Whether the first bytes of an answer are compressed in this format."""
    try:
        zlib.decompressobj(format_).decompress(head, CHUNK)
    except zlib.error:
        return False
    return bool(head)


class _Inflater:
    """Decompresses a bounded piece at a time. Blocking."""

    def __init__(self, format_: int) -> None:
        self._format = format_
        self._zlib = zlib.decompressobj(format_)
        self._held = b""
        self._members = 1

    def feed(self, data: bytes) -> None:
        """Add compressed bytes; call it when `more` returns an empty piece."""
        self._held += data

    def more(self) -> bytes:
        """Return the next piece, empty where `feed` has to be called first. Raises zlib.error."""
        while self._held:
            if self._zlib.eof:
                self._next_member()
            piece = self._zlib.decompress(self._held, CHUNK)
            self._held = self._zlib.unused_data if self._zlib.eof else self._zlib.unconsumed_tail
            if piece:
                return piece
        return _NO_MORE

    def _next_member(self) -> None:
        self._members += 1
        if self._members > _MEMBERS:
            raise zlib.error("it has too many parts")
        self._zlib = zlib.decompressobj(self._format)
