"""One client's connection: what aiohttp's own lacks for living among strangers.

Headers have to arrive within the idle time, which runs from the connection's first moment and from
the end of each answer, not from the last byte. A body has a time of its own, and so has a client
that does not read its answer.

Of too many connections the one that has been idle the longest gives way, then the oldest that the
server waits for; where the server itself is at work for all of them, the newest is closed. Of too
many bytes in unfinished requests the largest gives way.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from typing import Final

from aiohttp import web

from bot.server.answers import ApiError, from_http

logger = logging.getLogger(__name__)

_LEAST_CONNECTIONS: Final = 128
"""Half the files that a process may have open on macOS, the least of all."""

_MOST_CONNECTIONS: Final = 1024

_HEAD_LIMIT: Final = 64 * 1024
"""Bytes of a request line and headers; aiohttp alone would keep a megabyte."""


def _connections() -> int:
    """Half the files this process may have open: each client may need one more, its film."""
    with suppress(ImportError):  # Windows has no such limit
        from resource import RLIMIT_NOFILE, getrlimit  # noqa: PLC0415

        files, _ = getrlimit(RLIMIT_NOFILE)
        return max(_LEAST_CONNECTIONS, min(files // 2, _MOST_CONNECTIONS))
    return _LEAST_CONNECTIONS


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how much a server puts up with; seconds and bytes."""

    idle: float = 75.0
    """Until all headers of a request must be there; longer than clients keep a connection."""
    body: float = 120.0
    """For a whole request body: 32 MiB at 2.3 Mbit/s."""
    lingering: float = 5.0
    """For which an unread body is swallowed, so that its sender can read the refusal."""
    unread: float = 30.0
    """For which nothing of an answer is read before its connection is cut."""
    download_rate: int = 16 * 1024
    """Bytes a second that a download takes at the least, over the whole of it."""
    connections: int = _connections()
    """Open at once."""
    held: int = 256 * 2**20
    """Bytes of requests that have not been answered, of all clients together."""


LIMITS: Final = Limits()


class Connection(web.RequestHandler):
    """A connection that keeps to limits and answers even bytes that are no HTTP in our shape."""

    __slots__ = ("_head", "_held", "_limits", "_patience", "_unread", "_unread_timer")

    def __init__(self, server: web.Server, limits: Limits) -> None:
        """Serve one client of `server`."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle,
            lingering_time=limits.lingering,
            access_log=None,  # pyright: ignore[reportArgumentType] - None means none
        )
        self._limits = limits
        self._head = 0
        self._held = 0
        self._patience: asyncio.Timeout | None = None
        self._unread = 0
        self._unread_timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no request is being read, handled or answered."""
        return self._waiter is not None and not self._waiter.done()

    @asynccontextmanager
    async def waiting(self, seconds: float) -> AsyncGenerator[None]:
        """Wait for the client so long, or until somebody else needs its place.

        Raises TimeoutError when that time is over.
        """
        self._held = 0
        try:
            async with asyncio.timeout(seconds) as self._patience:
                yield
        finally:
            self._patience = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, and let another or itself go if that makes one too many."""
        super().connection_made(transport)
        if self._manager and len(self._manager.connections) > self._limits.connections:
            # In the order in which they were opened.
            others = [one for one in self._all() if one is not self]
            idle = (one for one in others if one.is_idle)
            waited_for = (one for one in others if one.is_waited_for)
            next(chain(idle, waited_for), self).give_way()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget the connection."""
        self._end_unread()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in; of too many, the largest unfinished request is let go."""
        if self._patience is not None:
            self._held += len(data)
            if self._held > self._limits.held // self._limits.connections:
                self._make_room()
        super().data_received(data)
        if self.is_idle:
            self._head += len(data)
            if self._head > _HEAD_LIMIT:
                self.force_close()

    def pause_writing(self) -> None:
        """Begin to watch a client that does not read."""
        super().pause_writing()
        self._watch_unread()

    def resume_writing(self) -> None:
        """Stop watching: it has read."""
        self._end_unread()
        super().resume_writing()

    async def finish_response(
        self, request: web.BaseRequest, resp: web.StreamResponse, start_time: float | None
    ) -> tuple[web.StreamResponse, bool]:
        """Send an answer; what aiohttp raises before any handler comes here in its own shape."""
        self._head = 0
        if isinstance(resp, web.HTTPException):
            resp = from_http(request, resp).response()
        return await super().finish_response(request, resp, start_time)

    def log_exception(self, *args: object, **kw: object) -> None:
        """Log what went wrong here; a body that its sender broke off or garbled is no news."""
        if not isinstance(kw.get("exc_info"), web.RequestPayloadError):
            super().log_exception(*args, **kw)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer bytes that are no HTTP request; what handlers raise never comes here."""
        if request.writer.output_size > 0 or status >= 500:  # noqa: PLR2004
            return super().handle_error(request, status, exc, message)
        logger.info("refused %s", message, extra={"action": "malformed_request"})
        answer = ApiError(
            "The request is not valid HTTP.", status=status, code="malformed_request"
        ).response()
        answer.force_close()
        return answer

    @property
    def is_waited_for(self) -> bool:
        """Whether the server waits for this client to send or to read."""
        return self._patience is not None or self._unread_timer is not None

    @property
    def held(self) -> int:
        """Bytes of the body that is being read or handled."""
        return 0 if self.is_idle else self._held

    def give_way(self) -> None:
        """End what the server waits for here, else close the connection."""
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())
            self._patience = None
            self._held = 0
        elif self._unread_timer is not None:
            self.cut()
        else:
            self.force_close()

    def cut(self) -> None:
        """End the connection at once; closing it would wait until all is read."""
        if self.transport is not None:
            self.transport.abort()

    def _all(self) -> Iterator["Connection"]:
        opened = self._manager.connections if self._manager else []
        return (one for one in opened if isinstance(one, Connection))

    def _make_room(self) -> None:
        unfinished = [one for one in self._all() if one.is_waited_for]
        if unfinished and sum(one.held for one in self._all()) > self._limits.held:
            largest = max(unfinished, key=lambda one: one.held)
            logger.warning("too many bytes in unfinished requests", extra={"action": "gave_way"})
            largest.give_way()

    def _watch_unread(self) -> None:
        if self.transport is not None:
            self._unread = self.transport.get_write_buffer_size()
            self._unread_timer = asyncio.get_running_loop().call_later(
                self._limits.unread, self._check_unread
            )

    def _check_unread(self) -> None:
        self._unread_timer = None
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size() < self._unread:
            self._watch_unread()
        else:
            self.cut()

    def _end_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None


def waiting(request: web.BaseRequest, seconds: float) -> AbstractAsyncContextManager[None]:
    """Wait for the client of a request; see `Connection.waiting`."""
    client = request.protocol
    if not isinstance(client, Connection):
        raise TypeError("this server's connections are its own")
    return client.waiting(seconds)
