"""The bot is killed at every point where it has written or sent something, and started again."""

import asyncio

import pytest
from aiohttp import web

from tests.loopback.faults import Held
from tests.reliability.film_club import PROMPT, FilmClub
from tests.videos_server.server import ScriptedServer


@pytest.fixture
def environment() -> dict[str, str]:
    """One film at a time, so that a job that was forgotten wrongly blocks the next."""
    return {"MAX_ACTIVE_PER_USER": "1"}


async def test_while_the_film_is_rendered(club: FilmClub) -> None:
    interaction = await club.ask()
    await club.until_card_says("In progress")

    await club.bot.restart()
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()


async def test_and_the_film_is_finished_while_nobody_runs(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await club.bot.kill()
    await club.until_rendered()

    await club.bot.start()
    await club.until_film()

    await club.assert_film_came_once()


async def test_before_the_answer_reached_discord(club: FilmClub) -> None:
    answer = Held()
    club.discord.meet("acknowledge", answer)
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await answer.reached.wait()

    await club.bot.restart()
    await club.discord.until(lambda: not club.rows())
    await club.ask()
    await club.until_film()

    await club.assert_film_came_once()


async def test_after_the_card_stood_and_before_the_create(club: FilmClub) -> None:
    answer = Held(applied=True)
    club.discord.meet("acknowledge", answer)
    interaction = await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await answer.reached.wait()
    assert club.videos.seen["create"] == 0

    await club.bot.restart()
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()


async def test_while_the_create_is_on_the_wire(club: FilmClub, videos: ScriptedServer) -> None:
    on_the_wire = asyncio.Event()

    async def never_answered(request: web.Request) -> web.StreamResponse:
        await request.read()
        await videos.pass_on(request)
        on_the_wire.set()
        return await asyncio.Future()

    club.videos.meet("create", never_answered)
    await club.ask()
    await on_the_wire.wait()

    await club.bot.restart()
    await club.until_card_says("Not sure it was sent")

    assert "may cost twice" in club.card.text
    assert videos.seen["create"] == 1
    assert videos.passed["poll"] == 0


@pytest.mark.parametrize("applied", [False, True])
async def test_while_the_film_is_uploaded(club: FilmClub, *, applied: bool) -> None:
    upload = Held(applied=applied)
    club.discord.meet("film", upload)
    club.finish()
    interaction = await club.ask()
    await upload.reached.wait()

    await club.bot.restart()
    await club.discord.until(lambda: club.discord.seen["film"] > 1)
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()


async def test_again_before_it_is_connected(club: FilmClub) -> None:
    interaction = await club.ask()
    await club.until_card_says("In progress")

    for _ in range(3):
        await club.bot.kill()
        await club.bot.launch()
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()
