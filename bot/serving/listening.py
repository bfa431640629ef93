"""Accepts connections, each with its limits, as many as the process has open files for."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from bot.serving.connection import Connection
from bot.serving.limits import Limits
from bot.serving.log_throttle import LogThrottle, OutOfFilesFilter

_ACCEPTED_AT_ONCE: Final = 32
"""Connections accepted in one turn of the event loop, besides those that are open already."""

Connect = Callable[[web.Server, Limits, LogThrottle], Connection]


@asynccontextmanager
async def listening(
    runner: web.AppRunner, listener: socket.socket, limits: Limits, connect: Connect = Connection
) -> AsyncGenerator[None]:
    """Accept connections until the block ends; `runner` closes those that are still open."""
    throttle = LogThrottle()

    def connected() -> Connection:
        if runner.server is None:
            raise RuntimeError("the runner is not set up")
        return connect(runner.server, limits, throttle)

    loop = asyncio.get_running_loop()
    quiet = OutOfFilesFilter()
    logging.getLogger("asyncio").addFilter(quiet)
    accepting = await loop.create_server(connected, sock=listener, backlog=_ACCEPTED_AT_ONCE)
    # That many are accepted in one turn of the loop; the kernel may keep more in line.
    listener.listen(limits.connections)
    try:
        yield
    finally:
        accepting.close()
        logging.getLogger("asyncio").removeFilter(quiet)
