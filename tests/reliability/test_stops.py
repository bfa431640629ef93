"""The process ends in time when asked to, loses nothing by it, and tells no secrets."""

import asyncio
import signal
import sys
from pathlib import Path

from aiohttp import web

from tests.loopback.driver import Loopback
from tests.loopback.faults import Held, answer, cut
from tests.loopback.process import VIDEOS_KEY
from tests.reliability.film_club import GRACE, FilmClub
from tests.videos_server.server import ScriptedServer


async def test_it_stops_while_films_are_rendered_and_goes_on_after(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")

    code, seconds = await club.bot.stop()
    assert code == 0
    assert seconds < GRACE, club.bot.log

    assert "Traceback" not in club.bot.log
    assert "Unclosed" not in club.bot.log

    await club.bot.start()
    await club.until_film()
    await club.assert_film_came_once()


async def test_it_stops_while_neither_side_answers(club: FilmClub) -> None:
    upload, on_the_wire = Held(), asyncio.Event()

    async def never_answered(request: web.Request) -> web.StreamResponse:
        await request.read()
        on_the_wire.set()
        return await asyncio.Future()

    club.discord.meet("film", upload)
    club.finish()
    rendered = await club.ask()
    await upload.reached.wait()
    club.videos.meet("create", never_answered)
    sent = await club.ask()
    await on_the_wire.wait()

    code, seconds = await club.bot.stop()

    assert code == 0
    assert seconds < GRACE, club.bot.log

    await club.bot.start()
    await club.discord.until(lambda: rendered.message.film)
    await club.discord.until(lambda: "Not sure it was sent" in sent.message.text)
    assert club.videos.seen["create"] == 2


async def test_it_stops_although_the_gateway_does_not_answer_the_close(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.gateway.answers_close = False

    code, seconds = await club.bot.stop()

    assert code == 0
    assert club.discord.gateway.unanswered == 1
    assert seconds < GRACE, club.bot.log
    assert "Traceback" not in club.bot.log
    assert "Unclosed" not in club.bot.log
    await club.bot.start()
    await club.until_film()
    await club.assert_film_came_once()


async def test_what_does_not_end_is_ended() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.reliability.stubborn",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"here\n"

    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), GRACE)

    assert process.returncode == 1
    assert b"the stop hangs" in said


async def test_no_secret_is_ever_logged(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    environment = {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "json"}
    async with FilmClub(discord, videos, tmp_path / "bot", **environment) as club:
        discord.meet("token_edit", answer(403, 50001, "Missing Access"), answer(400, 50035))
        discord.meet("film", cut, answer(400, 50035, "Invalid Form Body"))
        interaction = await club.ask()
        await club.until_film()
        await discord.gateway.reconnect()
        await discord.until(lambda: discord.gateway.resumes)
        await club.bot.stop()

        assert "delivered" in club.bot.log or "completed" in club.bot.log
        for secret in (discord.token, VIDEOS_KEY, interaction.token):
            assert secret not in club.bot.log
