"""A film that is too large for Discord: encoded anew to fit, and kept where nothing helps."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.loopback.driver import Loopback
from tests.loopback.faults import Held
from tests.media.reels import reel
from tests.reliability.film_club import TOKEN_OVER, FilmClub
from tests.videos_server.embedded import held_videos
from tests.videos_server.server import ScriptedServer

LIMIT = 700_000


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of about two megabytes that takes some seconds to encode."""
    folder = tmp_path_factory.mktemp("reel")
    return reel(folder / "film.mp4", size=(640, 480), seconds=5)


@pytest.fixture
async def videos(tmp_path: Path, large: Path) -> AsyncGenerator[ScriptedServer]:
    async with held_videos(tmp_path / "videos", large) as running:
        yield running


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[FilmClub]:
    opened = FilmClub(discord, videos, tmp_path / "bot")
    assert opened.channel.guild is not None
    opened.channel.guild.upload_limit = LIMIT
    async with opened:
        yield opened


def kept(club: FilmClub) -> list[Path]:
    return sorted((club.bot.log_file.parent / "films").iterdir())


async def until_the_copy_is_gone(club: FilmClub) -> None:
    async with asyncio.timeout(10):
        while len(kept(club)) > 1:  # noqa: ASYNC110 - the disk tells nobody
            await asyncio.sleep(0.05)


async def assert_a_copy_came_once(club: FilmClub) -> None:
    (original,) = await club.films_on_server()
    (shown,) = club.card.now.shown_files
    assert 0 < len(shown.data) <= 0.95 * LIMIT
    assert shown.data != original
    assert "Compressed to fit" in club.card.text
    assert club.videos.seen["create"] == 1
    await until_the_copy_is_gone(club)
    assert [path.read_bytes() for path in kept(club)] == [original]


async def test_a_film_over_the_limit_is_encoded_anew_and_says_so(club: FilmClub) -> None:
    club.finish()
    await club.ask()
    await club.until_card_says("Compressing it")
    await club.until_film(within=60)

    await assert_a_copy_came_once(club)
    assert club.discord.seen["film"] == 1


async def test_a_film_of_exactly_the_limit_is_not_touched(club: FilmClub) -> None:
    assert club.channel.guild is not None
    club.ada.upload_limit = 100 * LIMIT
    club.finish()
    first = await club.ask()
    await club.discord.until(lambda: first.message.film, within=20)
    club.ada.upload_limit = 0
    club.channel.guild.upload_limit = len(first.message.now.shown_files[0].data)

    second = await club.ask()
    await club.discord.until(lambda: second.message.film, within=20)

    (shown,) = second.message.now.shown_files
    assert len(shown.data) == club.channel.guild.upload_limit
    assert shown.data in await club.films_on_server()
    assert "Compressed" not in second.message.text


async def test_the_bot_is_killed_in_the_middle_of_an_encode(club: FilmClub) -> None:
    club.finish()
    await club.ask()
    await club.until_card_says("Compressing it")

    await club.bot.restart()
    await club.until_film(within=60)

    await assert_a_copy_came_once(club)


async def test_the_bot_is_killed_between_the_encode_and_the_upload(club: FilmClub) -> None:
    """The copy is there already: it is not encoded once more."""
    upload = Held()
    club.discord.meet("film", upload)
    club.finish()
    await club.ask()
    await upload.reached.wait()
    (copy,) = [path for path in kept(club) if path.name.endswith(".fit.mp4")]
    encoded = copy.read_bytes(), copy.stat().st_mtime_ns

    upload_again = Held()
    club.discord.meet("film", upload_again)
    await club.bot.restart()
    await upload_again.reached.wait()
    assert (copy.read_bytes(), copy.stat().st_mtime_ns) == encoded
    upload_again.release()
    await club.until_film()

    await assert_a_copy_came_once(club)


async def test_discord_takes_less_than_it_had_named(club: FilmClub) -> None:
    interaction = await club.ask()
    interaction.upload_limit = LIMIT // 2
    club.finish()
    await club.until_film(within=60)

    await assert_a_copy_came_once(club)
    assert [one.code for one in club.discord.requests if one.status == 413] == [40005]


async def test_the_token_dies_and_the_limit_with_it(club: FilmClub) -> None:
    assert club.channel.guild is not None
    club.ada.upload_limit = 100 * LIMIT
    interaction = await club.ask()
    assert interaction.upload_limit == 100 * LIMIT
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    club.finish()
    await club.until_film(within=60)

    assert club.card.now.through == "channel_edit"
    await assert_a_copy_came_once(club)


async def test_nothing_helps_and_the_film_is_kept_until_there_is_room(club: FilmClub) -> None:
    interaction = await club.ask()
    interaction.upload_limit = 1000
    club.finish()
    await club.until_card_says("Not delivered", within=60)
    assert "too large to upload" in club.card.text
    refused = [one.code for one in club.discord.requests if one.status == 413]
    assert 2 <= len(refused) <= 3
    assert set(refused) == {40005}
    await until_the_copy_is_gone(club)
    assert [path.read_bytes() for path in kept(club)] == await club.films_on_server()

    assert club.channel.guild is not None
    club.channel.guild.upload_limit = 100 * LIMIT
    interaction.upload_limit = 100 * LIMIT
    await club.discord.press(club.ada, club.card, "Post again")
    await club.until_card_says("Completed", within=60)
