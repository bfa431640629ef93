"""Pictures for the documentation, each in the light and in the dark."""

import os
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Page

from tests.browser import Scheme, portrait

PICTURES: Final = os.environ.get("PICTURES")
"""The folder that `make pictures` wants them in."""
ENDINGS: Final[dict[Scheme, str]] = {"light": "", "dark": "-dark"}


async def take(message: Locator, name: str) -> None:
    """Take a picture of a message that no mouse points at."""
    await message.page.mouse.move(0, 0)
    for scheme, ending in ENDINGS.items():
        await message.page.emulate_media(color_scheme=scheme)
        await portrait(message, Path(PICTURES or "") / f"{name}{ending}.png")


async def take_page(page: Page, name: str) -> None:
    """Take a picture of the whole page."""
    for scheme, ending in ENDINGS.items():
        await page.emulate_media(color_scheme=scheme)
        await page.screenshot(path=Path(PICTURES or "") / f"{name}{ending}.png")
