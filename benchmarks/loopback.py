"""The tests' loopback Discord as a process of its own, under load: it keeps no film in memory.

``python -m benchmarks.loopback OPTIONS`` prints its addresses; below /bench people ask for films,
and what happened to them is told.
"""

import argparse
import asyncio
import json
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final, Self

from aiohttp import web

from bot.simulator.interactions import COMMAND, Interaction
from bot.simulator.limits import Limits
from bot.simulator.messages import Version
from bot.simulator.uploads import (
    Body,
    NewFile,
    Upload,
    Whole,
    boundary_in,
    read_form,
    receive_whole,
)
from tests.listening import listening
from tests.loopback.driver import Loopback, loopback

_TOO_MANY: Final = 429
_MESSAGE: Final = 4


class Discarded(bytes):
    """Bytes that were counted and checked, and let go."""

    size: int
    crc: int

    def __new__(cls, size: int, crc: int) -> Self:
        """Remember how many there were, and their CRC-32."""
        made = super().__new__(cls)
        made.size = size
        made.crc = crc
        return made

    def __len__(self) -> int:
        return self.size


@dataclass(frozen=True)
class Drained:
    """A form with one file, which was let go."""

    head: bytes
    """Everything up to the file's own bytes."""
    size: int
    boundary: bytes
    file: Discarded

    def upload(self) -> Upload:
        """Read what it carried."""
        form = read_form(self.head + b"\r\n--" + self.boundary + b"--\r\n", self.boundary)
        files = {
            index: NewFile(file.name, self.file, file.content_type)
            for index, file in form.files.items()
        }
        return Upload(form.payload, files)


async def receive_draining(request: web.Request) -> Body:
    """Read a body, and keep all but the file, which comes last in what discord.py sends."""
    content_type = request.headers.get("Content-Type", "")
    if not content_type.startswith("multipart/form-data"):
        return await receive_whole(request)
    boundary = boundary_in(content_type)
    head, held = b"", b""
    async for chunk in request.content.iter_any():
        head += chunk
        if (begins := _file_begins(head)) is not None:
            head, held = head[:begins], head[begins:]
            break
    else:
        return Whole(head, content_type)
    trailer = len(b"\r\n--" + boundary + b"--\r\n")
    size, crc = 0, 0
    async for chunk in request.content.iter_any():
        held += chunk
        size += len(held) - trailer
        crc = zlib.crc32(held[:-trailer], crc)
        held = held[-trailer:]
    return Drained(head, len(head) + size + trailer, boundary, Discarded(size, crc))


def _file_begins(head: bytes) -> int | None:
    part = head.find(b'name="files[')
    end = -1 if part < 0 else head.find(b"\r\n\r\n", part)
    return None if end < 0 else end + 4


class Unlimited(Limits):
    """A Discord that takes everything at any pace."""

    def take(self, kind: str, major: str) -> dict[str, str]:
        """Count nothing."""
        del kind, major
        return {}


class Crowd:
    """People in channels who ask for films; the routes below /bench."""

    def __init__(self, discord: Loopback, *, channels: int, people: int, limit: int) -> None:
        self._discord = discord
        guild = discord.add_guild(upload_limit=limit)
        self._channels = [discord.add_channel(guild, f"films-{n}") for n in range(channels)]
        self._people = [discord.add_user(f"person{n}") for n in range(people)]
        self._asked: dict[str, Interaction] = {}

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_get("/bench/ready", self.ready)
        app.router.add_post("/bench/ask", self.ask)
        app.router.add_post("/bench/plant", self.plant)
        app.router.add_get("/bench/counts", self.counts)
        app.router.add_get("/bench/report", self.report)
        return app

    async def ready(self, request: web.Request) -> web.Response:
        """Say whether a bot is there and has registered the command."""
        names = {one["name"] for one in self._discord.commands_in(self._channels[0])}
        there = self._discord.gateway.connected and request.query["command"] in names
        return web.json_response(there)

    async def ask(self, request: web.Request) -> web.Response:
        """Use a command once for each of [label, channel], evenly over so many seconds."""
        told = await request.json()
        takes: float = told["over"]
        given: list[tuple[str, int]] = told["asks"]
        began = time.monotonic()
        for number, (label, channel) in enumerate(given):
            ahead = began + takes * number / len(given) - time.monotonic()
            if ahead > 0:
                await asyncio.sleep(ahead)
            options: dict[str, str] = {"prompt": label} if told["command"] == "video" else {}
            self._asked[label] = await self._discord.slash(
                self._people[number % len(self._people)],
                self._channels[channel],
                told["command"],
                **options,
            )
        return web.json_response({})

    async def plant(self, request: web.Request) -> web.Response:
        """Make answered requests of which no bot knows; return what a bot would have stored."""
        told = await request.json()
        planted = [self._answered_request(number) for number in range(told["count"])]
        return web.json_response(planted)

    def _answered_request(self, number: int) -> dict[str, Any]:
        person = self._people[number % len(self._people)]
        channel = self._channels[number % len(self._channels)]
        interaction = self._discord.interactions.new(COMMAND, person, channel, {})
        interaction.acknowledge(_MESSAGE, {}, interaction.born)
        message = self._discord.messages.new(channel, self._discord.bot, interaction=interaction.id)
        card = Version(interaction.born, "acknowledge", "a card", [], [], (), 0)
        interaction.original = self._discord.messages.put(message, card)
        return {
            "application_id": self._discord.bot.id,
            "requester_id": person.id,
            "guild_id": None if channel.guild is None else channel.guild.id,
            "channel_id": channel.id,
            "message_id": message.id,
            "interaction_token": interaction.token,
        }

    async def counts(self, _: web.Request) -> web.Response:
        """Say how far things are."""
        every = self._asked.values()
        return web.json_response(
            {
                "asked": len(every),
                "answered": sum(one.answered_after is not None for one in every),
                "films": sum(_film(one) is not None for one in every),
                "requests": self._requests(),
            }
        )

    async def report(self, _: web.Request) -> web.Response:
        """Say what became of every request."""
        requests = self._discord.requests
        return web.json_response(
            {
                "at": time.time(),
                "asks": {label: _told(one) for label, one in self._asked.items()},
                "requests": self._requests(),
                "too_many": sum(one.status == _TOO_MANY for one in requests),
                "uploaded": sum(one.uploaded for one in requests if one.uploaded > 64 * 1024),
            }
        )

    def _requests(self) -> Counter[str]:
        """Count the requests by kind, without those of the start."""
        kinds = (one.kind for one in self._discord.requests)
        return Counter(kind for kind in kinds if kind not in ("login", "commands"))


def _film(interaction: Interaction) -> Version | None:
    if interaction.original is None:
        return None
    return next((one for one in interaction.original.versions if one.files), None)


def _told(interaction: Interaction) -> dict[str, Any]:
    message = interaction.original
    film = _film(interaction)
    data = None if film is None else film.files[0].data
    return {
        "born": interaction.born,
        "answered_after": interaction.answered_after,
        "versions": [] if message is None else [(one.at, one.text) for one in message.versions],
        "film_at": None if film is None else film.at,
        "film_bytes": None if data is None else len(data),
        "film_crc": data.crc if isinstance(data, Discarded) else None,
    }


async def main() -> None:
    """Be Discord until the process is ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--limit", type=int, default=500 * 1024**2)
    parser.add_argument("--unlimited", action="store_true", help="no rate limits")
    given = parser.parse_args()
    async with loopback() as discord:
        discord.receive = receive_draining
        if given.unlimited:
            discord.limits = Unlimited()
        crowd = Crowd(discord, channels=given.channels, people=given.people, limit=given.limit)
        async with listening(crowd.app()) as listener:
            told = {
                "url": listener.origin,
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
                "token": discord.token,
            }
            print(json.dumps(told), flush=True)
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
