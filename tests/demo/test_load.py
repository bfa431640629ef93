"""A few videos in a row and five at once beside two busy processes; `make load` is a longer run."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.demo.load import load
from tests.processes import VideosServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def test_every_video_of_a_busy_machine_plays(
    server: VideosServer, browser: Browser, kept: Path
) -> None:
    await load(browser, kept, one_by_one=3, at_once=5, VIDEOS_BASE_URL=server.base_url)
