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
from tests.faulty import FaultyServer, serving


class HeldVideos(FaultyServer):
    """`finish()` lets every film be finished, those to come too."""

    def __init__(self, upstream: str, session: aiohttp.ClientSession, gate: Path) -> None:
        super().__init__(upstream, session)
        self.runner: web.AppRunner | None = None
        self._gate = gate

    def finish(self) -> None:
        self._gate.touch()

    @asynccontextmanager
    async def away(self) -> AsyncGenerator[None]:
        """Be gone for a while: every connection is closed, and new ones are refused."""
        assert self.runner is not None
        assert self.runner.server is not None
        port = self.runner.addresses[0][1]
        for site in tuple(self.runner.sites):
            await site.stop()
        for connection in self.runner.server.connections:
            if connection.transport is not None:
                connection.transport.abort()
        try:
            yield
        finally:
            await web.TCPSite(self.runner, "127.0.0.1", port).start()


@asynccontextmanager
async def held_videos(
    folder: Path, template: Path, *, workers: int = 1
) -> AsyncGenerator[HeldVideos]:
    gate = folder.with_name("films-may-be-finished")
    program = Path(__file__).with_name("darkroom.py")
    command = (sys.executable, "-I", "-S", str(program), str(template), str(gate))
    async with (
        running(ServerConfig(folder=folder, workers=workers), command=command) as upstream,
        aiohttp.ClientSession() as session,
    ):
        server = HeldVideos(upstream, session, gate)
        async with serving(server) as server.runner:
            yield server


def render_template(folder: Path) -> Path:
    """Have the preview renderer make one small film."""
    film = folder / "film.mp4"
    order = {
        "prompt": "a cat", "width": 320, "height": 240, "seconds": 1, "image": None,
        "film": str(film), "thumbnail": str(folder / "film.jpg"),
        "spritesheet": str(folder / "sheet.jpg"),
    }  # fmt: skip
    command = [sys.executable, "-m", "bot.server.renderer"]
    subprocess.run(
        command, input=json.dumps(order), text=True, check=True, stdout=subprocess.PIPE, timeout=60
    )
    return film
