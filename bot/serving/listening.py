"""Takes connections in, each with its limits, as many at a time as the process has files for."""

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

from bot.serving.connection import Connection
from bot.serving.limits import Limits
from bot.serving.seldom import OutOfFilesFilter, Seldom

_ACCEPTED_AT_ONCE: Final = 32
"""Connections taken in one turn of the event loop, beside those that are open already."""

Connect = Callable[[web.Server, Limits, Seldom], Connection]


@asynccontextmanager
async def listening(
    runner: web.AppRunner, listener: socket.socket, limits: Limits, connect: Connect = Connection
) -> AsyncGenerator[None]:
    """Take connections in until the block ends; those that are open then are the runner's."""
    seldom = Seldom()

    def connected() -> Connection:
        if runner.server is None:
            raise RuntimeError("the runner is not set up")
        return connect(runner.server, limits, seldom)

    loop = asyncio.get_running_loop()
    quiet = OutOfFilesFilter()
    logging.getLogger("asyncio").addFilter(quiet)
    door = await loop.create_server(connected, sock=listener, backlog=_ACCEPTED_AT_ONCE)
    # That many are accepted in one turn of the loop; the kernel may keep more in line.
    listener.listen(limits.connections)
    try:
        yield
    finally:
        door.close()
        logging.getLogger("asyncio").removeFilter(quiet)
