"""/video through real sockets, with nothing going wrong."""

from pathlib import Path

import pytest

from bot.simulator.interactions import DEADLINE
from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.embedded import embedded_videos


async def test_the_film_comes_into_the_one_message(discord: Loopback, tmp_path: Path) -> None:
    """Here alone it is really rendered."""
    async with (
        embedded_videos(tmp_path / "server") as videos,
        FilmClub(discord, videos, tmp_path / "bot") as club,
    ):
        interaction = await club.ask()
        assert interaction.answered_after is not None
        assert interaction.answered_after < DEADLINE

        await club.until_film()

        assert club.card is interaction.message
        assert discord.too_many == 0
        await club.assert_film_came_once()


async def test_three_people_at_once_get_a_film_each(club: FilmClub) -> None:
    people = [club.discord.add_user(name) for name in ("ada", "grace", "hedy")]
    asked = [
        await club.discord.slash(one, club.channel, "video", prompt=f"a film for {one.name}")
        for one in people
    ]
    for interaction in asked:
        await interaction.answered()
    club.finish()

    await club.discord.until(lambda: all(one.message.film for one in asked))

    films = {interaction.message.film for interaction in asked}
    assert films == set(await club.films_on_server())
    assert len(club.discord.messages_in(club.channel)) == len(people)
    assert club.discord.too_many == 0


async def test_in_a_direct_message(club: FilmClub) -> None:
    club.channel = club.discord.dm(club.ada)

    await club.ask()
    await club.until_film()

    await club.assert_film_came_once()


async def test_where_only_the_person_has_installed_the_bot(club: FilmClub) -> None:
    club.channel = club.discord.add_channel(club.discord.add_guild(bot_is_member=False))

    await club.ask()
    await club.until_film()

    await club.assert_film_came_once()


@pytest.mark.parametrize(("option", "value"), [("size", "100x100"), ("seconds", "99")])
async def test_a_choice_of_last_week_is_refused_in_private(
    club: FilmClub, option: str, value: str
) -> None:
    """A client may still hold the choices of an earlier start, and Discord lets it."""
    for command in club.discord.commands_in(club.channel):
        for each in command.get("options", []):
            each.pop("choices", None)
    interaction = await club.discord.slash(
        club.ada, club.channel, "video", prompt="a cat", **{option: value}
    )
    await interaction.answered()

    assert f"“{value}” isn't available" in interaction.message.text
    assert [one.text for one in club.discord.private_to(club.ada)] == [interaction.message.text]
    assert club.discord.messages_in(club.channel) == []
