"""A scripted server, and a client of it."""

from collections.abc import AsyncIterator, Iterator

import pytest
import stamina

from bot.videos.client import VideosClient
from tests.videos.connecting import connected
from tests.videos_server.server import ScriptedServer, scripted


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted() as running:
        yield running


@pytest.fixture
async def client(server: ScriptedServer) -> AsyncIterator[VideosClient]:
    async with connected(server.base_url) as connected_client:
        yield connected_client


@pytest.fixture
def no_pauses() -> Iterator[None]:
    with stamina.set_testing(True, attempts=3, cap=True):
        yield
