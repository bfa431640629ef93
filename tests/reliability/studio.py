"""A Videos server with faults whose films are finished when the test says so."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.server.app import ServerConfig, running
from tests.faulty import FaultyServer


class HeldVideos(FaultyServer):
    """`finish()` lets every film be finished, those to come too."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession, gate: Path) -> None:
        super().__init__(upstream, session)
        self._gate = gate

    def finish(self) -> None:
        self._gate.touch()

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Let the real server have a request, for a fault that does so first."""
        return await self._pass_on(request)


@asynccontextmanager
async def held_videos(folder: Path, template: Path) -> AsyncGenerator[HeldVideos]:
    gate = folder.with_name("films-may-be-finished")
    program = Path(__file__).with_name("darkroom.py")
    command = (sys.executable, "-I", "-S", str(program), str(template), str(gate))
    async with (
        running(ServerConfig(folder=folder), command=command) as upstream,
        aiohttp.ClientSession() as session,
    ):
        server = HeldVideos(upstream, session, gate)
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        try:
            yield server
        finally:
            await runner.cleanup()


def render_template(folder: Path) -> Path:
    """Have the preview renderer make one small film."""
    film = folder / "film.mp4"
    order = {
        "prompt": "a cat", "width": 320, "height": 240, "seconds": 1, "image": None,
        "film": str(film), "thumbnail": str(folder / "film.jpg"),
    }  # fmt: skip
    command = [sys.executable, "-m", "bot.server.renderer"]
    subprocess.run(
        command, input=json.dumps(order), text=True, check=True, stdout=subprocess.PIPE, timeout=60
    )
    return film
