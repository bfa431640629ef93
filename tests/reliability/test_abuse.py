"""No way round a limit: what was cancelled, dropped or sent again counts until it has ended."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import web

from tests.faulty import FaultyServer
from tests.loopback.driver import Loopback
from tests.loopback.interactions import COMPONENT
from tests.loopback.messages import Message
from tests.reliability.film_club import FilmClub

TRIES = 6
LIMIT = 3


class Endless:
    """A Videos server that renders for ever, whatever is deleted; creates may be cut."""

    def __init__(self) -> None:
        self.base_url = ""
        self.created = 0
        self.cuts = False
        self.ended = False

    async def create(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.created += 1
        if self.cuts:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"id": f"v{self.created}", "status": "queued"})

    async def poll(self, request: web.Request) -> web.StreamResponse:
        status = "cancelled" if self.ended else "in_progress"
        return web.json_response({"id": request.match_info["id"], "status": status})

    async def delete(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"id": request.match_info["id"], "deleted": True})


@asynccontextmanager
async def endless() -> AsyncGenerator[Endless]:
    server = Endless()
    app = web.Application()
    app.router.add_post("/v1/videos", server.create)
    app.router.add_get("/v1/videos/{id}", server.poll)
    app.router.add_delete("/v1/videos/{id}", server.delete)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        yield server
    finally:
        await runner.cleanup()


@pytest.fixture
async def server() -> AsyncGenerator[Endless]:
    async with endless() as running:
        yield running


@pytest.fixture
async def club(discord: Loopback, server: Endless, tmp_path: Path) -> AsyncGenerator[FilmClub]:
    videos = cast("FaultyServer", server)
    limit = str(LIMIT)
    async with FilmClub(
        discord, videos, tmp_path / "bot", MAX_ACTIVE_PER_USER=limit, VIDEOS_DIALECT="openai"
    ) as opened:
        yield opened


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
    if "so nothing was started" not in card.text:
        await until(club, card, state)
        await press(club, card, then)
        await until(club, card, "Cancelled")
    return card


async def test_cancelling_again_and_again_renders_no_more_than_the_limit(
    club: FilmClub, server: Endless
) -> None:
    cards = [await ask_and(club, "Cancel", "In progress") for _ in range(TRIES)]
    assert server.created == LIMIT
    assert "cancelled, are still being rendered" in cards[-1].text

    await club.bot.restart()
    refused = await ask(club)
    assert "cancelled, are still being rendered" in refused.text

    server.ended = True
    await club.discord.until(lambda: not _open(club), within=20)
    await until(club, await ask(club), "Cancelled")
    assert server.created == LIMIT + 1


async def test_dropping_again_and_again_is_no_way_round_the_limit(
    club: FilmClub, server: Endless
) -> None:
    server.cuts = True
    cards = [await ask_and(club, "Drop", "Unconfirmed") for _ in range(TRIES)]
    assert server.created == LIMIT
    assert "nobody knows" in cards[-1].text


async def test_send_again_works_once_per_unknown_outcome(club: FilmClub, server: Endless) -> None:
    server.cuts = True
    card = await ask(club)
    await until(club, card, "Unconfirmed")
    first = _send_button(card)
    await press(club, card, first)
    await club.discord.until(
        lambda: server.created == 2 and first not in str(card.now.components), within=20
    )
    await until(club, card, "Unconfirmed")
    assert "Sent again" in await press(club, card, "Send again")
    await club.discord.until(lambda: server.created == LIMIT, within=20)
    await until(club, card, "Unconfirmed")
    assert "so nothing was started" in await press(club, card, "Send again")
    assert server.created == LIMIT


async def test_two_presses_at_once_and_an_old_one_send_once(
    club: FilmClub, server: Endless
) -> None:
    server.cuts = True
    card = await ask(club)
    await until(club, card, "Unconfirmed")
    old = _send_button(card)
    await asyncio.gather(press(club, card, old), press(club, card, old))
    await club.discord.until(
        lambda: server.created == 2 and old not in str(card.now.components), within=20
    )
    await until(club, card, "Unconfirmed")

    for _ in range(2):
        data = {"id": 1, "custom_id": old, "component_type": 2}
        stale = club.discord._interact  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        late = await stale(COMPONENT, club.ada, club.channel, data, card)
        await late.answered()
        assert "Sent again" not in late.message.text
        await club.bot.restart()
    assert server.created == 2


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
    with closing(sqlite3.connect(club.bot.log_file.with_name("rushes.db"))) as database:
        return database.execute("SELECT COUNT(*) FROM open_creates").fetchone()[0]
