"""A real Chromium, the one that is installed on this machine."""

import asyncio
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import (
    Browser,
    FloatRect,
    Locator,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
WINDOW: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
MESSAGE_WIDTH = 690
"""Pixels from the left edge of a message's avatar to the right edge of its card, and a margin."""
PATIENCE: Final = 180.0
"""Seconds that anything on a page may take, on a machine with much else to do."""
expect.set_options(timeout=PATIENCE * 1000)
Scheme = Literal["light", "dark"]
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
async def launched() -> AsyncGenerator[Browser]:
    """Start the browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(
    browser: Browser, url: str, *, viewport: ViewportSize = WINDOW, scheme: Scheme = "light"
) -> AsyncGenerator[Page]:
    """Open a page that remembers nothing of others. What fails on it fails the test."""
    context = await browser.new_context(viewport=viewport, color_scheme=scheme)
    context.set_default_timeout(PATIENCE * 1000)
    try:
        page = await context.new_page()
        failures: list[str] = []
        page.on("pageerror", lambda error: failures.append(str(error)))
        await page.goto(url)
        yield page
        assert failures == [], failures
    finally:
        await context.close()


async def until(part: Locator, condition: str) -> None:
    """Wait until a function of a part of the page is true."""
    async with asyncio.timeout(PATIENCE):
        while not await part.evaluate(condition):
            await part.page.wait_for_timeout(50)


async def box_of(part: Locator) -> FloatRect:
    """Where a part of the page stands, in pixels."""
    box = await part.bounding_box()
    assert box is not None, f"{part} is not to be seen"
    return box


async def portrait(message: Locator, path: Path) -> None:
    """Take a picture of a message, as much of the page as it fills."""
    await message.scroll_into_view_if_needed()
    box = await box_of(message)
    clip: FloatRect = {
        "x": box["x"], "y": box["y"], "width": MESSAGE_WIDTH, "height": box["height"],
    }  # fmt: skip
    await message.page.screenshot(path=path, clip=clip, animations="disabled")
