"""Hundreds of films in flight under faults, for as long as is wanted, and every one is judged."""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.videos import VideosServer
from bot.simulator.interactions import Interaction
from bot.simulator.world import Channel
from tests import database
from tests.loopback.driver import Loopback
from tests.loopback.process import BotProcess
from tests.soak.measuring import Gauge
from tests.soak.mix import Mix
from tests.videos_server.server import ScriptedServer

CHANNELS: Final = 50
WITHIN: Final = 240.0
"""Seconds a film may take from its request to its end, on a busy machine."""
SURE_AFTER: Final = 60.0
"""Seconds after which a lost create that is in the list has been found there."""
ENDED: Final = frozenset(
    {"delivered", "undelivered", "failed", "cancelled", "expired", "unconfirmed"}
)
_CANCELLED: Final = 0.02
_WATCHED: Final = 0.05


@dataclass
class Result:
    """What came of it all."""

    ends: Counter[str] = field(default_factory=Counter[str])
    violations: list[str] = field(default_factory=list[str])


class Soak:
    """`jobs` people, each of whom asks for the next film as soon as the last one has ended."""

    def __init__(
        self,
        discord: Loopback,
        videos: ScriptedServer,
        upstream: VideosServer,
        folder: Path,
        *,
        seed: int = 0,
    ) -> None:
        self._discord = discord
        self._videos = videos
        self._upstream = upstream
        self._folder = folder
        self._rng = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self.mix = Mix(discord, videos, seed)
        self.result = Result()
        self._rows: dict[str, database.Row] = {}
        self._watched: set[str] = set()
        """Requests with somebody still to be notified."""
        self._asked = 0
        guild = discord.add_guild()
        self._channels = [discord.add_channel(guild) for _ in range(CHANNELS)]
        self._report = folder / "loop.json"
        self.bot = BotProcess(
            discord, folder, videos.base_url,
            MAX_ACTIVE="100000", MAX_ACTIVE_PER_USER="1000", POLL_INTERVAL="2", LOG_LEVEL="WARNING",
        )  # fmt: skip

    async def go(self, seconds: float, jobs: int) -> Gauge:
        """Soak, let everything end, and give what was measured meanwhile."""
        self._folder.mkdir(parents=True)
        async with self.bot_running() as gauge:
            side = [
                asyncio.create_task(work)
                for work in (gauge.watch(), self._read_rows(), self.mix.for_everybody())
            ]
            try:
                ends_at = time.monotonic() + seconds
                async with asyncio.TaskGroup() as people:
                    for number in range(jobs):
                        people.create_task(self._person(number, jobs, ends_at))
                # What a lane or a sweep still has to do is done by then.
                await asyncio.sleep(15)
                gauge.looks.append(gauge.look())
            finally:
                for task in side:
                    task.cancel()
        self._judge_the_rest()
        return gauge

    def bot_running(self) -> "_Running":
        return _Running(self.bot, self._report)

    async def _person(self, number: int, jobs: int, ends_at: float) -> None:
        # Not all at once: they come in over half a minute.
        await asyncio.sleep(30 * number / jobs)
        user = self._discord.add_user(f"person{number}")
        while time.monotonic() < ends_at:
            self._asked += 1
            prompt = f"film {self._asked} of person {number}"
            channel = self._channels[number % CHANNELS]
            self.mix.for_film(prompt, channel)
            interaction = await self._discord.slash(user, channel, "video", prompt=prompt)
            if await self._ended(prompt):
                await self._judge(prompt, interaction, channel)

    async def _ended(self, prompt: str) -> bool:
        """Wait for the film's end, and perhaps press something meanwhile."""
        since = time.monotonic()
        presses = {
            "Cancel": self._rng.random() < _CANCELLED,
            "Notify me": self._rng.random() < _WATCHED,
        }
        while time.monotonic() - since < WITHIN:
            await asyncio.sleep(0.5)
            row = self._rows.get(prompt)
            if row is None:
                continue
            if row["status"] in ENDED and self._is_sure(prompt, row, since):
                return True
            for label, wanted in presses.items():
                if wanted and row["status"] == "in_progress":
                    presses[label] = False
                    await self._press(row, label)
        self.result.violations.append(f"{prompt}: not ended within {WITHIN:.0f} s")
        return False

    def _is_sure(self, prompt: str, row: dict[str, Any], since: float) -> bool:
        """Whether this end is the last: a create that was lost and taken is found in the list."""
        if row["status"] == "unconfirmed" and self._upstream.bought(prompt):
            return time.monotonic() - since > SURE_AFTER
        if row["request_id"] in self._watched:
            return False
        return row["status"] == "delivered" or row["shown"] == row["status"]

    async def _press(self, row: dict[str, Any], label: str) -> None:
        message = self._discord.messages.every.get(row["message_id"])
        if message is None:
            return
        try:
            await self._discord.press(self._requester(row), message, label)
        except ValueError:
            return  # the card has moved on

    def _requester(self, row: dict[str, Any]) -> Any:  # noqa: ANN401
        return self._discord.world.users[row["requester_id"]]

    # ---------------------------------------------------------------- judging

    async def _judge(self, prompt: str, interaction: Interaction, channel: Channel) -> None:
        row = self._rows[prompt]
        end = str(row["status"])
        self.result.ends[end] += 1
        bought = self._upstream.bought(prompt)
        message = self._discord.messages.every.get(row["message_id"])
        films = 0 if message is None or message.deleted else len(message.now.shown_files)
        wrong: list[str] = []
        if bought > 1:
            wrong.append(f"bought {bought} times")
        if end == "delivered" and (films, bought) != (1, 1):
            wrong.append(f"{films} films in its message, {bought} bought")
        if end != "delivered" and films:
            wrong.append("a film in the message of one that was not delivered")
        if end in ("failed", "expired", "undelivered"):
            wrong.append(f"lost: {row['error_code']}")
        if end == "unconfirmed" and bought:
            wrong.append("in the server's list, and not found there")
        self.result.violations += [f"{prompt}, {end}: {one}" for one in wrong]
        self._forget(interaction, row, channel)

    def _forget(self, interaction: Interaction, row: dict[str, Any], channel: Channel) -> None:
        """Let go of what was judged, so that this process does not grow; none comes after it."""
        self._discord.messages.every.pop(row["message_id"], None)
        self._discord.interactions.every.pop(interaction.token, None)
        for message in self._discord.messages_in(channel):
            if message.reference is not None and message.reference.get("message_id") == str(
                row["message_id"]
            ):
                self._discord.messages.every.pop(message.id)  # a ping
        del self._discord.requests[:-1000]

    def _judge_the_rest(self) -> None:
        """Nothing is left in the chat, and no job in the database is without an end."""
        for channel in self._channels:
            self.result.violations += [
                f"a message too many: {message.text[:200]!r}"
                for message in self._discord.messages_in(channel)
                if message.reference is None
            ]
        for row in database.rows(self._folder):
            if row["status"] not in ENDED:
                self.result.violations.append(f"{row['prompt']} is {row['status']} for ever")

    async def _read_rows(self) -> None:
        while True:
            since = time.time() - WITHIN - 60
            rows = await asyncio.to_thread(database.rows, self._folder, since=since)
            subscribers = await asyncio.to_thread(database.rows, self._folder, "subscriptions")
            self._watched = {row["request_id"] for row in subscribers}
            self._rows = {row["prompt"]: row for row in rows}
            await asyncio.sleep(0.5)


class _Running:
    """The bot with a heartbeat in its loop, and the gauge that reads it."""

    def __init__(self, bot: BotProcess, report: Path) -> None:
        self._bot = bot
        self._report = report

    async def __aenter__(self) -> Gauge:
        await self._bot.start("benchmarks.probe", str(self._report), "bot")
        return Gauge(self._bot.pid, self._report)

    async def __aexit__(self, *_: object) -> None:
        await self._bot.stop()
