"""A custom_id that somebody makes up is believed in the place of its card alone."""

import pytest

from tests.loopback.interactions import COMPONENT
from tests.reliability.film_club import PROMPT, FilmClub

BUTTON = 2


@pytest.mark.parametrize("action", ["cancel", "notify", "edit", "again", "delete_surely"])
async def test_a_button_of_another_community_does_nothing(club: FilmClub, action: str) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    (row,) = club.rows()
    elsewhere = club.discord.add_channel(club.channel.guild, "elsewhere")  # type: ignore[arg-type]
    mallory = club.discord.add_user("mallory")
    theirs = await club.discord.slash(mallory, elsewhere, "video", prompt=PROMPT)
    await theirs.answered()

    data = {"id": 1, "custom_id": f"rushes:{action}:{row['id']}", "component_type": BUTTON}
    forged = await club.discord._interact(COMPONENT, mallory, elsewhere, data, theirs.message)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    await forged.answered()

    assert "belongs to a video of another place" in forged.message.text
    assert len(club.discord.messages_in(club.channel)) == 1
