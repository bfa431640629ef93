"""What the tests here stand on: a loopback Discord, a Videos server with faults, the real bot."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.loopback.driver import Loopback, loopback
from tests.reliability.film_club import FilmClub
from tests.reliability.studio import HeldVideos, held_videos, render_template


@pytest.fixture
async def discord() -> AsyncGenerator[Loopback]:
    async with loopback() as running:
        yield running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_template(tmp_path_factory.mktemp("template"))


@pytest.fixture
async def videos(tmp_path: Path, template: Path) -> AsyncGenerator[HeldVideos]:
    async with held_videos(tmp_path / "videos", template) as running:
        yield running


@pytest.fixture
async def club(discord: Loopback, videos: HeldVideos, tmp_path: Path) -> AsyncGenerator[FilmClub]:
    """The bot is running, in a server with one channel."""
    async with FilmClub(discord, videos, tmp_path / "bot") as opened:
        yield opened
