"""The film goes another way than its card, and the process dies there: it comes once."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.jobs.lifecycle import CARD_RETRIED_FOR
from bot.simulator.errors import OLD_MESSAGE
from bot.simulator.limits import Limit
from bot.simulator.messages import Message
from bot.simulator.world import READ_HISTORY, USUAL
from tests.loopback.faults import Held, answer, cut_after, edits_spent, nothing
from tests.reliability.film_club import NONCE_OVER, FilmClub, films, old_card
from tests.videos_server.faults import answer as not_found
from tests.videos_server.faults import changed


async def delivered_in_a_reply(club: FilmClub) -> Message:
    """Let the film be finished, and its old card take no more edits."""
    club.discord.meet("film", nothing, edits_spent)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    (reply,) = films(club.discord, club.channel)
    return reply


async def delete(club: FilmClub, film: Message) -> None:
    """Press the button, and the one that asks whether that is meant."""
    asked = await (await club.discord.press(club.ada, film, "Delete")).answered()
    await club.discord.press(club.ada, asked.message, "Delete forever")


@pytest.mark.parametrize("later", [0.0, NONCE_OVER], ids=["soon", "later"])
async def test_killed_after_the_reply_was_taken(club: FilmClub, later: float) -> None:
    """The old message takes edits again after the restart: the film stays in the reply alone."""
    await old_card(club)
    reply = Held(applied=True)
    club.discord.meet("film", nothing, edits_spent, reply)
    club.finish()
    await reply.reached.wait()
    await club.bot.kill()

    club.discord.skew(later)
    await club.bot.start()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    (shown,) = films(club.discord, club.channel)
    assert shown.reference is not None
    assert len(club.discord.messages_in(club.channel)) == 2
    assert club.rows()[0]["message_id"] == shown.id


@pytest.mark.parametrize("later", [0.0, NONCE_OVER], ids=["soon", "later"])
async def test_killed_after_the_direct_message_was_taken(club: FilmClub, later: float) -> None:
    """The channel is open again after the restart: the film stays in the direct message alone."""
    await old_card(club)
    club.channel.bot_may = 0
    direct = Held(applied=True)
    club.discord.meet("dm", direct)
    club.finish()
    await direct.reached.wait()
    await club.bot.kill()

    club.channel.bot_may = USUAL
    club.discord.skew(later)
    await club.bot.start()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    private = club.discord.dm(club.ada)
    assert len(films(club.discord, club.channel, private)) == 1
    assert len(club.discord.messages_in(private)) == 1


async def test_killed_before_the_direct_message_was_refused(club: FilmClub) -> None:
    """The channel is open again after the restart, and nothing else is."""
    await old_card(club)
    club.channel.bot_may = 0
    direct = Held()
    club.discord.meet("dm", direct, *[answer(403, 50007)] * 2)
    club.finish()
    await direct.reached.wait()
    await club.bot.kill()

    club.channel.bot_may = USUAL
    await club.bot.start()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    await club.assert_film_came_once()
    assert club.discord.messages_in(club.discord.dm(club.ada)) == []


async def test_the_answer_to_the_last_edit_was_lost_and_no_other_is_taken(club: FilmClub) -> None:
    """The card shows the film already, so no reply has to."""
    await old_card(club)
    club.discord.meet("film", nothing, cut_after, edits_spent)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    await club.assert_film_came_once()


async def test_where_the_history_may_not_be_read_a_nonce_alone_tells(club: FilmClub) -> None:
    await old_card(club)
    club.channel.bot_may = USUAL & ~READ_HISTORY
    reply = Held(applied=True)
    club.discord.meet("film", nothing, edits_spent, reply)
    club.finish()
    await reply.reached.wait()

    await club.bot.restart()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    assert len(films(club.discord, club.channel)) == 1


async def test_killed_after_an_end_was_said_in_a_direct_message(club: FilmClub) -> None:
    await old_card(club)
    club.channel.bot_may = 0
    direct = Held(applied=True)
    club.discord.meet("dm", direct)
    club.videos.meet("poll", *[not_found(404, "{}")] * 5)
    await direct.reached.wait()
    await club.bot.kill()

    club.channel.bot_may = USUAL
    club.discord.skew(NONCE_OVER)
    await club.bot.start()
    await club.discord.until(lambda: club.rows()[0]["shown"] == "failed")

    assert len(club.discord.messages_in(club.discord.dm(club.ada))) == 1


async def test_a_film_that_is_redelivered_goes_into_its_card_again(club: FilmClub) -> None:
    await old_card(club)
    club.channel.bot_may = 0
    club.discord.meet("dm", *[answer(403, 50278)] * 2)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["shown"] == "undelivered")
    assert club.rows()[0]["fallback"] == "direct"

    club.channel.bot_may = USUAL
    await club.bot.restart()
    await club.until_film()

    await club.assert_film_came_once()


async def test_the_card_that_was_closed_says_where_the_film_is(club: FilmClub) -> None:
    await old_card(club)
    card = club.card
    club.channel.bot_may = 0
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    club.channel.bot_may = USUAL
    await club.bot.restart()
    await club.until_card_says(f"The video went to <@{club.ada.id}>")

    assert card is club.card
    assert len(films(club.discord, club.channel, club.discord.dm(club.ada))) == 1
    assert "Again" in str(club.card.now.components)
    await club.discord.until(lambda: club.rows()[0]["card_retry_at"] is None)


async def test_the_card_that_took_no_more_edits_says_where_the_film_is(club: FilmClub) -> None:
    await old_card(club)
    card = club.card
    reply = await delivered_in_a_reply(club)
    await club.bot.kill()
    club.rewrite(card_retry_at=1)

    await club.bot.start()
    await club.discord.until(lambda: "in [a reply to this message]" in card.text)

    assert str(reply.id) in card.text
    assert len(films(club.discord, club.channel)) == 1
    assert len(club.discord.messages_in(club.channel)) == 2


async def test_a_film_in_a_reply_is_deleted_with_the_card_that_took_no_more_edits(
    club: FilmClub,
) -> None:
    await old_card(club)
    reply = await delivered_in_a_reply(club)

    await delete(club, reply)

    await club.discord.until(lambda: not club.discord.messages_in(club.channel))
    assert club.rows() == []
    assert await club.films_on_server() == []


async def test_a_film_in_a_direct_message_is_deleted_with_the_card_that_was_closed(
    club: FilmClub,
) -> None:
    await old_card(club)
    club.channel.bot_may = 0
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    club.channel.bot_may = USUAL
    private = club.discord.dm(club.ada)

    await delete(club, *films(club.discord, private))

    await club.discord.until(lambda: not club.discord.messages_in(private))
    assert club.discord.messages_in(club.channel) == []
    assert club.rows() == []


async def test_what_can_be_deleted_is_deleted_and_the_rest_is_said(club: FilmClub) -> None:
    """Without the history nobody can tell which card the reply stands for."""
    await old_card(club)
    card = club.card
    reply = await delivered_in_a_reply(club)
    club.channel.bot_may = USUAL & ~READ_HISTORY

    await delete(club, reply)

    await club.discord.until(lambda: len(club.discord.private_to(club.ada)) > 1)
    assert "can't remove the message" in club.discord.private_to(club.ada)[-1].text
    assert club.discord.messages_in(club.channel) == [card]


async def test_the_card_of_an_end_that_was_said_elsewhere_says_it_too(club: FilmClub) -> None:
    await old_card(club)
    club.channel.bot_may = 0
    club.videos.meet("poll", *[not_found(404, "{}")] * 5)
    await club.discord.until(lambda: club.rows()[0]["shown"] == "failed")
    assert "In progress" in club.card.text

    club.channel.bot_may = USUAL
    await club.bot.restart()
    await club.until_card_says("lost this video")

    assert len(club.discord.messages_in(club.discord.dm(club.ada))) == 1


async def test_a_card_that_stays_closed_is_asked_for_no_more(club: FilmClub) -> None:
    await old_card(club)
    club.channel.bot_may = 0
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    soon = club.rows()[0]["card_retry_at"]

    await club.bot.restart()
    await club.discord.until(lambda: club.rows()[0]["card_retry_at"] != soon)

    row = club.rows()[0]
    assert row["card_retry_at"] - row["ended_at"] == CARD_RETRIED_FOR


async def test_a_card_has_had_the_edits_of_an_old_message(club: FilmClub) -> None:
    """Nothing is laid out here: its own progress takes the edits, and Discord counts them."""
    club.discord.limits.old_edits = Limit(3, 600.0)
    await old_card(club, age=2 * 3600.0)
    for percent in range(41, 60):
        club.videos.meet("poll", changed(_progress(percent)))
    spent = {OLD_MESSAGE}
    await club.discord.until(lambda: spent <= {one.code for one in club.discord.requests})
    (card,) = club.discord.messages_in(club.channel)
    shown = len(card.versions)

    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    (reply,) = films(club.discord, club.channel)
    assert reply.reference is not None
    assert reply.reference["message_id"] == card.id
    assert [file.data for file in reply.now.shown_files] == await club.films_on_server()
    assert len(card.versions) == shown
    assert len(club.discord.messages_in(club.channel)) == 2
    assert club.videos.seen["create"] == 1


def _progress(percent: int) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda told: told | {"status": "in_progress", "progress": percent}
