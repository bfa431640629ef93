"""A short run of the monkey; `make monkey` is a long one, on films that are really rendered."""

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.demo.play import play
from tests.processes import VideosServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def test_whatever_is_pressed_every_request_ends(
    server: VideosServer, browser: Browser, kept: Path
) -> None:
    report = await play(
        browser, kept, actions=150, seed=1, videos=8, VIDEOS_BASE_URL=server.base_url
    )
    assert report.tally.done.total() == 150
    assert report.ends.keys() <= {"delivered", "cancelled", "deleted"}
    assert report.ends["delivered"] > 0
