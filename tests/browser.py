"""A real Chromium, the one that is installed on this machine."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import FloatRect, Locator, Page, ViewportSize, async_playwright, expect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
PUBLICATION = 0.8
"""Seconds after which the page has caught up with a publication; it looks every half second."""
WINDOW: ViewportSize = {"width": 1280, "height": 860}
MESSAGE_WIDTH = 690
"""Pixels from the left edge of a message's avatar to the right edge of its card, and a margin."""
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """Find the browser; CHROMIUM names another."""
    named = os.environ.get("CHROMIUM")
    if named and shutil.which(named) is None:
        pytest.fail(f"CHROMIUM names no program that can be started: {named}", pytrace=False)
    found = named or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and MAC.exists():
        found = str(MAC)
    if found is None:
        pytest.fail("no Chromium or Chrome is installed here; name one with CHROMIUM=/path/to/it")
    return found


@asynccontextmanager
async def opened(url: str) -> AsyncGenerator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        try:
            page = await browser.new_page(viewport=WINDOW)
            await page.goto(url)
            yield page
        finally:
            await browser.close()


async def box_of(part: Locator) -> FloatRect:
    """Where a part of the page stands, in pixels; one that is just replaced is waited for."""
    for _ in range(20):
        if (box := await part.bounding_box()) is not None:
            return box
        await asyncio.sleep(PUBLICATION)
    pytest.fail(f"{part} is not to be seen")


async def portrait(message: Locator, path: Path) -> None:
    """Take a picture of a message once it stands still, as much of the page as it fills."""
    box, before = await box_of(message), None
    while box != before:
        await asyncio.sleep(PUBLICATION)
        box, before = await box_of(message), box
    clip: FloatRect = {
        "x": box["x"], "y": box["y"], "width": MESSAGE_WIDTH, "height": box["height"],
    }  # fmt: skip
    await message.page.screenshot(path=path, clip=clip)


async def until_written(act: Callable[[], Awaitable[None]], outcome: Locator) -> None:
    """Press until the outcome is to be seen.

    The simulated Discord turns away what is pressed within half a second of a publication of its
    page, and keeps what was typed.
    """
    for _ in range(6):
        await asyncio.sleep(PUBLICATION)
        await act()
        try:
            await expect(outcome).to_be_visible(timeout=8000)
        except AssertionError:
            continue
        return
    pytest.fail("what was pressed led nowhere")
