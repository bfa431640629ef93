"""What the parts of this Discord share."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bot.simulator.cdn import Cdn
from bot.simulator.clock import Clock
from bot.simulator.gateway import Gateway
from bot.simulator.interactions import Interactions
from bot.simulator.limits import Limits
from bot.simulator.messages import Messages
from bot.simulator.uploads import Body, Receive, Upload, receive_whole
from bot.simulator.world import Channel, Payload, User, World

Apply = Callable[[], Awaitable[web.StreamResponse]]
"""Does what was asked, and returns Discord's answer."""
Fault = Callable[[web.Request, Apply], Awaitable[web.StreamResponse]]
"""Answers a request instead of, before or after Discord's own answer."""

TOKEN: Final = "MTIz.bG9v.cGJhY2stb25seS1zZWNyZXQ"  # noqa: S105 - of no other Discord than this


@dataclass(frozen=True)
class Seen:
    """One request, as it was answered; status 0 where the connection was cut."""

    kind: str
    method: str
    path: str
    at: float
    """Seconds on Discord's clock."""
    took: float
    status: int
    code: int
    uploaded: int
    """Bytes of the body."""


@dataclass(frozen=True)
class Call:
    """A request on its way to the handler of its route."""

    kind: str
    major: str
    match: Mapping[str, str]
    query: Mapping[str, str]
    upload: Upload


Handler = Callable[["Core", Call], Awaitable[object]]
"""Gives the JSON of the answer, or None for 204."""


@dataclass(frozen=True)
class Rule:
    """One route of the API. `kind` is the name it has in limits, faults and the request log."""

    method: str
    path: str
    kind: str
    handler: Handler


class Core:
    """The state of one Discord, and what its parts call of each other."""

    def __init__(self) -> None:
        self.token = TOKEN
        self.clock = Clock()
        self.bot = User(self.clock.snowflake(), "rushes", bot=True)
        self.world = World(self.clock, self.bot, {self.bot.id: self.bot})
        self.cdn = Cdn(self.clock)
        self.messages = Messages(self.clock, self.cdn, self.changed)
        self.interactions = Interactions(self.clock, self.world)
        self.gateway = Gateway(self.world, self.token, self.changed)
        self.limits = Limits()
        self.commands: dict[int | None, list[Payload]] = {}
        """What the bot registered, by server; None is everywhere."""
        self.requests: list[Seen] = []
        self.seen: Counter[str] = Counter()
        """Requests that came in, by kind, whatever was answered."""
        self.faults: defaultdict[tuple[str, int | None], list[Fault]] = defaultdict(list)
        """By the kind of request, and by the channel where they are for one alone."""
        self.receive: Receive = receive_whole
        """How bodies are read: a benchmark keeps no film in memory."""
        self._wake: asyncio.Event = asyncio.Event()

    def changed(self) -> None:
        """Wake whoever waits for something to become true."""
        self._wake.set()

    async def change(self, *, within: float) -> None:
        """Wait for the next change, or a moment: a condition may be about something else."""
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), within)
        except TimeoutError:
            return

    def commands_in(self, channel: Channel) -> list[Payload]:
        """Return the commands of a channel: its guild's, then the global ones."""
        local = [] if channel.guild is None else self.commands.get(channel.guild.id, [])
        return [*local, *self.commands.get(None, [])]

    def channel_at(self, match: Mapping[str, str]) -> int | None:
        """Give the channel that a request is about, through a token or by itself."""
        if "channel" in match:
            return int(match["channel"])
        interaction = self.interactions.every.get(match.get("token", ""))
        return None if interaction is None else interaction.channel.id

    def kind_at(self, rule: Rule, match: Mapping[str, str]) -> str:
        """Name the kind: writing into a direct message is one of its own."""
        if rule.kind != "channel_send":
            return rule.kind
        channel = self.world.channels.get(int(match["channel"]))
        return "dm" if channel is not None and channel.recipient is not None else rule.kind


@dataclass
class Meeting:
    """How a request is being answered, for the log."""

    request: web.Request
    kind: str
    body: Body
    code: int = 0
    headers: dict[str, str] = field(default_factory=dict[str, str])
