"""A form that is refused gives back everything that was filled in."""

from typing import Any

import pytest

from bot.simulator.interactions import Interaction
from tests.reliability.film_club import FilmClub

TYPED = "an owl at night\nover two lines"


@pytest.fixture
def environment() -> dict[str, str]:
    return {"MAX_ACTIVE_PER_USER": "1"}


async def opened_form(club: FilmClub) -> Interaction:
    """Ask for a video, which goes on for as long as the test; open a form from its card."""
    await club.ask()
    await club.until_card_says("In progress")
    return await (
        await club.discord.message_command(club.ada, club.card, "Make a video")
    ).answered()


def filled(form: Interaction, **more: object) -> dict[str, Any]:
    """Type the prompt, choose the last of every select, and upload nothing but `more`."""
    answers: dict[str, Any] = {}
    for label in form.response_data["components"]:
        field = label["component"]
        if "options" in field:
            answers[field["custom_id"]] = [field["options"][-1]["value"]]
        elif "value" in field or "min_length" in field:
            answers[field["custom_id"]] = TYPED
        elif "upload" in more:
            answers[field["custom_id"]] = [more["upload"]]
    return answers


def chosen(answers: dict[str, Any]) -> list[str]:
    return [value[0] for value in answers.values() if isinstance(value[0], str) and value != TYPED]


def assert_given_back(sent: Interaction, answers: dict[str, Any]) -> None:
    (file,) = sent.message.now.files
    assert file.data.decode() == TYPED
    said = sent.message.text
    for value in chosen(answers):
        assert value in said


async def test_over_the_limit(club: FilmClub) -> None:
    form = await opened_form(club)
    answers = filled(form)
    sent = await (await club.discord.submit(form, **answers)).answered()

    assert "so nothing was started" in sent.message.text
    assert_given_back(sent, answers)


async def test_with_a_file_that_is_no_picture(club: FilmClub) -> None:
    form = await opened_form(club)
    answers = filled(form)
    picture = filled(form, upload=("owl.txt", b"hoot", "text/plain"))
    sent = await (await club.discord.submit(form, **picture)).answered()

    assert "PNG" in sent.message.text
    assert_given_back(sent, answers)
