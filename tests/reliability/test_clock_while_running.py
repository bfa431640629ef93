"""The machine's clock is set by an hour while the bot runs: jobs go on as if nothing had been."""

import os
import signal
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.loopback.driver import Loopback
from tests.loopback.faults import cut
from tests.reliability.film_club import PROMPT, FilmClub
from tests.videos_server.server import ScriptedServer

HOUR = 3600


@pytest.fixture(params=[HOUR, -HOUR, -HOUR // 2], ids=["forth", "back", "half an hour back"])
async def club(
    request: pytest.FixtureRequest, discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[FilmClub]:
    """The bot is running, and its clock can be set."""
    opened = FilmClub(discord, videos, tmp_path / "bot")
    try:
        await opened.bot.start("tests.reliability.wall_clock", str(request.param), "bot")
        yield opened
    finally:
        await opened.bot.__aexit__()


async def set_clock(club: FilmClub) -> None:
    """Move the bot's clock, and wait until it has noticed."""
    os.kill(club.bot.pid, signal.SIGUSR1)
    await club.discord.until(lambda: "the machine's clock was moved" in club.bot.log)


async def test_while_a_film_is_rendered(club: FilmClub) -> None:
    interaction = await club.ask()
    await club.until_card_says("In progress")

    await set_clock(club)
    asked = club.videos.seen["list"] + club.videos.seen["poll"]
    await club.until_film()

    assert club.card is interaction.message
    assert club.card.now.through == "token_edit", "its token lives as long as before"
    assert club.videos.seen["list"] + club.videos.seen["poll"] > asked
    await club.assert_film_came_once()
    assert club.bot.log.count("the machine's clock was moved") == 1
    assert "Traceback" not in club.bot.log


async def test_what_is_asked_for_after_it(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await set_clock(club)

    later = await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    club.finish()
    await club.discord.until(lambda: later.original and later.original.film)
    await club.discord.until(lambda: [row["status"] for row in club.rows()] == ["delivered"] * 2)

    assert club.videos.seen["create"] == len(await club.films_on_server()) == 2
    assert all(row["interaction_token"] for row in club.rows()), "no token was forgotten early"


async def test_a_film_that_waits_for_discord(club: FilmClub) -> None:
    """Its next try is neither an hour away nor given up."""
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.meet("film", cut, cut)
    club.finish()
    await club.discord.until(lambda: "a film was not sent" in club.bot.log)

    await set_clock(club)
    await club.until_film()

    await club.assert_film_came_once()
