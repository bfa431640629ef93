"""A form of a message's menu: opened, filled in, and given back where it is refused."""

from typing import Any

from bot.simulator.interactions import Interaction
from tests.reliability.film_club import FilmClub

TYPED = "an owl at night\nover two lines"


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
