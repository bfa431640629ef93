"""Discord is away while the bot starts: it waits, says so once, and ends when it is told to."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.loopback.driver import Loopback
from tests.loopback.faults import Fault, answer, cut, nothing
from tests.loopback.hurried import HURRIED
from tests.loopback.process import BotProcess
from tests.reliability.film_club import GRACE, FilmClub
from tests.videos_server.server import ScriptedServer

SAID = "Discord cannot be reached"


@pytest.fixture
async def waiting(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[FilmClub]:
    """A server with one channel, and a bot that nobody has started."""
    club = FilmClub(discord, videos, tmp_path / "bot")
    yield club
    await club.bot.__aexit__()


async def test_discord_refuses_connections_and_comes_back(waiting: FilmClub) -> None:
    discord, bot = waiting.discord, waiting.bot
    async with discord.away():
        await bot.launch()
        await discord.until(lambda: SAID in bot.log)
    await discord.until(lambda: discord.gateway.connected)

    await waiting.ask()
    await waiting.until_film()

    await waiting.assert_film_came_once()
    assert_said_once(bot)


@pytest.mark.parametrize(
    ("kind", "faults"),
    [
        ("login", (answer(503), cut)),
        ("login", (nothing, answer(503), nothing, cut)),
        ("commands", (answer(503), cut)),
        ("login", (nothing, nothing, answer(503), cut)),
    ],
    ids=["who it is", "its application", "its commands", "where the gateway is"],
)
async def test_discord_fails_at_one_step(
    waiting: FilmClub, kind: str, faults: tuple[Fault, ...]
) -> None:
    waiting.discord.meet(kind, *faults)
    await waiting.bot.start(HURRIED)

    await waiting.ask()
    await waiting.until_film()

    assert waiting.discord.unmet(kind) == 0
    assert_said_once(waiting.bot)


async def test_it_stops_while_it_waits_for_discord(waiting: FilmClub) -> None:
    discord, bot = waiting.discord, waiting.bot
    async with discord.away():
        await bot.launch()
        await discord.until(lambda: SAID in bot.log)

        code, seconds = await bot.stop()

    assert code == 0
    assert seconds < GRACE
    assert_said_once(bot)


async def test_a_wrong_token_ends_it_with_a_sentence(waiting: FilmClub) -> None:
    discord, bot = waiting.discord, waiting.bot
    discord.meet("login", answer(401, 0, "401: Unauthorized"))
    await bot.launch()
    await discord.until(lambda: bot.ended)

    assert "Discord does not accept DISCORD_TOKEN" in bot.log
    assert SAID not in bot.log
    assert "Traceback" not in bot.log


def assert_said_once(bot: BotProcess) -> None:
    assert bot.log.count(SAID) == 1
    assert "Traceback" not in bot.log
    assert "Unclosed" not in bot.log
