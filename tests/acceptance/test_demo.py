"""`make demo` as a newcomer meets it: a page, a typed command, a film that plays."""

import base64
import os
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from playwright.async_api import Page, expect

from tests.acceptance.demo_page import FILM_WITHIN, type_command, type_prompt, until, watch
from tests.browser import opened
from tests.media.checks import assert_is_film

SCREENSHOT = os.environ.get("SCREENSHOT")
"""Where `make pictures` wants the README's picture."""

READ_BLOB = """async (video) => {
  const bytes = new Uint8Array(await (await fetch(video.currentSrc)).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768)
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}"""


async def test_a_film_is_made_by_keyboard(demo: str, tmp_path: Path) -> None:
    async with opened(demo) as page:
        await type_command(page)
        titles = await watch(page)

        seen = [title for title in titles if title in ("Queued", "In progress", "Completed")]
        assert seen == ["Queued", "In progress", "Completed"]
        await _play(page)
        film = base64.b64decode(await page.locator("video").evaluate(READ_BLOB))
        assert_is_film(film)
        assert _difference(film) > 1, "the frames of a film differ"
        await page.screenshot(path=SCREENSHOT or tmp_path / "demo.png")


async def test_the_composer_stays_usable_while_a_film_is_made(demo: str) -> None:
    async with opened(demo) as page:
        await type_command(page)
        composer = page.locator("#channel-composer-input")
        await composer.click()
        await page.keyboard.type("that will be a nice film", delay=120)
        await watch(page)

        await expect(composer).to_have_value("that will be a nice film")
        said = page.locator("#channel-message-list").get_by_text("a nice film")
        await composer.press("Enter")
        await expect(said).to_be_visible(timeout=FILM_WITHIN)


async def test_films_play_as_delivered_for_everybody_and_no_press_is_lost(demo: str) -> None:
    async with opened(demo) as page:
        cards = page.locator("#channel-message-list h3")
        for number in range(3):
            await type_prompt(page)
            await page.keyboard.press("Enter")
            await expect(cards).to_have_count(number + 1, timeout=FILM_WITHIN)
        await expect(page.locator("video")).to_have_count(3, timeout=FILM_WITHIN)

        await page.locator("#viewer-picker").select_option(label="Grace")

        films = page.locator("video")
        await expect(films).to_have_count(3, timeout=FILM_WITHIN)
        for film in await films.all():
            await until(film, "video => video.readyState > 1")
            assert _codec(base64.b64decode(await film.evaluate(READ_BLOB))) == "h264"
        await expect(page.locator(".media-unavailable")).to_have_count(0)


async def _play(page: Page) -> None:
    """Press play once the film is loaded; it is then seen to move."""
    film = page.locator("video")
    await until(film, "video => video.readyState > 1")
    await page.locator(".media-player-controls").get_by_text("Play").click()
    await until(film, "video => video.currentTime > 0")
    first: float = await film.evaluate("video => video.currentTime")
    await until(film, f"video => video.currentTime > {first}")


def _codec(film: bytes) -> str:
    with av.open(BytesIO(film), "r") as container:
        return container.streams.video[0].codec_context.name


def _difference(film: bytes) -> float:
    """Mean absolute difference, 0 to 255, between the first and the middle frame."""
    with av.open(BytesIO(film), "r") as container:
        frames = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    first, middle = (frames[at].astype(np.int16) for at in (0, len(frames) // 2))
    return float(np.abs(first - middle).mean())
