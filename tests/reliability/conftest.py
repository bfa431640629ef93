"""What the tests here stand on: a loopback Discord, a Videos server with faults, the real bot."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.loopback.driver import Loopback, loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.embedded import held_videos
from tests.videos_server.server import ScriptedServer


@pytest.fixture
async def discord() -> AsyncGenerator[Loopback]:
    async with loopback() as running:
        yield running


@pytest.fixture
async def videos(tmp_path: Path, template: Path) -> AsyncGenerator[ScriptedServer]:
    async with held_videos(tmp_path / "videos", template) as running:
        yield running


@pytest.fixture
def environment() -> dict[str, str]:
    """The bot's settings over the usual ones; a test file gives its own."""
    return {}


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path, environment: dict[str, str]
) -> AsyncGenerator[FilmClub]:
    """The bot is running, in a server with one channel."""
    async with FilmClub(discord, videos, tmp_path / "bot", **environment) as opened:
        yield opened
