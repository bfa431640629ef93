"""One client's connection: what aiohttp's own lacks for living among strangers.

Headers have to arrive within the idle time, which runs from the connection's first moment and from
the end of each answer, not from the last byte. Of too many connections the longest idle one gives
way; where none is idle, the newest is closed.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bot.server.answers import ApiError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long and how many a server puts up with; seconds."""

    idle: float = 75.0
    """Until all headers of a request must be there; longer than clients keep a connection."""
    body: float = 120.0
    """For a whole request body: 32 MiB at 2.3 Mbit/s."""
    lingering: float = 5.0
    """For which an unread body is swallowed, so that its sender can read the refusal."""
    connections: int = 128
    """Open at once: half the files that a process may have open on macOS, the least of all."""


LIMITS: Final = Limits()


class Connection(web.RequestHandler):
    """A connection that keeps to limits and answers even bytes that are no HTTP in our shape."""

    __slots__ = ("_most",)

    def __init__(self, server: web.Server, limits: Limits) -> None:
        """Serve one client of `server`."""
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=limits.idle,
            lingering_time=limits.lingering,
            access_log=None,  # pyright: ignore[reportArgumentType] - None means none
        )
        self._most = limits.connections

    @property
    def is_idle(self) -> bool:
        """Whether no request is being read, handled or answered."""
        return self._waiter is not None and not self._waiter.done()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, and close another or itself if that makes one too many."""
        server = self._manager
        super().connection_made(transport)
        # In the order in which they were opened.
        others = server.connections[:-1] if server else []
        if len(others) >= self._most:
            idle = (one for one in others if isinstance(one, Connection) and one.is_idle)
            next(idle, self).force_close()

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
