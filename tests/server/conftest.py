"""A server in this process, with a renderer that obeys its prompt."""

import sys
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from bot.server.app import ServerConfig, running
from tests.processes import VideosServer
from tests.server.support import Videos


@dataclass(frozen=True)
class StandIn:
    """The stand-in renderer's command, and where it tells what it started."""

    command: tuple[str, ...]
    log: Path

    def started(self) -> list[str]:
        """Prompts in the order their renderings began."""
        return [line.partition(" ")[2] for line in self._lines()]

    def pids(self) -> list[int]:
        """Process ids in the same order."""
        return [int(line.partition(" ")[0]) for line in self._lines()]

    def _lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    log = tmp_path / "started"
    program = Path(__file__).with_name("stand_in.py")
    return StandIn((sys.executable, "-I", "-S", str(program), str(log)), log)


@pytest.fixture
def config(tmp_path: Path) -> ServerConfig:
    return ServerConfig(folder=tmp_path / "videos")


@pytest.fixture
async def videos(config: ServerConfig, stand_in: StandIn) -> AsyncGenerator[Videos]:
    async with (
        running(config, command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        yield Videos(session)


@pytest.fixture
def server(rendering_server: VideosServer) -> VideosServer:
    """The server under test renders every film itself."""
    return rendering_server
