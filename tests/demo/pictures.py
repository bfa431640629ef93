"""Pictures for the documentation, each in the light and in the dark."""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Locator, Page

from tests.browser import Scheme, portrait

ROOT: Final = Path(__file__).parents[2]
WORDS: Final = ROOT / "bot/cards/locales/rushes.pot"
"""All words of the bot."""
TAKEN_OF: Final = ROOT / "docs/pictures/words.sha256"
"""Names the words that the pictures in the documentation show."""

PICTURES: Final = os.environ.get("PICTURES")
"""The folder that `make pictures` wants them in."""
FRAME: Final = 0.25
"""Seconds between two frames of a recording."""
MOST_FRAMES: Final = 240
WALK: Final = (800, 538)
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


def digest_of_words() -> str:
    """Return what changes with every word of the bot."""
    return hashlib.sha256(WORDS.read_bytes()).hexdigest()


@asynccontextmanager
async def recorded(page: Page, name: str) -> AsyncGenerator[None]:
    """Record the page while the block runs, the first minute of it, as an animated picture."""
    frames: list[bytes] = []

    async def record() -> None:
        while len(frames) < MOST_FRAMES:
            frames.append(await page.screenshot(type="jpeg", quality=80))
            await asyncio.sleep(FRAME)

    recording = asyncio.create_task(record())
    try:
        yield
    finally:
        recording.cancel()
        await asyncio.wait({recording})
    await asyncio.to_thread(_animate, frames, Path(PICTURES or "") / f"{name}.webp")


def _animate(frames: list[bytes], path: Path) -> None:
    """Write frames as an animated WebP; one that equals the one before makes that last longer."""
    images: list[Image.Image] = []
    durations: list[int] = []
    for at, frame in enumerate(frames):
        if at and frame == frames[at - 1]:
            durations[-1] += int(FRAME * 1000)
            continue
        images.append(Image.open(io.BytesIO(frame)).convert("RGB").resize(WALK))
        durations.append(int(FRAME * 1000))
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=durations, loop=0, quality=60
    )
