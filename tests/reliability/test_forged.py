"""A custom_id that somebody makes up is believed in the place of its card alone."""

import pytest

from bot.simulator.interactions import COMPONENT
from bot.simulator.world import MANAGE_MESSAGES, USUAL, Channel
from tests.reliability.film_club import PROMPT, FilmClub

BUTTON = 2
ACTIONS = ("cancel", "notify", "edit", "again", "delete_surely")


async def press_made_up(club: FilmClub, elsewhere: Channel, action: str, may: int = USUAL) -> None:
    """Have a stranger press a button of the one card, made up under a card of their own."""
    await club.ask()
    await club.until_card_says("In progress")
    (row,) = club.rows()
    mallory = club.discord.add_user("mallory", may=may)
    theirs = await club.discord.slash(mallory, elsewhere, "video", prompt=PROMPT)
    await theirs.answered()

    data = {"id": 1, "custom_id": f"rushes:{action}:{row['id']}", "component_type": BUTTON}
    press = club.discord._interact  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    forged = await press(COMPONENT, mallory, elsewhere, data, theirs.message)
    await forged.answered()

    assert "belongs to a video in another channel" in forged.message.text
    assert len(club.discord.messages_in(club.channel)) == 1
    assert {each["status"] for each in club.rows() if each["id"] == row["id"]} == {"in_progress"}


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_button_of_another_channel_does_nothing(club: FilmClub, action: str) -> None:
    assert club.channel.guild is not None
    elsewhere = club.discord.add_channel(club.channel.guild, "elsewhere")
    await press_made_up(club, elsewhere, action)


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_moderator_of_another_community_can_do_nothing(club: FilmClub, action: str) -> None:
    community = club.discord.add_guild("another")
    await club.discord.invite_bot(community)
    elsewhere = club.discord.add_channel(community)
    await press_made_up(club, elsewhere, action, may=USUAL | MANAGE_MESSAGES)
