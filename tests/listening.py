"""HTTP servers on free ports of this machine, for whatever a test lets them answer."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 1024


class Listener:
    """A running server; `origin` is its address without a path."""

    def __init__(self, runner: web.AppRunner) -> None:
        self._runner = runner
        self.place = f"{_HOST}:{runner.addresses[0][1]}"
        self.origin = f"http://{self.place}"

    @asynccontextmanager
    async def away(self, *, abort: bool = True) -> AsyncGenerator[None]:
        """Refuse new connections for a while, and abort those that are open."""
        port = self._runner.addresses[0][1]
        for site in tuple(self._runner.sites):
            await site.stop()
        open_ones = self._runner.server.connections if abort and self._runner.server else ()
        for connection in open_ones:
            if connection.transport is not None:
                connection.transport.abort()
        try:
            yield
        finally:
            await web.TCPSite(self._runner, _HOST, port, backlog=_BACKLOG).start()


@asynccontextmanager
async def listening(app: web.Application, *, shutdown: float = 0.1) -> AsyncGenerator[Listener]:
    """Serve an application; its open requests are cut `shutdown` seconds after the end."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=shutdown)
    await runner.setup()
    try:
        await web.TCPSite(runner, _HOST, 0, backlog=_BACKLOG).start()
        yield Listener(runner)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def answering(handle: Handler) -> AsyncGenerator[str]:
    """Answer every request by one function; gives the origin."""
    async with listening(application(handle)) as listener:
        yield listener.origin


def application(handle: Handler) -> web.Application:
    """Return an application that answers every request by one function."""
    app = web.Application(client_max_size=64 * 1024**2)
    app.router.add_route("*", "/{path:.*}", handle)
    return app
