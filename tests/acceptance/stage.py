"""A simulated Discord with the real bot in it, its database on disk and its server in front.

The bot's own waits go by simcord's clock: they end through `Stage.wait`, never by themselves.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import simcord
from simcord.actors import _component_interaction  # pyright: ignore[reportPrivateUsage]

from bot.app import open_bot
from bot.client import VideoBot
from bot.delivery.thumbnails import Take
from bot.runtime.timing import Timing
from bot.settings import Settings

SETTLE = 60.0
"""Seconds one action may take to come to rest; a busy machine needs more than an idle one."""
ENCODES = 120.0
"""The same, where a film is encoded anew meanwhile."""
RENDERED_WITHIN = 60.0
IDLE = 0.0
"""A kept connection has a timer, which simcord would wait for and move its clock to."""
PROMPT = "a calico cat playing a piano on stage"


@dataclass(kw_only=True)
class Stage:
    env: simcord.Env
    bot: VideoBot
    settings: Settings
    channel: simcord.ChannelHandle
    ada: simcord.MemberActor
    grace: simcord.MemberActor
    moderator: simcord.MemberActor
    audience: simcord.MemberActor
    """Somebody who only looks, and so sees no private answer."""
    texts: list[str] = field(default_factory=list[str])

    async def wait(self, seconds: float = 1.0) -> None:
        """Let the bot's own time pass."""
        await self.env.advance_time(seconds)

    async def until(self, done: Callable[["Stage"], bool], *, step: float = 1.0) -> None:
        """Let time pass until `done`.

        A step of one second goes at about the speed that the server really renders at.
        """
        async with asyncio.timeout(RENDERED_WITHIN):
            while not done(self):
                await asyncio.sleep(0.05)
                await self.wait(step)
                self.texts.append(text_of(self.messages[-1]))

    async def press_stale(
        self, who: simcord.MemberActor, message: discord.Message, custom_id: str
    ) -> simcord.InteractionResult:
        """Press a button that a client still shows although the card has changed."""
        stored = self.env.backend.get_message(message.channel.id, message.id)
        data = {"custom_id": custom_id, "component_type": discord.ComponentType.button.value}
        return await _component_interaction(who, stored, data)

    @property
    def messages(self) -> list[discord.Message]:
        """What everybody sees in the channel."""
        return list(self.channel.history(viewer=self.audience))

    @property
    def card(self) -> discord.Message:
        """The one message in the channel."""
        assert len(self.messages) == 1, "one message per request"
        return self.messages[0]

    @property
    def text(self) -> str:
        """All words of the one card."""
        return text_of(self.card)

    @property
    def film(self) -> bytes | None:
        """The film that the card shows."""
        for part in parts_of(self.card):
            for item in part.get("items", []):
                return self.env.backend.cdn.get(item["media"]["url"])
        return None


def parts_of(message: discord.Message) -> list[dict[str, Any]]:
    """Every component of a message, in the order people see them."""
    found: list[dict[str, Any]] = []
    waiting: list[Any] = [component.to_dict() for component in message.components]
    while waiting:
        part = waiting.pop(0)
        found.append(part)
        accessory = [part["accessory"]] if "accessory" in part else []
        waiting = [*part.get("components", []), *accessory, *waiting]
    return found


def text_of(message: discord.Message) -> str:
    return "\n".join(part["content"] for part in parts_of(message) if "content" in part)


class _Clock:
    """Simcord's clock, for a bot that is built before there is a simcord."""

    def __init__(self) -> None:
        self.env: simcord.Env | None = None

    def now(self) -> float:
        assert self.env is not None
        return self.env.now().timestamp()

    async def sleep(self, seconds: float) -> None:
        assert self.env is not None
        await self.env.external_wait(asyncio.sleep(seconds), reason="the bot's own clock")

    @property
    def timing(self) -> Timing:
        return Timing(clock=self.now, sleep=self.sleep)


def settings_for(folder: Path, base_url: str | None, **changes: Any) -> Settings:  # noqa: ANN401
    values: dict[str, Any] = {"data_dir": folder, "videos_base_url": base_url, "poll_interval": 1.0}
    return Settings(_env_file=None, **values | changes)  # pyright: ignore[reportCallIssue]


@asynccontextmanager
async def _opening(
    settings: Settings, clock: _Clock, thumbnails: Take | None
) -> AsyncGenerator[VideoBot]:
    """Open a bot that gets files from simcord."""

    async def fetch(address: str) -> bytes:
        return await bot.http.get_from_cdn(address)

    async with open_bot(
        settings, clock.timing, idle_connection=IDLE, thumbnails=thumbnails, fetch_image=fetch
    ) as bot:
        yield bot


@asynccontextmanager
async def staged(
    settings: Settings, *, thumbnails: Take | None = None, settle: float = SETTLE
) -> AsyncGenerator[Stage]:
    """Open the bot and a server with one channel and two members; pictures are taken if asked."""
    clock = _Clock()
    opening = _opening(settings, clock, thumbnails)
    async with opening as bot:
        running = simcord.run(bot, shard_count=1, settle_timeout=settle)
        clock.env = running._env  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        async with running as env:
            guild = env.create_guild("Rushes")
            channel = guild.create_text_channel("film-club")
            ada, grace = (guild.add_member(env.create_user(name)) for name in ("ada", "grace"))
            rights = discord.Permissions(manage_messages=True)
            role = guild.create_role("moderators", permissions=rights)
            yield Stage(
                env=env,
                bot=bot,
                settings=settings,
                channel=channel,
                ada=ada,
                grace=grace,
                moderator=guild.add_member(env.create_user("mod"), roles=[role]),
                audience=guild.add_member(env.create_user("lurker")),
            )


@asynccontextmanager
async def restarted(stage: Stage) -> AsyncGenerator[Stage]:
    """Exchange the bot for a new one that knows only what the old one wrote to disk."""
    clock = _Clock()
    clock.env = stage.env
    async with AsyncExitStack() as stack:
        settings = stage.settings
        bot = await stack.enter_async_context(_opening(settings, clock, thumbnails=None))
        await stage.env.restart_bot(bot)
        stage.bot = bot
        yield stage
