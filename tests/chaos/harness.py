"""The bot is killed at a chosen or a random moment, started again, and everything is counted.

One run: a Discord and a Videos server over real sockets, the bot as a process, three requests, up
to two kills (`kill -9`), restarts until nothing moves any more.
"""

import asyncio
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from aiohttp import web

from tests.loopback import faults as discord_faults
from tests.loopback.driver import Loopback, loopback
from tests.loopback.interactions import Interaction
from tests.loopback.process import BotProcess
from tests.reliability.studio import HeldVideos, held_videos

REQUESTS: Final = 3
NEVER_REACHED: Final = 6.0
"""Seconds after which the bot is killed although the chosen moment has not come."""
QUIET_WITHIN: Final = 60.0
FINAL: Final = frozenset(
    {"delivered", "undelivered", "failed", "cancelled", "expired", "unconfirmed"}
)
POINTS: Final = (
    *(("discord", kind) for kind in ("acknowledge", "token_read", "token_edit", "film")),
    *(("videos", kind) for kind in ("create", "poll", "content")),
)
"""What the bot may be in the middle of: each before and after it was done."""
FAULTS: Final = ("none", "discord 500", "discord cut", "videos 500 on poll", "videos cut content")


@dataclass(frozen=True)
class Plan:
    """One run: where the kill falls, and which fault is mixed in."""

    seed: int
    point: tuple[str, str] | None
    """None for a random moment."""
    applied: bool
    fault: str

    def __str__(self) -> str:
        where = "a random moment" if self.point is None else " ".join(self.point)
        when = "" if self.point is None else (" done" if self.applied else " begun")
        return f"seed {self.seed}: {where}{when}, {self.fault}"


@dataclass
class Tally:
    """What was counted; `violations` break a promise."""

    ends: Counter[str] = field(default_factory=Counter[str])
    kills: int = 0
    violations: list[str] = field(default_factory=list[str])

    def add(self, other: "Tally") -> None:
        self.ends += other.ends
        self.kills += other.kills
        self.violations += other.violations


def plan(seed: int) -> Plan:
    """Every point in turn, begun and done, and every third run at a random moment."""
    rng = random.Random(seed)  # noqa: S311 - chance, not secrecy
    at = seed % (3 * len(POINTS))
    point = POINTS[at // 2] if at < 2 * len(POINTS) else None
    return Plan(seed, point, applied=bool(at % 2), fault=rng.choice(FAULTS))


class Run:
    """One run of the bot under one plan."""

    def __init__(self, plan: Plan, discord: Loopback, videos: HeldVideos, folder: Path) -> None:
        self._plan = plan
        self._rng = random.Random(plan.seed)  # noqa: S311 - chance, not secrecy
        self._discord = discord
        self._videos = videos
        self._folder = folder
        self._bot = BotProcess(discord, folder, videos.base_url)
        self._killed = asyncio.Event()
        self._asked: list[Interaction] = []
        self._tally = Tally()

    async def go(self) -> Tally:
        guild = self._discord.add_guild()
        channels = [self._discord.add_channel(guild) for _ in range(REQUESTS)]
        ada = self._discord.add_user("ada")
        self._videos.finish()
        async with self._bot:
            self._arm()
            for at, channel in enumerate(channels):
                prompt = f"film {at} of run {self._plan.seed}"
                self._asked.append(await self._discord.slash(ada, channel, "video", prompt=prompt))
            await self._kill_in_time()
            await self._bot.start()
            if self._rng.random() < 0.5:
                await asyncio.sleep(self._rng.uniform(0, 1.5))
                await self._kill()
                await self._bot.start()
            await self._until_quiet()
            await self._count()
        return self._tally

    def _arm(self) -> None:
        mixed = self._plan.fault
        if mixed == "discord 500":
            self._discord.meet("token_edit", discord_faults.answer(500))
        elif mixed == "discord cut":
            self._discord.meet("film", discord_faults.cut)
        elif mixed == "videos 500 on poll":
            self._videos.meet("poll", _failing)
        elif mixed == "videos cut content":
            self._videos.meet("content", _cut)
        if self._plan.point is None:
            return
        where, kind = self._plan.point
        if where == "discord":
            self._discord.meet(kind, self._deadly_to_discord)
        else:
            self._videos.meet(kind, self._deadly_to_videos)  # pyright: ignore[reportArgumentType]

    async def _deadly_to_discord(
        self, request: web.Request, apply: Callable[[], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        if self._plan.applied:
            await apply()
        self._killed.set()
        return await discord_faults.cut(request, apply)

    async def _deadly_to_videos(self, request: web.Request) -> web.StreamResponse:
        if self._plan.applied:
            await self._videos.pass_on(request)
        self._killed.set()
        # Held until the process is gone, so that it never sees an answer.
        await asyncio.sleep(2)
        return await _cut(request)

    async def _kill_in_time(self) -> None:
        wait = self._rng.uniform(0, 2.5) if self._plan.point is None else NEVER_REACHED
        with suppress(TimeoutError):
            await asyncio.wait_for(self._killed.wait(), wait)
        await self._kill()

    async def _kill(self) -> None:
        await self._bot.kill()
        self._tally.kills += 1

    def _rows(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{self._folder / 'rushes.db'}?mode=ro", uri=True)) as db:
            db.row_factory = sqlite3.Row
            return [dict(row) for row in db.execute("SELECT * FROM jobs")]

    async def _until_quiet(self) -> None:
        """Wait until every job has ended and its card says so."""
        for _ in range(int(QUIET_WITHIN * 5)):
            rows = await asyncio.to_thread(self._rows)
            if all(row["status"] in FINAL for row in rows) and all(
                row["status"] == "delivered" or row["shown"] == row["status"] for row in rows
            ):
                return
            await asyncio.sleep(0.2)
        self._breaks("a job in no final state, or an end nobody was shown", str(self._rows()))

    async def _count(self) -> None:
        films = await self._films()
        rows = {row["prompt"]: row for row in await asyncio.to_thread(self._rows)}
        for at, asked in enumerate(self._asked):
            prompt = f"film {at} of run {self._plan.seed}"
            self._check(asked, rows.get(prompt), films.get(prompt, []))

    def _check(self, asked: Interaction, row: dict[str, Any] | None, made: list[bytes]) -> None:
        messages = self._discord.messages_in(asked.channel)
        end = "no card, nothing sent" if row is None else str(row["status"])
        self._tally.ends[end] += 1
        if len(made) > 1:
            self._breaks("bought twice", end)
        if len(messages) != (row is not None):
            self._breaks(f"{len(messages)} messages", end)
        if row is None and made:
            self._breaks("bought without a card", end)
        if end == "delivered":
            shown = [file.data for one in messages for file in one.now.shown_files]
            if shown != made:
                self._breaks(f"{len(shown)} films in the chat, {len(made)} made", end)
        elif end in ("failed", "cancelled", "expired", "undelivered"):
            self._breaks("a film was lost", f"{end} {row and row['error_code']}")

    async def _films(self) -> dict[str, list[bytes]]:
        """Every film the server made, by its prompt."""
        base = self._videos.base_url
        films: dict[str, list[bytes]] = {}
        jobs: list[dict[str, Any]] = []
        async with aiohttp.ClientSession() as session:
            for _ in range(50):
                async with session.get(f"{base}/videos?limit=100") as answer:
                    jobs = json.loads(await answer.read())["data"]
                if all(job["status"] == "completed" for job in jobs):
                    break
                await asyncio.sleep(0.1)
            for job in jobs:
                async with session.get(f"{base}/videos/{job['id']}/content") as answer:
                    films.setdefault(job["prompt"], []).append(await answer.read())
        return films

    def _breaks(self, what: str, end: str) -> None:
        self._tally.violations.append(f"{self._plan}: {what} ({end})")


async def _failing(_: web.Request) -> web.StreamResponse:
    return web.json_response({"error": {"message": "worker lost"}}, status=500)


async def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def run(plan: Plan, folder: Path, template: Path) -> Tally:
    """Do one run in a folder of its own."""
    async with (
        loopback() as discord,
        held_videos(folder / "videos", template) as videos,
    ):
        return await Run(plan, discord, videos, folder / "bot").go()
