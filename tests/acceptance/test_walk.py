"""The demo, walked through as a newcomer does: again, edit, remix, list, delete."""

from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.acceptance.demo_page import FILM_WITHIN, PICTURES, type_command, until, watch
from tests.browser import WINDOW, opened, portrait, until_written

TALL: ViewportSize = {"width": 1280, "height": 1400}
"""A window that shows a whole card with a film in it."""
LOADED = "each => each.naturalWidth > 0 || each.readyState > 1"


class Walk:
    """One page, its messages, and a picture of each stop on the way."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page = page
        self.titles = page.locator("#channel-message-list h3")
        self._folder = folder

    async def press(self, label: str, outcome: Locator) -> None:
        """Press the newest button of that name."""
        button = self.page.get_by_role("button", name=label, exact=True).last
        await until_written(button.click, outcome)

    def card(self, number: int) -> Locator:
        """The title of a card, counted from 1."""
        return self.titles.nth(number - 1)

    async def completed(self, count: int) -> None:
        """Wait for the newest of `count` cards to hold its film."""
        await expect(self.titles).to_have_count(count, timeout=FILM_WITHIN)
        await expect(self.titles.last).to_contain_text("Completed", timeout=FILM_WITHIN)

    async def fill(self, text: str) -> None:
        """Fill in the form's text, and send it until it is taken, as with press.

        A press that was answered late opens the form anew, and empties it.
        """
        field = self.page.locator("#modal-root textarea")
        for _ in range(5):
            await field.fill(text)
            await self.page.locator("#modal-root").get_by_role("button", name="Submit").click()
            try:
                await expect(field).to_have_count(0, timeout=10_000)
            except AssertionError:
                continue
            return
        pytest.fail("the form was never taken")

    async def picture(self, name: str) -> None:
        """Take a picture of the page."""
        await self.page.screenshot(path=self._folder / f"{name}.png")

    async def portrait(self, name: str) -> None:
        """Take a picture of the newest message, with all that it shows."""
        message = self.page.locator("#channel-message-list .channel-message").last
        for medium in await message.locator("img, video").all():
            await until(medium, LOADED)
        await self.page.set_viewport_size(TALL)
        await message.scroll_into_view_if_needed()
        await portrait(message, self._folder / f"{name}.png")
        await self.page.set_viewport_size(WINDOW)


async def test_a_newcomer_walks_through_everything(demo: str, tmp_path: Path) -> None:
    async with opened(demo) as page:
        walk = Walk(page, Path(PICTURES) if PICTURES else tmp_path)
        await type_command(page)
        await watch(page)
        await walk.completed(1)
        await walk.portrait("completed")

        form = page.locator("#modal-root textarea")
        await walk.press("Again", walk.card(2))
        await walk.completed(2)

        await walk.press("Edit prompt", form)
        await expect(form).to_have_value("a calico cat playing a piano on stage")
        await walk.picture("edit")
        await walk.fill("a snowy forest at night")
        await walk.completed(3)
        await expect(page.locator("#channel-message-list")).to_contain_text("snowy forest")

        await walk.press("Remix", form)
        await walk.fill("with a red moon")
        await walk.completed(4)
        await expect(page.locator("#channel-message-list")).to_contain_text("made from")

        await page.locator("#channel-composer-input").click()
        await page.keyboard.type("/videos", delay=20)
        await expect(page.get_by_text("Your videos here")).to_be_visible()
        await page.keyboard.press("Enter")
        send = page.locator("#send-message")
        await until_written(send.click, page.get_by_role("heading", name="4 videos"))
        await expect(page.locator("#channel-message-list img")).not_to_have_count(0)
        await walk.portrait("videos")

        channel = page.locator("#channel-message-list")
        await walk.press("Delete", channel.get_by_text("You can't undo this").last)
        await walk.portrait("delete")
        await walk.press("Delete forever", channel.get_by_text("Deleted.", exact=True).last)
        await expect(walk.titles.filter(has_text="Completed")).to_have_count(3)
