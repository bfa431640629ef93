"""No way round a limit: what was cancelled, dropped or sent again counts until it has ended."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from aiohttp import web

from bot.simulator.interactions import COMPONENT
from bot.simulator.messages import Message
from tests.database import rows
from tests.reliability.film_club import FilmClub
from tests.videos_server.faults import Fault, answer, cut, server_of
from tests.videos_server.server import ScriptedServer, scripted

TRIES = 6
LIMIT = 3


async def created(request: web.Request) -> web.StreamResponse:
    number = server_of(request).seen["create"]
    return web.json_response({"id": f"v{number}", "status": "queued"})


def polled(status: str) -> Fault:
    async def fault(request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": request.path.rpartition("/")[2], "status": status})

    return fault


@pytest.fixture
async def videos() -> AsyncGenerator[ScriptedServer]:
    """A Videos server that renders for ever, whatever is deleted."""
    async with scripted() as running:
        running.always = {
            "create": created,
            "poll": polled("in_progress"),
            "list": answer(404),
            "other": answer(200, {"deleted": True}),
        }
        yield running


@pytest.fixture
def environment() -> dict[str, str]:
    return {"MAX_ACTIVE_PER_USER": str(LIMIT), "VIDEOS_DIALECT": "openai"}


async def ask(club: FilmClub) -> Message:
    """Ask for a video; return the card, or the refusal."""
    return (await club.ask()).message


async def until(club: FilmClub, card: Message, words: str) -> None:
    await club.discord.until(lambda: words in card.text, within=20)


async def press(club: FilmClub, card: Message, what: str) -> str:
    interaction = await club.discord.press(club.ada, card, what)
    await interaction.answered()
    return interaction.message.text


async def ask_and(club: FilmClub, then: str, state: str) -> Message:
    """Ask, and press a button as soon as the card says so; return what was answered."""
    card = await ask(club)
    if "still running" not in card.text:
        await until(club, card, state)
        await press(club, card, then)
        await until(club, card, "Cancelled")
    return card


async def until_unconfirmed_again(club: FilmClub, card: Message, button: str, creates: int) -> None:
    """Wait until the server has seen so many creates, and the card has a new Send again button."""
    await club.discord.until(
        lambda: club.videos.seen["create"] == creates and button not in str(card.now.components),
        within=20,
    )
    await until(club, card, "Not sure it was sent")


async def test_cancelling_again_and_again_renders_no_more_than_the_limit(
    club: FilmClub, videos: ScriptedServer
) -> None:
    cards = [await ask_and(club, "Cancel", "In progress") for _ in range(TRIES)]
    assert videos.seen["create"] == LIMIT
    assert "cancelled videos that" in cards[-1].text

    await club.bot.restart()
    refused = await ask(club)
    assert "cancelled videos that" in refused.text

    videos.always["poll"] = polled("cancelled")
    await club.discord.until(lambda: not _open(club), within=20)
    await until(club, await ask(club), "Cancelled")
    assert videos.seen["create"] == LIMIT + 1


async def test_dropping_again_and_again_is_no_way_round_the_limit(
    club: FilmClub, videos: ScriptedServer
) -> None:
    videos.always["create"] = cut
    cards = [await ask_and(club, "Forget it", "Not sure it was sent") for _ in range(TRIES)]
    assert videos.seen["create"] == LIMIT
    assert "may be running" in cards[-1].text


async def test_send_again_works_once_per_unknown_outcome(
    club: FilmClub, videos: ScriptedServer
) -> None:
    videos.always["create"] = cut
    card = await ask(club)
    await until(club, card, "Not sure it was sent")
    for creates in range(2, LIMIT + 1):
        button = _send_button(card)
        assert "Sent again" in await press(club, card, button)
        await until_unconfirmed_again(club, card, button, creates)
    assert "still running" in await press(club, card, "Send again")
    assert videos.seen["create"] == LIMIT


async def test_two_presses_at_once_and_an_old_one_send_once(
    club: FilmClub, videos: ScriptedServer
) -> None:
    videos.always["create"] = cut
    card = await ask(club)
    await until(club, card, "Not sure it was sent")
    old = _send_button(card)
    await asyncio.gather(press(club, card, old), press(club, card, old))
    await until_unconfirmed_again(club, card, old, 2)

    for _ in range(2):
        data = {"id": 1, "custom_id": old, "component_type": 2}
        stale = club.discord._interact  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        late = await stale(COMPONENT, club.ada, club.channel, data, card)
        await late.answered()
        assert "Sent again" not in late.message.text
        await club.bot.restart()
    assert videos.seen["create"] == 2


def _send_button(card: Message) -> str:
    ids = (str(one.get("custom_id")) for one in _buttons(card))
    return next(each for each in ids if ":send:" in each)


def _buttons(card: Message) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    waiting: list[dict[str, Any]] = list(card.now.components)
    while waiting:
        one = waiting.pop()
        found.append(one)
        waiting += one.get("components", [])
    return found


def _open(club: FilmClub) -> int:
    return len(rows(club.folder, "open_creates"))
