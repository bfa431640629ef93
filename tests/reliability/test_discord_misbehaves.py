"""Expired tokens, failing edits, cut connections: the film comes all the same, into one message."""

import pytest

from tests.loopback.faults import Fault, answer, cut, cut_after
from tests.reliability.film_club import FilmClub

TOKEN_OVER = 16 * 60.0


async def test_the_token_dies_while_the_film_is_rendered(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")

    club.discord.skew(TOKEN_OVER)
    await club.until_film()

    assert club.card.now.through == "channel_edit"
    await club.assert_film_came_once()


async def test_the_token_dies_while_nobody_runs(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await club.bot.kill()
    club.discord.skew(TOKEN_OVER)
    club.discord.interactions.dead_is_404 = True

    await club.bot.start()
    await club.until_film()

    await club.assert_film_came_once()


@pytest.mark.parametrize(
    "faults",
    [
        (answer(500), answer(502)),
        (cut, cut),
        (cut_after,),
    ],
    ids=["5xx", "cut twice", "applied, then cut"],
)
async def test_the_edit_with_the_film_fails(club: FilmClub, faults: tuple[Fault, ...]) -> None:
    club.discord.meet("film", *faults)
    club.finish()
    interaction = await club.ask()

    await club.discord.until(lambda: club.discord.seen["film"] > len(faults))
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()


@pytest.mark.parametrize("fault", [cut_after, answer(500)], ids=["cut", "500"])
async def test_the_answer_to_the_interaction_is_lost(club: FilmClub, fault: Fault) -> None:
    club.discord.meet("acknowledge", fault)

    await club.ask()
    await club.until_film()

    await club.assert_film_came_once()


async def test_the_card_is_deleted_while_the_film_is_rendered(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await club.discord.delete_message(club.card)

    await club.until_rendered()
    await club.ask()
    await club.until_film()

    assert club.discord.seen["followup"] == 0


async def test_discord_finds_the_film_too_large(club: FilmClub) -> None:
    interaction = await club.ask()
    interaction.upload_limit = 1000
    club.finish()

    await club.until_card_says("Not delivered")

    assert "larger than what may be uploaded" in club.card.text
    assert [one.code for one in club.discord.requests if one.status == 413] == [40005]


async def test_the_thread_is_archived_while_the_film_is_rendered(club: FilmClub) -> None:
    club.channel = club.discord.add_thread(club.channel)
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)

    club.channel.archived = True
    await club.until_film(within=10)

    await club.assert_film_came_once()


async def test_the_bot_loses_the_channel_while_the_film_is_rendered(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)

    club.channel.bot_may = 0
    club.finish()
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private), within=10)

    club.channel = private
    await club.assert_film_came_once()
