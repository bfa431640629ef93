"""Everywhere a command may be used, the film comes into its one message, or as foretold."""

from collections.abc import Callable

import pytest

from bot.simulator.world import FORUM, STAGE, VOICE, Channel
from tests.loopback.driver import Loopback
from tests.reliability.film_club import TOKEN_OVER, FilmClub

FORETOLD = "you'll get the video as a direct message"

Place = Callable[[FilmClub], Channel]


def channel_of(kind: int) -> Place:
    def place(club: FilmClub) -> Channel:
        assert club.channel.guild is not None
        return club.discord.add_channel(club.channel.guild, kind=kind)

    return place


def post(club: FilmClub) -> Channel:
    return club.discord.add_thread(channel_of(FORUM)(club))


INSIDE: dict[str, Place] = {
    "thread": lambda club: club.discord.add_thread(club.channel),
    "forum post": post,
    "voice channel's chat": channel_of(VOICE),
    "stage channel's chat": channel_of(STAGE),
    "direct message with the bot": lambda club: club.discord.dm(club.ada),
}


def conversation(*names: str) -> Place:
    def place(club: FilmClub) -> Channel:
        others = (club.discord.add_user(name) for name in names)
        return club.discord.add_conversation(club.ada, *others)

    return place


OUTSIDE: dict[str, Place] = {
    "group": conversation("grace", "hedy"),
    "direct message of two": conversation("grace"),
    "server without the bot": lambda club: elsewhere(club.discord),
    "thread of a server without the bot": lambda club: club.discord.add_thread(
        elsewhere(club.discord)
    ),
}


def elsewhere(discord: Loopback) -> Channel:
    return discord.add_channel(discord.add_guild("Elsewhere", bot_is_member=False))


@pytest.mark.parametrize("place", INSIDE.values(), ids=INSIDE)
async def test_where_the_bot_is_the_film_comes_however_long_it_takes(
    club: FilmClub, place: Place
) -> None:
    club.channel = place(club)
    interaction = await club.ask()
    await club.until_card_says("In progress")
    assert FORETOLD not in club.card.text

    club.discord.skew(TOKEN_OVER)
    await club.until_film()

    assert club.card is interaction.message
    assert club.card.now.through == "channel_edit"
    await club.assert_film_came_once()


@pytest.mark.parametrize("place", OUTSIDE.values(), ids=OUTSIDE)
async def test_where_the_bot_is_not_the_film_comes_in_time(club: FilmClub, place: Place) -> None:
    club.channel = place(club)
    interaction = await club.ask()
    assert FORETOLD in interaction.message.versions[0].text
    await club.until_film()

    assert club.card is interaction.message
    assert club.card.now.through == "token_edit"
    await club.assert_film_came_once()


@pytest.mark.parametrize("place", OUTSIDE.values(), ids=OUTSIDE)
async def test_where_the_bot_is_not_a_late_film_comes_as_a_direct_message(
    club: FilmClub, place: Place
) -> None:
    club.channel = place(club)
    await club.ask()
    await club.until_card_says("In progress")
    card = club.card
    assert FORETOLD in card.text

    club.discord.skew(TOKEN_OVER)
    club.finish()
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private), within=15)

    assert "Completed" not in card.text
    club.channel = private
    await club.assert_film_came_once()
