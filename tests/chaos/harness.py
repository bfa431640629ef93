"""The bot is killed at chosen or random moments, started again, and everything is counted.

One run: a Discord and a Videos server over real sockets, the bot as a process, some requests, the
kills of its plan (`kill -9`), restarts until nothing moves any more.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from aiohttp import web

from bot.simulator.interactions import Interaction
from bot.simulator.world import Channel, User
from tests import database
from tests.chaos.plans import FAULTS, Kill, Mixed, Plan, Setting
from tests.loopback import faults as discord_faults
from tests.loopback.driver import Loopback, loopback
from tests.loopback.process import BotProcess
from tests.videos_server import faults as faulty
from tests.videos_server.embedded import held_videos
from tests.videos_server.server import Kind, ScriptedServer

REQUESTS: Final = 3
NEVER_REACHED: Final = 8.0
"""Seconds after which the bot is killed although the chosen moment has not come."""
QUIET_WITHIN: Final = 120.0
"""Seconds: an end that was written and not shown comes up with a sweep, after a minute."""
TOKEN_OVER: Final = 16 * 60.0
OLD: Final = 2 * 3600.0
FINAL: Final = frozenset(
    {"delivered", "undelivered", "failed", "cancelled", "expired", "unconfirmed"}
)


@dataclass
class Tally:
    """What was counted; `violations` break a promise."""

    ends: Counter[str] = field(default_factory=Counter[str])
    kills: int = 0
    hits: int = 0
    """Kills that fell at the moment they were meant for."""
    violations: list[str] = field(default_factory=list[str])

    def add(self, other: "Tally") -> None:
        self.ends += other.ends
        self.kills += other.kills
        self.hits += other.hits
        self.violations += other.violations


@dataclass(frozen=True)
class Asked:
    """One request, known by its prompt."""

    prompt: str
    user: User
    channel: Channel
    interaction: Interaction


LIMITS: Final = {
    "BUDGET_PER_DAY": "1000",
    "LIMIT_PER_PERSON_PER_DAY": "1000",
    "LIMIT_PER_COMMUNITY_PER_DAY": "1000",
    "VIDEOS_PRICES": "0.10",
}
"""Nobody reaches them: they have each create held, and charged or given back."""


class Run:
    """One run of the bot under one plan."""

    def __init__(self, plan: Plan, discord: Loopback, videos: ScriptedServer, folder: Path) -> None:
        self._plan = plan
        self._setting = plan.scenario.setting
        self._rng = random.Random(plan.seed)  # noqa: S311 - chance, not secrecy
        self._discord = discord
        self._videos = videos
        self._folder = folder
        self._bot = BotProcess(discord, folder, videos.base_url, **LIMITS)
        self._kills = list(plan.scenario.kills)
        self._reached = asyncio.Event()
        self._asked: list[Asked] = []
        self._tally = Tally()
        self._people = [discord.add_user(f"person {at}") for at in range(REQUESTS)]
        guild = discord.add_guild()
        self._channels = [discord.add_channel(guild) for _ in range(REQUESTS)]

    async def go(self) -> Tally:
        later = self._setting in (Setting.TOKEN_DEAD, Setting.OLD, Setting.CLOSED, Setting.REMIX)
        if not later:
            self._arm(self._kills[0])
            self._videos.finish()
        async with AsyncExitStack() as stack:
            stack.push_async_exit(self._bot)
            await self._mix_and_ask(dying=not later)
            if later:
                await self._set()
            while self._kills:
                await self._kill_in_time(self._kills.pop(0))
                if self._kills:
                    self._arm(self._kills[0])
                await self._start()
                if self._bot.ended:
                    self._breaks("the bot ended by itself", self._bot.log[-500:])
            await self._until_quiet()
            await self._count()
        return self._tally

    # ---------------------------------------------------------------- what happens

    async def _mix_and_ask(self, *, dying: bool) -> None:
        first = self._plan.scenario.kills[0]
        if dying and first.where == "commit":
            await self._start("tests.chaos.dying", first.kind, "done" if first.done else "begun")
            if self._bot.ended:
                # A start has commits of its own, before anybody can ask.
                await self._kill_in_time(self._kills.pop(0))
                await self._bot.start()
        else:
            await self._bot.start()
        if self._setting is Setting.LOST:
            self._videos.meet("create", *[faulty.cut_after] * REQUESTS)
        if self._setting is not Setting.REMIX:
            self._mix()
        for at, (user, channel) in enumerate(zip(self._people, self._channels, strict=True)):
            prompt = f"film {at} of run {self._plan.seed}"
            asked = await self._discord.slash(user, channel, "video", prompt=prompt)
            self._asked.append(Asked(prompt, user, channel, asked))

    def _mix(self) -> None:
        mixed = Mixed(self._discord.meet, self._videos.meet)
        for name in self._plan.faults:
            FAULTS[name](mixed)

    async def _set(self) -> None:
        """Let happen what the setting says, then arm the first kill and finish the films."""
        if self._setting is Setting.REMIX:
            await self._remix()
            return
        await self._until_all("queued", "in_progress", "unconfirmed")
        self._discord.skew(OLD if self._setting is Setting.OLD else TOKEN_OVER)
        for channel in self._channels:
            if self._setting is Setting.CLOSED:
                channel.bot_may = 0
            if self._setting is Setting.OLD:
                spent = (discord_faults.nothing, discord_faults.edits_spent)
                self._discord.meet("film", *spent, channel=channel)
        if self._setting is Setting.TOKEN_DEAD:
            # The token's own road comes first, and is dead.
            self._discord.meet("film", discord_faults.nothing)
        self._arm(self._plan.scenario.kills[0])
        self._videos.finish()

    async def _remix(self) -> None:
        """Press Remix on a film that came, and say what to change."""
        self._videos.finish()
        await self._until_all("delivered")
        self._mix()
        self._arm(self._plan.scenario.kills[0])
        first = self._asked[0]
        pressed = await self._discord.press(first.user, first.interaction.message, "Remix")
        await pressed.answered()
        name = pressed.response_data["components"][0]["component"]["custom_id"]
        prompt = f"remix of run {self._plan.seed}"
        sent = await self._discord.submit(pressed, **{name: prompt})
        self._asked.append(Asked(prompt, first.user, first.channel, sent))

    async def _until_all(self, *statuses: str) -> None:
        async with asyncio.timeout(60):
            while True:
                rows = await asyncio.to_thread(database.rows, self._folder)
                if len(rows) == REQUESTS and all(row["status"] in statuses for row in rows):
                    return
                await asyncio.sleep(0.1)

    # ---------------------------------------------------------------- kills

    def _arm(self, kill: Kill) -> None:
        self._reached.clear()
        if kill.where == "discord":
            self._discord.meet(kill.kind, self._deadly_to_discord(kill))
        elif kill.where == "videos":
            self._videos.meet(cast("Kind", kill.kind), self._deadly_to_videos(kill))

    def _deadly_to_discord(self, kill: Kill) -> discord_faults.Fault:
        async def fault(
            request: web.Request, apply: Callable[[], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            if kill.done:
                await apply()
            self._reached.set()
            # Held until the process is gone, so that it never sees an answer.
            await asyncio.sleep(2)
            return await discord_faults.cut(request, apply)

        return fault

    def _deadly_to_videos(self, kill: Kill) -> faulty.Fault:
        async def fault(request: web.Request) -> web.StreamResponse:
            if kill.done:
                await self._videos.pass_on(request)
            self._reached.set()
            await asyncio.sleep(2)
            return await faulty.cut(request)

        return fault

    async def _kill_in_time(self, kill: Kill) -> None:
        if kill.where == "any":
            await asyncio.sleep(self._rng.uniform(0, 2.5))
            self._tally.hits += 1
        elif kill.where == "commit":
            with suppress(TimeoutError):
                await self._discord.until(lambda: self._bot.ended, within=NEVER_REACHED)
            self._tally.hits += self._bot.ended
        else:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._reached.wait(), NEVER_REACHED)
            self._tally.hits += self._reached.is_set()
        await self._bot.kill()
        self._tally.kills += 1

    async def _start(self, module: str = "bot", *arguments: str) -> None:
        """Start it; a deadly request, or commit, at the very start may come before it hears."""
        gateway = self._discord.gateway
        before = gateway.identifies
        await self._bot.launch(module, *arguments)
        await self._discord.until(
            lambda: (
                self._reached.is_set()
                or self._bot.ended
                or (gateway.identifies > before and gateway.connected)
            )
        )

    # ---------------------------------------------------------------- counting

    async def _until_quiet(self) -> None:
        """Wait until every job has ended and its card says so."""
        for _ in range(int(QUIET_WITHIN * 5)):
            rows = await asyncio.to_thread(database.rows, self._folder)
            if all(row["status"] in FINAL for row in rows) and all(
                row["status"] == "delivered" or row["shown"] == row["status"] for row in rows
            ):
                return
            await asyncio.sleep(0.2)
        self._breaks(
            "a job in no final state, or an end nobody was shown", str(database.rows(self._folder))
        )

    async def _count(self) -> None:
        with suppress(TimeoutError):
            await self._videos.until_rendered(within=5.0)
        films = await self._videos.films()
        rows = {row["prompt"]: row for row in await asyncio.to_thread(database.rows, self._folder)}
        if any(row["status"] not in FINAL for row in rows.values()):
            # A lost create was found in the list meanwhile.
            await self._until_quiet()
            rows = {
                row["prompt"]: row for row in await asyncio.to_thread(database.rows, self._folder)
            }
        seen = 0
        for asked in self._asked:
            row, made = rows.get(asked.prompt), films.get(asked.prompt, [])
            seen += row is not None
            self._check(row, made, asked)
        for fault in await asyncio.to_thread(database.ledger_faults, self._folder):
            self._breaks("the ledger does not add up", fault)
        public = [one for channel in self._channels for one in self._discord.messages_in(channel)]
        replies = sum(one.reference is not None for one in public)
        if len(public) - replies != seen:
            self._breaks(f"{len(public)} messages, {replies} of them replies", f"{seen} requests")

    def _check(self, row: dict[str, Any] | None, made: list[bytes], asked: Asked) -> None:
        end = "no card, nothing sent" if row is None else str(row["status"])
        self._tally.ends[end] += 1
        if len(made) > 1:
            self._breaks("bought twice", end)
        if row is None and made:
            self._breaks("bought without a card", end)
        shown = [data for data in self._shown(asked) if data in made]
        if end == "delivered" and shown != made:
            self._breaks(f"{len(shown)} films in the chat, {len(made)} made", end)
        elif end != "delivered" and shown:
            self._breaks("a film in the chat", end)
        elif end in ("failed", "cancelled", "expired", "undelivered"):
            self._breaks("a film was lost", f"{end} {row and row['reason']}")

    def _shown(self, asked: Asked) -> list[bytes]:
        places = (asked.channel, self._discord.dm(asked.user))
        messages = [one for place in places for one in self._discord.messages_in(place)]
        return [file.data for one in messages for file in one.now.shown_files]

    def _breaks(self, what: str, end: str) -> None:
        self._tally.violations.append(f"{self._plan}: {what} ({end})")


async def run(plan: Plan, folder: Path, template: Path) -> Tally:
    """Do one run in a folder of its own."""
    async with (
        loopback() as discord,
        held_videos(folder / "videos", template) as videos,
    ):
        return await Run(plan, discord, videos, folder / "bot").go()
