"""The demo's page on a phone, in the light and in the dark, and for people who see little.

axe-core finds what its rules call serious or critical.
"""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, expect

from bot.cards.buttons import LABELS, Action
from tests.browser import PHONE, WINDOW, Scheme, opened
from tests.demo.process import Demo
from tests.demo.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def barriers(page: Page) -> Sequence[str]:
    """What axe-core finds, one line for each element."""
    await page.evaluate(AXE)
    found = await page.evaluate("async () => (await axe.run()).violations")
    violations: list[dict[str, Any]] = found
    grave = [each for each in violations if each["impact"] in ("serious", "critical")]
    return [f"{each['id']}: {node['html'][:120]}" for each in grave for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_keeps_anybody_out(demo: Demo, browser: Browser, scheme: Scheme) -> None:
    async with opened(browser, demo.address, scheme=scheme) as page:
        visitor = Visitor(page)
        await visitor.ready()
        assert await barriers(page) == [], "at the start"
        said = await visitor.say(f"a lighthouse in the {scheme}, said")
        card = await visitor.ask(f"a lighthouse in the {scheme}, shown")
        await visitor.plays(card)
        await visitor.begin("videos")
        await visitor.run()
        await visitor.answered("video")
        assert await barriers(page) == [], "with a card and a private list"
        await visitor.press(card, LABELS[Action.EDIT])
        await expect(visitor.form).to_be_visible()
        assert await barriers(page) == [], "with a form"
        await page.keyboard.press("Escape")
        await said.hover()
        await said.get_by_title("Apps").click()
        await expect(visitor.menu).to_be_visible()
        assert await barriers(page) == [], "with a menu"
        await page.keyboard.press("Escape")
        await visitor.typed.fill("/")
        assert await barriers(page) == [], "with the commands"
        await visitor.begin("video")
        assert await barriers(page) == [], "with a command"
        await page.set_viewport_size(PHONE)
        assert await barriers(page) == [], "on a phone"
        await page.get_by_role("button", name="Channels").click()
        assert await barriers(page) == [], "on a phone, with the channels"


async def test_everything_fits_a_phone(demo: Demo, browser: Browser, prompt: str) -> None:
    async with opened(browser, demo.address, viewport=PHONE) as page:
        visitor = Visitor(page)
        await visitor.ready()
        sidebar = page.get_by_role("navigation", name="Channels")
        await expect(sidebar).not_to_be_in_viewport()
        await page.get_by_role("button", name="Channels").click()
        await expect(sidebar).to_be_in_viewport()
        await visitor.channel("film-club").click()
        await expect(sidebar).not_to_be_in_viewport()
        await expect(page.locator("#header strong")).to_have_text("# film-club")
        card = await visitor.ask(prompt, size="1280x720")
        await visitor.plays(card)
        await visitor.press(card, LABELS[Action.EDIT])
        await expect(visitor.form).to_be_visible()
        for part in (page.locator("html"), visitor.form):
            assert await part.evaluate("part => part.scrollWidth <= part.clientWidth")
        await page.keyboard.press("Escape")
        for part in (card, page.locator("#composer"), visitor.messages):
            assert await part.evaluate("part => part.scrollWidth <= part.clientWidth")


async def test_light_and_dark_are_turned_by_hand_and_remembered(
    demo: Demo, browser: Browser
) -> None:
    async with opened(browser, demo.address, viewport=WINDOW, scheme="dark") as page:
        body = page.locator("body")
        await expect(body).to_have_css("background-color", "rgb(49, 51, 56)")
        await page.get_by_label("Light or dark").click()
        await expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
        await page.reload()
        await expect(body).to_have_css("background-color", "rgb(255, 255, 255)")
        await page.get_by_label("Light or dark").click()
        await expect(body).to_have_css("background-color", "rgb(49, 51, 56)")
