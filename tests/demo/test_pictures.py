"""The documentation's pictures of a walk through the demo, taken by `make pictures`."""

import pytest
from playwright.async_api import Browser, Locator, ViewportSize, expect

from bot.cards.buttons import LABELS, Action
from bot.cards.modals import CHANGE, PROMPT
from cogs import buttons
from tests.browser import WINDOW, opened, until
from tests.demo.pictures import (
    PICTURES,
    TAKEN_OF,
    digest_of_words,
    recorded,
    take,
    take_page,
)
from tests.demo.process import Demo
from tests.demo.visitor import Visitor

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.skipif(PICTURES is None, reason="only for the documentation's pictures"),
]
TALL: ViewportSize = {"width": 1280, "height": 1400}
"""A window that shows a whole card with a video in it."""
LOADED = "each => each.naturalWidth > 0 || each.readyState > 1"
CAT = "a calico cat playing a piano on stage"


async def test_a_walk_is_pictured(browser: Browser) -> None:
    with Demo() as demo:
        async with opened(browser, demo.address) as page:
            visitor = Visitor(page)
            await visitor.ready()
            card = await visitor.ask(CAT)
            await visitor.plays(card)
            await card.locator("video").evaluate(
                "video => { video.pause(); video.currentTime = 2; }"
            )
            await take_page(page, "../demo")
            await _take(card, "completed")
            await visitor.press(card, LABELS[Action.EDIT])
            await expect(visitor.form).to_be_visible()
            await take_page(page, "edit")
            await visitor.submit(PROMPT, "a snowy forest at night")
            forest = await visitor.card("a snowy forest")
            await visitor.plays(forest)
            await visitor.press(forest, LABELS[Action.REMIX])
            await visitor.submit(CHANGE, "with a red moon")
            await visitor.plays(await visitor.card("with a red moon"))
            await visitor.begin("videos")
            await visitor.run()
            await _take(await visitor.answered("3 videos"), "videos")
            await visitor.press(card, LABELS[Action.DELETE])
            await _take(await visitor.answered(buttons.REALLY), "delete")


async def _take(message: Locator, name: str) -> None:
    """Take a picture of a message, once all that it shows is there."""
    for medium in await message.locator("img, video").all():
        await until(medium, LOADED)
    await message.page.set_viewport_size(TALL)
    await take(message, name)
    await message.page.set_viewport_size(WINDOW)


async def test_a_walk_is_recorded(browser: Browser) -> None:
    with Demo() as demo:
        async with opened(browser, demo.address) as page:
            visitor = Visitor(page)
            await visitor.ready()
            async with recorded(page, "../walk"):
                await visitor.begin("video")
                await page.keyboard.type("a red fox in a snowy forest at night", delay=60)
                await visitor.run()
                await visitor.plays(await visitor.card("a red fox"))
                await page.wait_for_timeout(4000)
                await visitor.press(await visitor.card("a red fox"), LABELS[Action.REMIX])
                await expect(visitor.form).to_be_visible()
                await visitor.submit(CHANGE, "as a wolf")
                await visitor.plays(await visitor.card("as a wolf"))
                await page.wait_for_timeout(4000)
                await visitor.begin("videos")
                await visitor.run()
                await visitor.answered("2 videos")
                await page.wait_for_timeout(2000)
    TAKEN_OF.write_text(f"{digest_of_words()}\n")
