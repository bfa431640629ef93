"""A form that is refused gives back everything that was filled in."""

import os
import signal

import pytest

from tests.loopback.faults import Held
from tests.reliability.film_club import FilmClub
from tests.reliability.forms import assert_given_back, filled, opened_form


@pytest.fixture
def environment() -> dict[str, str]:
    return {"MAX_ACTIVE_PER_USER": "1"}


async def test_over_the_limit(club: FilmClub) -> None:
    form = await opened_form(club)
    answers = filled(form)
    sent = await (await club.discord.submit(form, **answers)).answered()

    assert "still running" in sent.message.text
    assert_given_back(sent, answers)


async def test_with_a_file_that_is_no_picture(club: FilmClub) -> None:
    form = await opened_form(club)
    answers = filled(form)
    picture = filled(form, upload=("owl.txt", b"hoot", "text/plain"))
    sent = await (await club.discord.submit(form, **picture)).answered()

    assert "PNG" in sent.message.text
    assert_given_back(sent, answers)


async def test_while_the_bot_stops(club: FilmClub) -> None:
    form = await opened_form(club)
    upload = Held()
    club.discord.meet("film", upload)
    club.finish()
    await upload.reached.wait()
    os.kill(club.bot.pid, signal.SIGTERM)
    await club.discord.until(lambda: "stopping" in club.bot.log)

    answers = filled(form)
    sent = await (await club.discord.submit(form, **answers)).answered()

    assert "is restarting" in sent.message.text
    assert_given_back(sent, answers)
    await club.bot.until_ended()
