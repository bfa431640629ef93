"""Films that not every client plays, by the bot's own process: converted once, and said so."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from bot.media.boxes import plain_frame
from tests.browser import launched, opened
from tests.loopback.driver import Loopback
from tests.media import films
from tests.media.films import film
from tests.reliability.film_club import FilmClub
from tests.videos_server.faults import Fault
from tests.videos_server.server import ScriptedServer

KINDS = {
    "hevc.mp4": lambda: film("mp4", "libx265", tag="hvc1", sound="aac"),
    "mpeg-4 part 2": lambda: film("mp4", "mpeg4"),
    "4:4:4": lambda: film("mp4", "libx264", "yuv444p"),
    "hevc in mkv": lambda: film("matroska", "libx265"),
    "on its side": lambda: films.turned(film("mp4", "libx265", width=96), (0, 1, -1, 0)),
}


def hands_over(data: bytes) -> Fault:
    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(body=data, content_type="video/mp4")

    return fault


@asynccontextmanager
async def asked(
    discord: Loopback, videos: ScriptedServer, folder: Path, data: bytes, times: int = 1
) -> AsyncGenerator[FilmClub]:
    async with FilmClub(discord, videos, folder / "bot") as club:
        videos.meet("content", *[hands_over(data)] * times)
        club.finish()
        await club.ask()
        yield club


@pytest.mark.parametrize("name", KINDS)
async def test_what_does_not_play_everywhere_is_converted_once_and_said(
    name: str, discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    async with asked(discord, videos, tmp_path, KINDS[name]()) as club:
        await club.until_film(within=60)

        (shown,) = club.card.now.shown_files
        copy = tmp_path / "shown.mp4"
        copy.write_bytes(shown.data)
        assert plain_frame(copy) is not None
        assert shown.name.endswith(".mp4")
        assert "Converted so it plays everywhere" in club.card.text
        assert discord.seen["film"] == 1


@pytest.mark.parametrize("make", [film, films.webm], ids=["h264", "webm"])
async def test_what_plays_everywhere_is_handed_over_byte_for_byte(
    make: Callable[[], bytes], discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    async with asked(discord, videos, tmp_path, make()) as club:
        await club.until_film()

        (shown,) = club.card.now.shown_files
        assert shown.data == make()
        assert "Converted" not in club.card.text


async def test_an_empty_film_is_asked_for_again(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    nothing = films.box(b"ftyp", b"isom\0\0\2\0isomiso2") + films.box(
        b"moov", films.box(b"mvhd", bytes(100))
    )
    async with asked(
        discord, videos, tmp_path, nothing + films.box(b"mdat", b"frames" * 50), times=2
    ) as club:
        await club.until_film(within=60)

        assert videos.seen["content"] > 1
        (shown,) = club.card.now.shown_files
        assert [shown.data] == await club.films_on_server()


async def test_frames_over_4k_are_refused_in_words(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    large = film("mp4", "libx264", width=4608, height=2592, frames=1)
    async with asked(discord, videos, tmp_path, large) as club:
        await club.until_card_says("larger than 4K")


async def test_a_converted_film_plays_in_a_browser(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    data = KINDS["hevc.mp4"]()
    async with asked(discord, videos, tmp_path, data) as club:
        await club.until_film(within=60)
        (shown,) = club.card.now.shown_files

    played = tmp_path / "shown.mp4"
    played.write_bytes(shown.data)
    async with launched() as browser, opened(browser, played.as_uri()) as page:
        video = page.locator("video")
        assert await video.evaluate("""(v) => new Promise((done) => {
            if (v.readyState > 1) done(v.videoWidth);
            v.onloadeddata = () => done(v.videoWidth);
            v.onerror = () => done(0);
        })""")
