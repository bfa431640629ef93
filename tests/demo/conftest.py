"""One demo, one Videos server with quick films and one browser for each worker of a run.

Tests share the demo: each uses prompts of its own, and finds its messages by them.
"""

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.browser import launched, opened
from tests.demo.process import Demo
from tests.demo.simulated import Simulated, simulated
from tests.demo.visitor import Visitor
from tests.processes import VideosServer


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("server")
    with (
        VideosServer(folder, "--workers", "6", module="tests.videos_server.serve") as server,
        Demo(VIDEOS_BASE_URL=server.base_url, MAX_ACTIVE_PER_USER="20") as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncGenerator[Browser]:
    async with launched() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(demo: Demo, browser: Browser) -> AsyncGenerator[Visitor]:
    """Ada at the shared demo, in #general."""
    async with opened(browser, demo.address) as page:
        visitor = Visitor(page)
        await visitor.ready()
        yield visitor


@pytest_asyncio.fixture(loop_scope="session")
async def town() -> AsyncGenerator[Simulated]:
    """A simulated Discord without a bot; its page is `page`."""
    async with simulated() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(town: Simulated, browser: Browser) -> AsyncGenerator[Visitor]:
    async with opened(browser, town.address) as opened_page:
        visitor = Visitor(opened_page)
        await expect(visitor.channel("general")).to_have_attribute("aria-current", "page")
        yield visitor


@pytest.fixture
def prompt(request: pytest.FixtureRequest) -> str:
    """A prompt that no other test uses."""
    words: str = request.node.name
    return words.replace("test_", "").replace("_", " ").split("[")[0]


@pytest.fixture
def held() -> str:
    """The name that a held render waits for: a prompt ends with `until NAME`."""
    return uuid4().hex


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A folder for `--keep`."""
    return tmp_path / "kept"
