"""Discord refuses what a message says or shows: something true is seen all the same, at once."""

import pytest

from bot.simulator.errors import Refusal
from bot.simulator.messages import Message
from tests.loopback.faults import (
    Fault,
    answer,
    cut_midway,
    garbled,
    limited,
    nothing,
    page,
)
from tests.reliability.film_club import PROMPT, TOKEN_OVER, FilmClub

PLAIN = "full card couldn't be shown"
WORD = "calico"
"""A word of the prompt, and so of the film's usual name."""
CODES = {
    200000: "AutoMod",
    200001: "AutoMod, a title",
    240000: "Harmful link",
    20009: "Explicit content",
    160005: "Thread is locked",
    50006: "Empty message",
    299999: "Something new",
}


def refused(code: int) -> Fault:
    return answer(400, code, CODES[code])


def dislike(club: FilmClub, code: int = 200000, status: int = 400) -> None:
    """Have Discord take no message with a word of the prompt in it."""
    club.discord.messages.refused = WORD
    club.discord.messages.refused_with = Refusal(status, code, "Refused")


def no_traceback(club: FilmClub) -> None:
    assert "Traceback" not in club.bot.log


@pytest.mark.parametrize(("code", "status"), [(200000, 400), (240000, 403), (299999, 404)])
async def test_words_that_are_refused_everywhere(club: FilmClub, code: int, status: int) -> None:
    """The first answer, progress and the film: one plain message."""
    dislike(club, code, status)
    await club.ask()
    await club.until_card_says("In progress")
    assert PLAIN in club.card.text

    await club.until_film()

    await club.assert_film_came_once()
    assert WORD not in str([version.components for version in club.card.versions])
    assert club.bot.log.count("Discord refuses a card") == 1, "the same words are not tried again"
    no_traceback(club)


async def test_words_that_are_refused_from_now_on(club: FilmClub) -> None:
    await club.ask()
    dislike(club)
    await club.until_card_says("In progress")
    assert PLAIN in club.card.text

    await club.bot.restart()
    await club.until_film()

    await club.assert_film_came_once()
    no_traceback(club)


@pytest.mark.parametrize("code", CODES)
async def test_one_progress_edit_is_refused(club: FilmClub, code: int) -> None:
    club.discord.meet("edit", refused(code))
    await club.ask()

    await club.until_card_says("In progress")

    assert PLAIN in club.card.text
    await club.until_film()
    await club.assert_film_came_once()


async def test_every_progress_edit_is_refused(club: FilmClub) -> None:
    """A card that cannot even change plainly is said to stand still, once."""
    club.discord.meet("edit", *[refused(200000)] * 100)
    interaction = await club.ask()

    await club.until_card_says("blocks updates to the message")
    tried = club.discord.seen["token_edit"]
    assert tried <= 4
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    card, said = club.discord.messages_in(club.channel)
    assert card is interaction.message
    assert card.film is not None
    assert said.text.count("blocks updates") == 1
    no_traceback(club)


@pytest.mark.parametrize("late", [False, True], ids=["its token", "its channel"])
async def test_the_film_is_refused_in_the_card(club: FilmClub, *, late: bool) -> None:
    """Even plainly: it comes in a reply."""
    await club.ask()
    await club.until_card_says("In progress")
    if late:
        club.discord.skew(TOKEN_OVER)
    dead = [nothing] if late else []
    club.discord.meet("film", *dead, *[refused(200000)] * 2)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    _, reply = club.discord.messages_in(club.channel)
    assert reply.film is not None
    no_traceback(club)


async def test_the_film_is_refused_in_the_channel(club: FilmClub) -> None:
    """The card plainly, and the reply: it comes in a direct message, which says why."""
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.meet("film", *[refused(240000)] * 3)
    club.finish()
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private))

    (told,) = club.discord.messages_in(private)
    assert told.film is not None
    assert f"because Discord blocked it in <#{club.channel.id}>" in told.text
    assert "closed to the bot" not in club.bot.log


async def test_the_film_itself_is_refused(club: FilmClub) -> None:
    club.discord.meet("film", refused(20009))
    club.finish()
    await club.ask()

    await club.until_card_says("Discord doesn't allow it here")

    await club.discord.press(club.ada, club.card, "Post again")
    await club.until_film()
    await club.assert_film_came_once()


@pytest.mark.parametrize("code", [200000, 240000])
async def test_an_end_in_words_is_refused(club: FilmClub, code: int) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    dislike(club, code)
    await club.discord.press(club.ada, club.card, "Cancel")

    await club.until_card_says("Cancelled")

    assert WORD not in club.card.text


async def test_an_end_in_words_is_refused_plainly_as_well(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.meet("edit", *[refused(200000)] * 100)
    await club.discord.press(club.ada, club.card, "Cancel")

    def replies() -> list[Message]:
        return [one for one in club.discord.messages_in(club.channel) if one.reference]

    await club.discord.until(lambda: any("Cancelled" in one.text for one in replies()))
    no_traceback(club)


async def test_every_card_is_refused_at_first(club: FilmClub) -> None:
    """Nothing is sent, and who asked is told so."""
    club.discord.meet("acknowledge", *[refused(200000)] * 2)
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await club.discord.until(lambda: club.discord.private_to(club.ada))

    (told,) = club.discord.private_to(club.ada)
    assert "nothing was started or charged" in told.text
    await club.discord.until(lambda: not club.rows())
    assert club.videos.seen["create"] == 0


async def test_no_answer_at_all_is_taken(club: FilmClub) -> None:
    club.discord.meet("acknowledge", *[refused(200000)] * 3)
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private))

    assert "nothing was started or charged" in club.discord.messages_in(private)[0].text
    no_traceback(club)


async def test_a_list_is_refused(club: FilmClub) -> None:
    await club.ask()
    await club.until_film()
    dislike(club)
    asked = await (await club.discord.slash(club.ada, club.channel, "videos")).answered()

    assert "Completed" in asked.message.text
    assert WORD not in asked.message.text


async def test_a_private_answer_is_refused(club: FilmClub) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.meet("acknowledge", refused(200000))
    asked = await (await club.discord.press(club.ada, club.card, "Notify me")).answered()

    assert "Discord blocked the bot's answer" in asked.message.text


async def test_a_form_is_refused(club: FilmClub) -> None:
    await club.ask()
    await club.until_film()
    club.discord.meet("acknowledge", refused(200000))
    asked = await (await club.discord.press(club.ada, club.card, "Edit prompt")).answered()

    assert "Discord blocked the bot's answer" in asked.message.text
    no_traceback(club)


async def test_a_letter_to_who_waits_is_refused(club: FilmClub) -> None:
    grace = club.discord.add_user("grace")
    await club.ask()
    await club.until_card_says("In progress")
    await (await club.discord.press(grace, club.card, "Notify me")).answered()
    club.discord.meet("channel_send", refused(200000))
    club.discord.meet("dm", refused(240000))
    club.finish()
    private = club.discord.dm(grace)
    await club.discord.until(lambda: club.discord.messages_in(private))

    (told,) = club.discord.messages_in(private)
    assert "Completed" in told.text
    assert WORD not in told.text


UNREADABLE = {
    "Cloudflare's 403": page(403),
    "Cloudflare's 429": page(429),
    "a page as 200": page(200, applied=True),
    "half an answer": garbled(),
    "an empty object": garbled("{}"),
    "what is of another kind": garbled(
        '{"id": "x", "channel_id": 1, "author": 5, "content": [], "attachments": 7, "embeds": {}}'
    ),
    "a refusal in half an answer": garbled('{"code": 2', 400),
    "a limit that names no time": garbled("{}", 429),
    "cut in the middle": cut_midway,
}


@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_answer_that_is_not_discord_s(club: FilmClub, name: str) -> None:
    """An edit of progress and the one with the film; the token is believed in all the same."""
    fault = UNREADABLE[name]
    club.discord.meet("edit", fault)
    await club.ask()
    await club.discord.until(lambda: club.discord.unmet("edit") == 0)
    club.discord.meet("film", fault)
    await club.until_film()

    await club.assert_film_came_once()
    assert club.card.now.through == "token_edit"
    no_traceback(club)


LONG = 45.0
"""Seconds that nobody waits for in these tests."""


@pytest.mark.parametrize("scope", ["user", "shared", "global"])
async def test_the_film_does_not_wait_for_the_limit_of_its_progress(
    club: FilmClub, scope: str
) -> None:
    club.discord.meet("edit", limited(LONG, scope))
    await club.ask()
    await club.discord.until(lambda: club.discord.unmet("edit") == 0)
    await club.until_film(within=LONG / 2)

    assert club.card.now.through == "channel_edit"
    await club.assert_film_came_once()
    assert club.discord.too_many == 1


async def test_the_film_meets_a_limit_by_itself(club: FilmClub) -> None:
    club.discord.meet("film", limited(LONG, "user"))
    await club.ask()
    await club.until_film(within=LONG / 2)

    assert club.card.now.through == "channel_edit"
    await club.assert_film_came_once()


async def test_an_end_in_words_does_not_wait(club: FilmClub) -> None:
    club.discord.meet("edit", limited(LONG, "user"))
    await club.ask()
    await club.discord.until(lambda: club.discord.unmet("edit") == 0)
    await club.discord.press(club.ada, club.card, "Cancel")

    await club.until_card_says("Cancelled")


@pytest.mark.parametrize("room", [True, False], ids=["closed", "full"])
async def test_both_ways_are_limited(club: FilmClub, *, room: bool) -> None:
    """Nothing is sent until one opens."""
    seconds = 6.0
    club.discord.meet("token_edit", nothing)
    club.discord.meet("edit", limited(seconds, "user"), limited(LONG, "user"))
    if not room:
        club.channel.bot_may = 0
    await club.ask()
    await club.until_film(within=LONG / 2)

    assert club.card.now.through == "token_edit"
    await club.assert_film_came_once()
    assert club.discord.too_many <= 2


async def test_where_the_bot_is_no_member(club: FilmClub) -> None:
    """Only the token reaches the message: a film that it refuses comes by direct message."""
    await club.ask()
    await club.until_film()
    friend = club.discord.add_user("grace")
    club.channel = club.discord.add_conversation(club.ada, friend)
    club.discord.meet("film", *[refused(200000)] * 2, channel=club.channel)
    await club.ask()
    private = club.discord.dm(club.ada)
    await club.discord.until(lambda: club.discord.messages_in(private))

    assert club.discord.messages_in(private)[0].film is not None
    no_traceback(club)
