"""What fails every time is not tried for ever, is said, and stops nobody else."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.jobs.lifecycle import DELIVERY_ATTEMPTS
from bot.jobs.models import ACTIVE, RenderStatus
from tests.database import Change
from tests.loopback.faults import answer
from tests.reliability.film_club import PROMPT, TOKEN_OVER, FilmClub

AWAITED = (*ACTIVE, RenderStatus.DELIVERED)
"""The states of a film on its way."""
REFUSED = answer(400, 50035, "Invalid Form Body")


def told(body: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer so, as a Videos server."""

    async def fault(_: web.Request) -> web.StreamResponse:
        return web.Response(text=body, content_type="application/json")

    return fault


async def killed_while_it_is_rendered(club: FilmClub, **changes: Change) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await club.bot.kill()
    club.rewrite(**changes)
    await club.bot.start()


async def test_discord_refuses_the_film_every_time(club: FilmClub) -> None:
    club.discord.meet("film", *[REFUSED] * 10)
    club.finish()
    await club.ask()

    await club.until_card_says("Discord refused it several times")

    with_a_plain_card = 1
    assert club.discord.seen["film"] == DELIVERY_ATTEMPTS + with_a_plain_card
    club.discord.faults.clear()
    await club.discord.press(club.ada, club.card, "Post again")
    await club.until_film()
    await club.assert_film_came_once()


async def test_discord_refuses_the_film_once(club: FilmClub) -> None:
    club.discord.meet("film", REFUSED)
    club.finish()
    await club.ask()

    await club.until_film()

    await club.assert_film_came_once()


async def test_discord_refuses_every_card_for_its_words(club: FilmClub) -> None:
    """The film and how it stands are shown all the same, and buttons work."""
    club.discord.messages.refused = "calico cat"
    interaction = await club.ask()
    await club.until_card_says("In progress")
    assert "the full card couldn't be shown" in interaction.message.text.lower()

    await club.until_film()

    await club.assert_film_came_once()
    assert "calico cat" not in "".join(club.card.texts)
    lines = [line for line in club.bot.log.splitlines() if "Discord refuses a card" in line]
    assert all("50035" in line for line in lines)
    assert len(lines) <= len(AWAITED), "once for each state"
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    answered = await (await club.discord.press(club.ada, club.card, "Delete")).answered()
    assert "can't undo this" in answered.message.text


async def test_discord_refuses_a_late_film_s_card_for_its_words(club: FilmClub) -> None:
    """The same where the film comes as a direct message, which the next process finds again."""
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(TOKEN_OVER)
    club.discord.messages.refused = "calico cat"
    club.channel.bot_may = 0
    private = club.discord.dm(club.ada)
    club.finish()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    club.channel = private
    assert "can't post in" in club.card.text
    await club.assert_film_came_once()


async def test_a_card_that_cannot_be_drawn(club: FilmClub) -> None:
    await killed_while_it_is_rendered(club, size=lambda row: row["size"].encode())
    await club.until_card_says("full card couldn't be shown")

    await club.until_film()

    await club.assert_film_came_once()
    assert 1 <= club.bot.log.count("a card cannot be drawn") <= len(AWAITED)


async def test_an_end_that_cannot_be_drawn(club: FilmClub) -> None:
    await killed_while_it_is_rendered(club, size=lambda row: row["size"].encode())
    club.videos.meet("poll", told('{"id": "video_1", "status": "failed"}'))

    await club.until_card_says("couldn't make this video")

    assert "Try again. If it fails again, change the prompt" in club.card.text
    await club.discord.until(lambda: club.rows()[0]["shown"] == "failed")


async def test_a_delivery_that_fails_by_our_own_fault_is_said(club: FilmClub) -> None:
    await killed_while_it_is_rendered(club, status="completed", video_id=None)

    await club.until_card_says("something went wrong")

    assert club.bot.log.count("a delivery failed unexpectedly") == DELIVERY_ATTEMPTS


async def test_a_job_that_cannot_be_polled_stops_no_other(club: FilmClub) -> None:
    await killed_while_it_is_rendered(club, video_id=None)
    await club.until_card_says("stopped answering")

    interaction = await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    club.finish()
    await club.discord.until(lambda: interaction.original and interaction.original.film)

    poison, _ = club.rows()
    assert poison["next_poll_at"] - poison["created_at"] > 1
    assert poison["failed_polls"] == club.bot.log.count("a poll failed unexpectedly")


async def test_a_reason_that_no_database_holds(club: FilmClub) -> None:
    """JSON can hold half of an emoji, as text that was cut by a server does."""
    error = r'{"code": "x", "message": "\ud83d cut in two"}'
    failed = f'{{"id": "video_1", "status": "failed", "error": {error}}}'
    club.videos.meet("poll", told(failed))
    await club.ask()

    await club.until_card_says("? cut")

    assert club.rows()[0]["status"] == "failed"
