"""One client's connection, with the limits that aiohttp's own connection lacks.

Headers, a body, and reading an answer each have a time limit; between two requests a connection is
kept for a while.

When too many connections are open, one is closed: first the oldest without a request, then one that
the server waits for, and of these one that sends or reads nothing before one that does. Where the
server is at work for all of them, the newest is closed. When unfinished requests hold too many
bytes, the largest is ended.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Final

from aiohttp import web

from bot.serving.limits import Limits
from bot.serving.log_throttle import LogThrottle
from bot.serving.reading import Taken, grew, taken

_log = logging.getLogger(__name__)

_HEAD_LIMIT: Final = 64 * 1024
"""Bytes of a request line and headers; aiohttp alone would buffer a megabyte."""
_STANDS_STILL: Final = 5.0
"""Seconds without a byte read before a download counts as one that nobody reads."""
_SURELY_READ: Final = 256 * 1024
"""Bytes acknowledged that prove that a program reads; a kernel buffers less by itself."""
_SERVER_ERROR: Final = 500
_AT_ONCE: Final = struct.pack("ii", 1, 0)


class Connection(web.RequestHandler):
    """A connection that enforces `Limits`."""

    def __init__(self, server: web.Server, limits: Limits, throttle: LogThrottle) -> None:
        """Serve one client of `server`; what may happen often is logged through `throttle`."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle,
            lingering_time=limits.lingering,
            access_log=None,  # pyright: ignore[reportArgumentType] - None means none
        )
        self._limits = limits
        self._throttle = throttle
        self._counted: object = None
        self._head = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._held = 0
        self._patience: asyncio.Timeout | None = None
        self._sends_file = False
        self._handed = 0
        self._began: Taken = (0, 0)
        self._moved: Taken = (0, 0)
        self._moved_at = 0.0
        self._unread: Taken = (0, 0)
        self._unread_timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is being handled or answered; headers may be arriving."""
        return self._waiter is not None and not self._waiter.done()

    @property
    def is_waited_for(self) -> bool:
        """Whether the server waits for this client to send or to read."""
        return self._patience is not None or self._unread_timer is not None

    @property
    def stands_still(self) -> bool:
        """Whether the server waits for this client, and no download of it advances."""
        if not self._sends_file:
            return self.is_waited_for
        now, moved = asyncio.get_running_loop().time(), self._taken()
        if moved != self._moved:
            self._moved, self._moved_at = moved, now
        return now - self._moved_at >= _STANDS_STILL

    @property
    def has_read(self) -> Taken:
        """How much the client has read of the file that is being sent, to be compared with others.

        Acknowledged bytes count first: our kernel accepts as much for a client that reads nothing.
        """
        acknowledged, written = self._moved
        return acknowledged - self._began[0], written - self._began[1]

    @property
    def held(self) -> int:
        """Bytes of the body that is being read or handled."""
        return 0 if self.is_idle else self._held

    # ------------------------------------------------------------ waiting for the client

    @asynccontextmanager
    async def waiting(self, seconds: float | None) -> AsyncGenerator[None]:
        """Wait for the client for so many seconds at most, or until its place is needed.

        Raises TimeoutError when either is over.
        """
        self._held = 0
        try:
            async with asyncio.timeout(seconds) as self._patience:
                yield
        finally:
            self._patience = None

    @asynccontextmanager
    async def sending_file(self) -> AsyncGenerator[None]:
        """Wait for the client to read a file, as long as it reads at the least rate.

        Raises TimeoutError when it does not.
        """
        self._sends_file, self._handed = True, 0
        self._began = self._moved = self._taken()
        self._moved_at = asyncio.get_running_loop().time()
        try:
            async with self.waiting(None):
                self._watch_unread()
                yield
        finally:
            self._sends_file = False
            self._end_unread()

    def handed(self, size: int) -> None:
        """Count bytes of a file that were written."""
        self._handed += size

    def give_way(self) -> None:
        """End the request that the server waits for, else close the connection."""
        if self._patience is not None:
            # It no longer counts as waited for, so that the next newcomer gets another place.
            self._end_unread()
            self._patience.reschedule(asyncio.get_running_loop().time())
            self._patience = None
            self._held = 0
        elif self._unread_timer is not None:
            self.cut()
        else:
            self.force_close()

    def cut(self) -> None:
        """Abort the connection; closing it would wait, in the kernel too, until all is read.

        Source: socket(7), SO_LINGER with no time, which drops what was not sent yet.
        """
        self._end_unread()
        if self.transport is not None:
            connection = self.transport.get_extra_info("socket")
            if connection is not None:
                with suppress(OSError):
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            self.transport.abort()

    # ------------------------------------------------------------ what asyncio and aiohttp call

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept the connection; close another one, or this one, if there are too many."""
        super().connection_made(transport)
        if self.transport is not None:
            # An answer ends only when the kernel has accepted all of it: no unread bytes are left
            # in a connection that counts as idle.
            self.transport.set_write_buffer_limits(0)
        name = self.peername
        self._counted = None if name is None else self._limits.counted(name[0])
        self._time_head()
        opened = self._all()
        if len(opened) > self._limits.connections:
            self._make_place([one for one in opened if one is not self])
        elif self._counted is not None:
            same = [one for one in opened if one.comes_from(self._counted)]
            if len(same) > (self._limits.per_address or 0):
                self._make_place([one for one in same if one is not self])

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._end_unread()
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive bytes; if there are too many, end the largest unfinished request."""
        if self._patience is not None:
            self._held += len(data)
            if self._held > self._limits.held // self._limits.connections:
                self._make_room()
        super().data_received(data)
        if not self.is_idle:
            self._end_head()
            return
        self._time_head()
        self._head += len(data)
        if self._head > _HEAD_LIMIT:
            self.force_close()

    def pause_writing(self) -> None:
        """Begin to watch a client that does not read."""
        super().pause_writing()
        if not self._sends_file:
            self._watch_unread()

    def resume_writing(self) -> None:
        """Stop watching: it has read."""
        if not self._sends_file:
            self._end_unread()
        super().resume_writing()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer, reshaping the errors that aiohttp raises before any handler runs."""
        self._head = 0
        if isinstance(resp, web.HTTPException):
            resp = self.shaped(request, resp)
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: object, **kw: object) -> None:
        """Log an error of ours; a body that its sender broke off or garbled is not logged."""
        if isinstance(kw.get("exc_info"), web.RequestPayloadError):
            return
        if self._throttle.admit("request_failed") is not None:
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer bytes that are no HTTP request, or an unexpected error of a handler.

        Raises the ConnectionError of a client that went in the middle of its answer.
        """
        if isinstance(exc, ConnectionError):
            raise exc
        if request.writer.output_size > 0 or status >= _SERVER_ERROR:
            return super().handle_error(request, status, exc, message)
        self._throttle.log(_log, logging.INFO, f"refused {message}", action="malformed_request")
        answer = self.malformed(status)
        answer.force_close()
        return answer

    # ------------------------------------------------------------ for a server to override

    def shaped(self, request: web.BaseRequest, error: web.HTTPException) -> web.StreamResponse:
        """Return the answer to what aiohttp refuses by itself."""
        del request
        return error

    def malformed(self, status: int) -> web.StreamResponse:
        """Return the answer to bytes that are no HTTP request."""
        return web.Response(text="The request is not valid HTTP.\n", status=status)

    # ------------------------------------------------------------ limits

    def comes_from(self, counted: object) -> bool:
        """Whether it comes from this network, as `Limits.counted` returned it."""
        return self._counted == counted

    def _all(self) -> Sequence["Connection"]:
        """Return every connection of this server, oldest first."""
        opened = self._manager.connections if self._manager else []
        return [one for one in opened if isinstance(one, Connection)]

    def _make_place(self, others: Sequence["Connection"]) -> None:
        text = "too many connections; one that is not in use gave way"
        self._throttle.log(_log, logging.WARNING, text, action="connection_gave_way")
        next(_dispensable(others), self).give_way()

    def _make_room(self) -> None:
        unfinished = [one for one in self._all() if one.is_waited_for]
        if unfinished and sum(one.held for one in self._all()) > self._limits.held:
            largest = max(unfinished, key=lambda one: one.held)
            text = "too many bytes in unfinished requests; the largest gave way"
            self._throttle.log(_log, logging.WARNING, text, action="request_gave_way")
            largest.give_way()

    def _time_head(self) -> None:
        if self._head_timer is None:
            loop = asyncio.get_running_loop()
            self._head_timer = loop.call_later(self._limits.headers, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_timer = None
        if self.is_idle:
            self.force_close()

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _taken(self) -> Taken:
        return taken(self.transport, self._handed)

    def _watch_unread(self) -> None:
        self._unread = self._taken()
        self._unread_timer = asyncio.get_running_loop().call_later(
            self._limits.unread, self._check_unread
        )

    def _check_unread(self) -> None:
        self._unread_timer = None
        if self.transport is None:
            return
        least = max(1, int(self._limits.unread * self._limits.read_rate))
        if grew(self._unread, self._taken(), least):
            self._watch_unread()
        elif self._patience is not None:
            self.give_way()
        else:
            self.cut()

    def _end_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


def _dispensable(others: Sequence[Connection]) -> Iterator[Connection]:
    """Yield connections in the order in which they may be closed.

    Of downloads that advance, the one that has read least comes first, of equals the youngest, and
    none that has surely read: whoever opens many at once takes no place from a client that reads.
    """
    yield from (one for one in others if one.is_idle)
    waited_for = [one for one in others if one.is_waited_for]
    yield from (one for one in waited_for if one.stands_still)
    youngest_first = waited_for[::-1]
    for one in sorted(youngest_first, key=lambda one: one.has_read):
        if one.has_read[0] < _SURELY_READ:
            yield one


def connection_of(request: web.BaseRequest) -> Connection:
    """Return the connection of a request."""
    client = request.protocol
    if not isinstance(client, Connection):
        raise TypeError("this server's connections are its own")
    return client


def waiting(request: web.BaseRequest, seconds: float) -> AbstractAsyncContextManager[None]:
    """Wait for the client of a request; see `Connection.waiting`."""
    return connection_of(request).waiting(seconds)
