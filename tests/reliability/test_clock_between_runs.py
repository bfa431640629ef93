"""The machine's clock is set by an hour while nobody runs: nothing is lost and nothing repeated."""

import pytest

from tests.database import earlier
from tests.loopback.faults import Held
from tests.reliability.film_club import PROMPT, FilmClub

HOUR = 3600
TIMES = (
    "created_at", "sent_at", "completed_at", "ended_at", "next_poll_at", "unreachable_since",
    "token_expires_at", "fallback_at",
)  # fmt: skip

forth_and_back = pytest.mark.parametrize("moved", [HOUR, -HOUR], ids=["forth", "back"])


async def set_clock(club: FilmClub, moved: int) -> None:
    """Start the bot as if the clock had been moved by so many seconds since it was killed."""
    club.rewrite(**{name: earlier(name, moved) for name in TIMES})
    await club.bot.start()


@forth_and_back
async def test_while_a_film_is_rendered(club: FilmClub, moved: int) -> None:
    interaction = await club.ask()
    await club.until_card_says("In progress")
    await club.bot.kill()

    await set_clock(club, moved)
    await club.until_film()

    assert club.card is interaction.message
    await club.assert_film_came_once()


@forth_and_back
async def test_before_a_request_was_sent(club: FilmClub, moved: int) -> None:
    """Nobody knows any more how old the request is, so it is not bought unasked."""
    held = Held(applied=True)
    club.discord.meet("acknowledge", held)
    await club.discord.slash(club.ada, club.channel, "video", prompt=PROMPT)
    await held.reached.wait()
    await club.bot.kill()

    await set_clock(club, moved)
    private = club.discord.dm(club.ada)
    await club.discord.until(
        lambda: any(
            "Nothing was charged" in one.text
            for one in (*club.discord.messages_in(private), club.card)
        )
    )

    assert club.videos.seen["create"] == 0


@forth_and_back
async def test_before_an_end_was_shown(club: FilmClub, moved: int) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await club.bot.kill()
    club.rewrite(
        status="failed",
        reason="server_forgot",
        next_poll_at=None,
        ended_at=lambda row: row["created_at"] + 1,
    )

    await set_clock(club, moved)

    await club.until_card_says("lost this video")
