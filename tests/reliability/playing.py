"""Plays every cell of the fault table in front of one bot, a channel and a prompt for each."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from bot.jobs.models import RenderStatus
from bot.simulator.interactions import Interaction
from bot.simulator.messages import Message
from bot.simulator.world import Channel, User
from tests import database
from tests.listening import answering
from tests.loopback.driver import Loopback, loopback
from tests.loopback.faults import Apply, Fault
from tests.loopback.process import VIDEOS_KEY, BotProcess
from tests.reliability.cells import SIGNATURE, TIMEOUT, Cell, DiscordFault
from tests.videos_server import faults as faulty
from tests.videos_server.embedded import held_videos
from tests.videos_server.server import ScriptedServer

AT_ONCE: Final = 16
"""Cells played at the same time: an interaction has to be answered within three seconds."""
WITHIN: Final = 60.0
"""Seconds a cell may take on a busy machine."""
_OWN_COLUMNS: Final = frozenset({"interaction_token", "film_url"})
"""Columns that hold a secret because it is what they are for."""


@dataclass
class Part:
    """A cell on its stage."""

    cell: Cell
    discord: Loopback
    channel: Channel
    user: User
    asked: Interaction | None = None

    @property
    def interaction(self) -> Interaction:
        assert self.asked is not None, "nobody has asked yet"
        return self.asked

    @property
    def prompt(self) -> str:
        return f"a film of {self.cell.name}"

    @property
    def seen(self) -> list[Message]:
        """What can be seen of it, oldest first: in the channel, then in private."""
        private = self.discord.messages_in(self.discord.dm(self.user))
        return [*self.discord.messages_in(self.channel), *private]


@dataclass
class Findings:
    """What was found, in a form that can be written down for other processes."""

    wrong: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """What a cell promised and did not keep."""
    tracebacks: list[str] = field(default_factory=list[str])
    leaks: list[str] = field(default_factory=list[str])
    tokens_left: int = 0
    """Interaction tokens in the database after their life."""


class Table:
    """One bot, one Discord, one Videos server, and every cell."""

    def __init__(self, discord: Loopback, videos: ScriptedServer, folder: Path) -> None:
        self._discord = discord
        self._videos = videos
        self._folder = folder
        self._guild = discord.add_guild()
        self._parts: list[Part] = []
        self._rows: dict[str, dict[str, Any]] = {}
        store = videos.others["store"].removeprefix("http://")
        self._bot = BotProcess(
            discord, folder, videos.base_url,
            LOG_LEVEL="DEBUG", LOG_FORMAT="json", VIDEOS_TIMEOUT=str(TIMEOUT),
            VIDEOS_FILM_HOSTS=store, VIDEOS_DIALECT="openai",
            MAX_ACTIVE_PER_USER="1000", MAX_ACTIVE="1000",
        )  # fmt: skip

    async def play(self, cells: Iterable[Cell]) -> Findings:
        self._parts = [self._cast(cell) for cell in cells]
        self._videos.finish()
        async with self._bot:
            reading = asyncio.create_task(self._read_rows())
            try:
                slots = asyncio.Semaphore(AT_ONCE)
                at_once = [one for one in self._parts if not one.cell.away]
                await asyncio.gather(*(self._play(one, slots) for one in at_once))
                await self._play_away([one for one in self._parts if one.cell.away])
            finally:
                reading.cancel()
            await self._bot.stop()
            found = await self._examine()
            found.tokens_left = await self._tokens_after_their_life()
        return found

    def _cast(self, cell: Cell) -> Part:
        channel = self._discord.add_channel(self._guild)
        if cell.in_thread:
            channel = self._discord.add_thread(channel)
        user = self._discord.add_user(f"user{len(self._parts)}")
        return Part(cell, self._discord, channel, user)

    # ---------------------------------------------------------------- playing

    async def _play(self, part: Part, slots: asyncio.Semaphore) -> None:
        async with slots:
            self._lay(part)
            if part.cell.step == "edit":
                # A card is edited at its own pace: the film waits for the edit that is meant.
                self._videos.meet("poll", *[_still_running] * 1000, prompt=part.prompt)
            await self._ask(part)
            await self._until_met(part)
            await self._until(part)

    async def _until_met(self, part: Part) -> None:
        if part.cell.step == "edit":
            for _ in range(int(WITHIN / 0.1)):
                if self._unmet(part) == 0:
                    break
                await asyncio.sleep(0.1)
            self._videos.forget("poll", prompt=part.prompt)

    def _lay(self, part: Part) -> None:
        for kind, fault in part.cell.videos:
            self._videos.meet(kind, fault, prompt=part.prompt)
        for kind, make in part.cell.discord:
            self._discord.meet(kind, _late_bound(part, make), channel=part.channel)

    async def _ask(self, part: Part) -> None:
        part.asked = await self._discord.slash(part.user, part.channel, "video", prompt=part.prompt)

    async def _until(self, part: Part) -> None:
        """Wait until it has come to what it should; if it does not, that is found later."""
        for _ in range(int(WITHIN / 0.1)):
            if self._unmet(part) == 0 and self._has_ended(part):
                return
            await asyncio.sleep(0.1)

    def _unmet(self, part: Part) -> int:
        videos = sum(self._videos.unmet(kind, part.prompt) for kind, _ in part.cell.videos)
        kinds = {kind for kind, _ in part.cell.discord}
        return videos + sum(self._discord.unmet(kind, part.channel) for kind in kinds)

    def _has_ended(self, part: Part) -> bool:
        row, wanted = self._rows.get(part.prompt), part.cell.outcome.status
        if wanted is None:
            return row is None
        if row is None or row["status"] != wanted:
            return False
        return wanted is RenderStatus.DELIVERED or row["shown"] == wanted

    async def _play_away(self, parts: list[Part]) -> None:
        """Have the server gone while each of these is at its step."""
        by_step = {part.cell.step: part for part in parts}
        create, poll, content = (by_step[step] for step in ("create", "poll", "content"))
        self._videos.meet("poll", *[_still_running] * 1000, prompt=poll.prompt)
        self._videos.meet(
            "content", faulty.answer(425, "{}", Retry_After="3"), prompt=content.prompt
        )
        await self._ask(poll)
        await self._ask(content)
        await self._discord.until(
            lambda: (
                self._status(poll) == "in_progress"
                and self._videos.unmet("content", content.prompt) == 0
            )
        )
        async with self._videos.away():
            await self._ask(create)
            await self._until(create)
            await self._discord.until(
                lambda: any("stopped answering" in text for text in poll.interaction.message.texts)
            )
            tries = self._rows[content.prompt]["failed_deliveries"]
            await self._discord.until(
                lambda: self._rows[content.prompt]["failed_deliveries"] > tries
            )
        self._videos.forget("poll", prompt=poll.prompt)
        await self._until(poll)
        await self._until(content)

    def _status(self, part: Part) -> str | None:
        row = self._rows.get(part.prompt)
        return None if row is None else row["status"]

    async def _read_rows(self) -> None:
        while True:
            rows = await asyncio.to_thread(database.rows, self._folder)
            self._rows = {row["prompt"]: row for row in rows}
            await asyncio.sleep(0.2)

    # ---------------------------------------------------------------- judging

    async def _examine(self) -> Findings:
        rows = await asyncio.to_thread(database.rows, self._folder)
        self._rows = {row["prompt"]: row for row in rows}
        log = [json.loads(line) for line in self._bot.log.splitlines() if line.startswith("{")]
        films = await self._videos.films()
        found = Findings()
        for part in self._parts:
            about = _about(log, self._rows.get(part.prompt))
            found.wrong[part.cell.name] = [*self._wrong(part, films[part.prompt], about)]
        found.tracebacks = [line for line in self._bot.log.splitlines() if "Traceback" in line]
        found.leaks = [*self._leaks()]
        return found

    def _wrong(self, part: Part, films: list[bytes], log: list[dict[str, Any]]) -> Iterable[str]:
        cell, outcome = part.cell, part.cell.outcome
        row = self._rows.get(part.prompt)
        if left := self._unmet(part):
            yield f"{left} faults were not met"
        status = None if row is None else row["status"]
        if status != outcome.status:
            yield f"it is {status}, not {outcome.status}"
        if self._videos.creates[part.prompt] != cell.creates:
            yield f"{self._videos.creates[part.prompt]} creates were sent, not {cell.creates}"
        if len(films) != outcome.bought:
            yield f"{len(films)} films were bought, not {outcome.bought}"
        yield from self._wrong_in_chat(part, films)
        if cell.logs is not None and not any(cell.logs in one["message"] for one in log):
            yield f"no log line holds {cell.logs!r}: {[one['message'] for one in log]}"
        if raised := [one["exception"] for one in log if "exception" in one]:
            yield f"a traceback was logged: {raised[0]}"

    def _wrong_in_chat(self, part: Part, films: list[bytes]) -> Iterable[str]:
        outcome = part.cell.outcome
        public = self._discord.messages_in(part.channel)
        private = [one for one in part.seen if one not in public]
        if len(public) != outcome.messages:
            yield f"{[one.text for one in public]} in the channel, not {outcome.messages}"
        if len(private) != outcome.private:
            yield f"{[one.text for one in private]} in private, not {outcome.private}"
        shown = [file.data for one in part.seen for file in one.now.shown_files]
        if len(shown) != outcome.films or any(film not in films for film in shown):
            yield f"{len(shown)} films in the chat, not {outcome.films}, or others"
        if part.seen and outcome.says not in part.seen[-1].text:
            yield f"{part.seen[-1].text!r} does not say {outcome.says!r}"

    def _leaks(self) -> Iterable[str]:
        """Every place that holds a secret and should not."""
        secrets = {
            "the bot's token": self._discord.token,
            "the key of the Videos server": VIDEOS_KEY,
            "a film's signature": SIGNATURE,
        }
        tokens = [one.token for one in self._discord.interactions.every.values()]
        texts = [("the log", line) for line in self._bot.log.splitlines()]
        for message in self._discord.messages.every.values():
            said = [(version.text, version.components) for version in message.versions]
            texts.append(("a message", str(said)))
        for table in database.TABLES:
            for row in database.rows(self._folder, table):
                kept = {name: value for name, value in row.items() if name not in _OWN_COLUMNS}
                texts.append((f"a row of {table}", str(kept)))
        for place, text in texts:
            for name, secret in secrets.items():
                if secret in text:
                    yield f"{name} in {place}: {text[:1000]}"
            if any(token in text for token in tokens):
                yield f"an interaction's token in {place}: {text[:1000]}"

    async def _tokens_after_their_life(self) -> int:
        """Start the bot again a quarter of an hour later, as far as its tokens know."""
        assert any(row["interaction_token"] is not None for row in database.rows(self._folder))
        database.update(self._folder, token_expires_at=database.earlier("token_expires_at", 900))
        await self._bot.start()
        left = 0
        for _ in range(100):
            rows = await asyncio.to_thread(database.rows, self._folder)
            left = sum(row["interaction_token"] is not None for row in rows)
            if left == 0:
                break
            await asyncio.sleep(0.1)
        return left


def _about(log: list[dict[str, Any]], row: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Give the log lines about a job; of those that were forgotten, what all of them say."""
    if row is None:
        return [one for one in log if "nothing is sent" in one["message"]]
    return [one for one in log if one.get("job") == row["id"] or row["id"] in one["message"]]


def _late_bound(part: Part, make: DiscordFault) -> Fault:
    """Make a fault when it is met: the interaction is known only then."""

    async def fault(request: web.Request, apply: Apply) -> web.StreamResponse:
        return await make(part)(request, apply)

    return fault


async def _still_running(request: web.Request) -> web.StreamResponse:
    return await faulty.changed(lambda job: job | {"status": "in_progress", "progress": 40})(
        request
    )


async def play_all(cells: Iterable[Cell], folder: Path, template: Path) -> Findings:
    """Play the cells; every origin that is not the Videos server counts what it is asked."""
    strangers: list[str] = []

    async with held_videos(folder / "videos", template, workers=4) as videos, loopback() as discord:

        async def elsewhere(request: web.Request) -> web.StreamResponse:
            strangers.append(f"{request.method} {request.path_qs} reached a server nobody named")
            return web.Response(status=404)

        async def store(request: web.Request) -> web.StreamResponse:
            if VIDEOS_KEY in str(request.headers):
                strangers.append("the key reached a store of films")
            return await videos.pass_on(request)

        async with answering(elsewhere) as one, answering(store) as other:
            videos.others = {"elsewhere": one, "store": other}
            found = await Table(discord, videos, folder / "bot").play(cells)
    found.leaks += strangers
    return found
