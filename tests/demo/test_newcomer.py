"""The demo as a newcomer meets it: one click or a few keys, and a video that plays.

Its server renders as in `make demo`.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser import opened, until
from tests.demo.process import Demo
from tests.demo.visitor import TALLY, Visitor, film_of
from tests.media.checks import assert_is_film

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
PROMPT = "a calico cat playing a piano on stage"


@pytest.fixture
def new_demo(kept: Path) -> Iterator[Demo]:
    with Demo("--keep", str(kept)) as running:
        yield running


async def test_one_click_makes_a_video_that_plays(
    new_demo: Demo, browser: Browser, kept: Path
) -> None:
    async with opened(browser, new_demo.address) as page:
        visitor = Visitor(page)
        await visitor.messages.evaluate(TALLY)

        await page.get_by_role("button", name="A calico cat playing a piano").click()

        card = await visitor.card(PROMPT)
        await card.evaluate("card => (card.isTheFirst = true)")
        await visitor.plays(card)
        titles: list[str] = await page.evaluate("window.titles")
        seen = [title for title in titles if title in ("Queued", "In progress", "Completed")]
        # A state that is over before the bot asks again is not shown.
        assert seen == [title for title in ("Queued", "In progress", "Completed") if title in seen]
        assert seen[-1] == "Completed"
        assert await card.evaluate("card => card.isTheFirst"), "it is the same message"
        await until(card.locator("video"), "video => video.currentTime > 0")
        film = await film_of(card)
        assert_is_film(film)
        assert _codec(film) == "h264"
        assert film in [path.read_bytes() for path in (kept / "server").rglob("*.mp4")]
        assert _difference(film) > 1, "the frames of a film differ"


async def test_a_video_by_keyboard_alone(visitor: Visitor, prompt: str) -> None:
    page = visitor.page
    await expect(visitor.typed).to_be_focused()
    await page.keyboard.type("/vid")
    await expect(visitor.chosen).to_contain_text("/video")
    await page.keyboard.press("Enter")
    await page.keyboard.type(prompt)
    await page.keyboard.press("Enter")
    card = await visitor.card(prompt)
    await page.keyboard.type("that will be a nice video")
    await visitor.plays(card)
    await expect(visitor.typed).to_have_value("that will be a nice video")

    await page.keyboard.press("Enter")
    await expect(visitor.messages.get_by_text("a nice video")).to_be_visible()
    await _tab_back_to(card.get_by_role("button", name="Edit prompt"))
    await page.keyboard.press("Enter")
    await expect(visitor.form.get_by_label("Prompt")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(visitor.form).to_have_count(0)
    await expect(card.get_by_role("button", name="Edit prompt")).to_be_focused()


async def _tab_back_to(part: Locator) -> None:
    for _ in range(20):
        if await part.evaluate("part => part === document.activeElement"):
            return
        await part.page.keyboard.press("Shift+Tab")
    pytest.fail("it cannot be reached by the Tab key")


def _codec(film: bytes) -> str:
    with av.open(BytesIO(film), "r") as container:
        return container.streams.video[0].codec_context.name


def _difference(film: bytes) -> float:
    """Mean absolute difference, 0 to 255, between the first and the middle frame."""
    with av.open(BytesIO(film), "r") as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    first, middle = (frames[at].astype(np.int16) for at in (0, len(frames) // 2))
    return float(np.abs(first - middle).mean())
