"""The page of `make demo` in a browser: a command is typed, and its card watched."""

import asyncio
import os

from playwright.async_api import Locator, Page, expect

from tests.acceptance.stage import PROMPT

PICTURES = os.environ.get("PICTURES")
"""The folder that `make pictures` wants the documentation's pictures in."""
FILM_WITHIN = 60_000
"""Milliseconds from the typed command to the film, on a machine with much else to do."""
TITLES = ("Requested", "Queued", "In progress", "On its way", "Completed")


async def type_command(page: Page) -> None:
    """Type /video as a person does."""
    await type_prompt(page)
    await page.keyboard.press("Enter")
    await expect(page.locator("#channel-message-list h3")).to_be_visible(timeout=FILM_WITHIN)


async def type_prompt(page: Page) -> None:
    """Type /video and a prompt, all but the last key."""
    await page.locator("#channel-composer-input").click()
    await page.keyboard.type("/video", delay=30)
    await expect(page.get_by_text("Make a video from text")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type(PROMPT, delay=10)


async def watch(page: Page) -> list[str]:
    """Return each title that the one card had, until its film is there."""
    titles: list[str] = []
    title = page.locator("#channel-message-list h3")
    while not titles or titles[-1] != "Completed":
        await expect(title).to_have_count(1)
        text = await title.inner_text(timeout=FILM_WITHIN)
        word = next(word for word in TITLES if word in text)
        if not titles or titles[-1] != word:
            titles.append(word)
        await page.wait_for_timeout(100)
    await expect(page.locator("video")).to_be_visible(timeout=FILM_WITHIN)
    return titles


async def until(part: Locator, condition: str) -> None:
    """Wait until a part of the page meets a condition, as long as a film may take."""
    async with asyncio.timeout(FILM_WITHIN / 1000):
        while not await part.evaluate(condition):
            await part.page.wait_for_timeout(50)
