"""Expired tokens, failing edits, cut connections: the film comes all the same, into one message."""

import pytest

from bot.simulator.world import SEND, USUAL, VIEW
from tests.loopback.faults import Fault, answer, cut, cut_after, edits_spent, nothing
from tests.reliability.film_club import TOKEN_OVER, FilmClub
from tests.videos_server.faults import answer as not_found


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


async def test_an_old_message_takes_no_more_edits(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(2 * 3600)
    club.discord.meet("channel_edit", edits_spent)
    # The token's own road comes first, and is dead.
    club.discord.meet("film", nothing, edits_spent)
    club.finish()

    await club.discord.until(lambda: len(club.discord.messages_in(club.channel)) == 2, within=10)

    old, new = club.discord.messages_in(club.channel)
    assert "Completed" not in old.text
    assert new.reference is not None
    assert new.reference["message_id"] == old.id
    assert [file.data for file in new.now.shown_files] == await club.films_on_server()
    assert club.videos.seen["create"] == 1
    assert club.discord.seen["film"] == 3


async def test_a_failure_reaches_its_requester_where_the_channel_is_lost(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    club.channel.bot_may = 0

    club.videos.meet("poll", *[not_found(404, "{}")] * 5)
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private), within=15)

    (told,) = club.discord.messages_in(private)
    assert "lost this video" in told.text
    assert f"can't post in <#{club.channel.id}>" in told.text
    assert club.bot.log.count("is closed to the bot") == 1


async def test_nobody_can_be_reached_until_the_next_start(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    club.channel.bot_may = 0
    club.discord.meet("dm", *[answer(403, 50007)] * 2)
    club.finish()
    await club.discord.until(lambda: "no_access" in club.bot.log, within=15)

    await club.bot.kill()
    club.channel.bot_may = USUAL
    await club.bot.start()
    await club.until_card_says("Completed")

    await club.assert_film_came_once()


async def test_what_the_bot_may_not_is_said_before_it_matters(club: FilmClub) -> None:
    club.channel.bot_may = VIEW | SEND

    await club.ask()
    await club.until_film()
    await club.discord.until(lambda: club.discord.private_to(club.ada))

    (told,) = club.discord.private_to(club.ada)
    assert "The bot is missing permissions here: Attach Files." in told.text
    assert "lacks Attach Files" in club.bot.log


async def test_the_thread_is_archived_while_the_token_lives(club: FilmClub) -> None:
    club.channel = club.discord.add_thread(club.channel)
    await club.ask()
    await club.until_card_says("In progress")

    club.channel.archived = True
    await club.until_film()

    await club.assert_film_came_once()


async def test_the_thread_is_locked(club: FilmClub) -> None:
    club.channel = club.discord.add_thread(club.channel)
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)

    club.channel.archived = club.channel.locked = True
    club.finish()
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private))

    club.channel = private
    await club.assert_film_came_once()


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
async def test_the_bot_is_removed_from_the_server_and_invited_again(
    club: FilmClub, *, restarted: bool
) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    guild = club.channel.guild
    assert guild is not None

    # What comes before counts as the servers that the bot begins with.
    await club.discord.until(lambda: "ready as" in club.bot.log)
    await club.discord.remove_bot(guild)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "undelivered")

    if restarted:
        guild.bot_is_member = True
        await club.bot.restart()
    else:
        await club.discord.invite_bot(guild)
    await club.until_film()
    await club.assert_film_came_once()


async def nobody_can_be_reached(club: FilmClub) -> None:
    """Have a film kept, since neither the channel nor its requester takes it."""
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    club.discord.meet("dm", *[answer(403, 50007)] * 10)
    if club.channel.parent is None:
        await club.discord.permit(club.channel, 0)
    else:
        club.channel.archived = club.channel.locked = True
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "undelivered")


async def test_a_kept_film_comes_when_its_channel_is_opened(club: FilmClub) -> None:
    await nobody_can_be_reached(club)
    tried = club.discord.seen["film"]

    await club.discord.permit(club.channel, VIEW | SEND)
    await club.discord.permit(club.channel, USUAL)
    await club.until_film()

    await club.assert_film_came_once()
    assert club.discord.seen["film"] == tried + 1, "it is not offered where it cannot come"


async def test_a_kept_film_comes_when_the_bot_gets_a_role_that_opens_its_channel(
    club: FilmClub,
) -> None:
    await nobody_can_be_reached(club)

    assert club.channel.guild is not None
    await club.discord.join_crew(club.channel.guild)
    await club.until_film()

    await club.assert_film_came_once()


async def test_a_kept_film_comes_when_its_thread_is_opened(club: FilmClub) -> None:
    club.channel = club.discord.add_thread(club.channel)
    await nobody_can_be_reached(club)

    await club.discord.open_thread(club.channel)
    await club.until_film()

    await club.assert_film_came_once()


async def test_a_card_that_was_closed_says_where_its_film_is_once_it_is_open(
    club: FilmClub,
) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    await club.discord.permit(club.channel, 0)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    await club.discord.permit(club.channel, USUAL)

    await club.until_card_says(f"The video went to <@{club.ada.id}>")
