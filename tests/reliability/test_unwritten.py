"""The film is in the chat, and the disk does not take that: it comes once all the same."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.simulator.messages import Message
from tests.database import locked
from tests.loopback.faults import Held, edits_spent, nothing
from tests.reliability.film_club import NONCE_OVER, FilmClub, films, old_card

LOST = "a delivery is not saved"

Take = Callable[[FilmClub, Held], Awaitable[None]]


async def into_the_card(club: FilmClub, held: Held) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.meet("film", held)


async def in_a_reply(club: FilmClub, held: Held) -> None:
    await old_card(club)
    club.discord.meet("film", nothing, edits_spent, held)


async def in_a_direct_message(club: FilmClub, held: Held) -> None:
    await old_card(club)
    club.channel.bot_may = 0
    club.discord.meet("dm", held)


ROADS: dict[str, Take] = {
    "card": into_the_card,
    "reply": in_a_reply,
    "direct message": in_a_direct_message,
}


async def taken_and_not_written(club: FilmClub, take: Take, folder: Path) -> Message:
    """Have the film in the chat while the disk takes nothing; the bot has tried to write it."""
    held = Held(applied=True)
    await take(club, held)
    club.finish()
    await held.reached.wait()
    with locked(folder):
        held.release()
        await club.discord.until(lambda: LOST in club.bot.log)
        (film,) = shown(club)
        assert club.rows()[0]["status"] == "completed"
    return film


def shown(club: FilmClub) -> list[Message]:
    """Every message with a film, wherever it is."""
    return films(club.discord, club.channel, club.discord.dm(club.ada))


@pytest.mark.parametrize("take", [into_the_card, in_a_reply], ids=["card", "reply"])
async def test_while_the_process_lives(club: FilmClub, tmp_path: Path, take: Take) -> None:
    film = await taken_and_not_written(club, take, tmp_path / "bot")
    uploads = club.discord.seen["film"]

    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    assert shown(club) == [film]
    assert club.discord.seen["film"] == uploads, "nothing was sent again"
    assert club.bot.log.count(LOST) == 1
    assert "Traceback" not in club.bot.log


@pytest.mark.parametrize("take", ROADS.values(), ids=ROADS)
async def test_and_the_process_is_killed(club: FilmClub, tmp_path: Path, take: Take) -> None:
    """The card takes the same film again; elsewhere the bot looks for its own message first."""
    film = await taken_and_not_written(club, take, tmp_path / "bot")
    messages = len(club.discord.messages_in(club.channel))

    club.discord.skew(NONCE_OVER)
    await club.bot.restart()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    assert shown(club) == [film]
    assert [file.data for file in film.now.shown_files] == await club.films_on_server()
    assert len(club.discord.messages_in(club.channel)) == messages
    assert club.videos.seen["create"] == 1
