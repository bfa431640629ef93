"""The demo's page on a simulated Discord in this process, without a bot: a test writes for it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from bot.serving.origin import LOOPBACK_NAMES
from bot.simulator.messages import Message
from bot.simulator.page import Page
from bot.simulator.uploads import NewFile, Upload
from bot.simulator.world import Channel, Guild, User
from tests.listening import listening
from tests.loopback.driver import Loopback

V2 = 1 << 15
LARGEST = 2**30


@dataclass
class Simulated:
    """One guild with two channels and two people; `address` is the page's."""

    discord: Loopback
    address: str
    ada: User
    grace: User
    guild: Guild
    general: Channel
    other: Channel
    commands: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def write(
        self,
        *components: dict[str, Any],
        channel: Channel | None = None,
        content: str | None = None,
        ping: User | None = None,
        **facts: Any,  # noqa: ANN401
    ) -> Message:
        """Write a message as the bot."""
        message = self.discord.messages.new(channel or self.general, self.discord.bot, **facts)
        return self.change(message, *components, content=content, ping=ping)

    def change(
        self,
        message: Message,
        *components: dict[str, Any],
        content: str | None = None,
        ping: User | None = None,
        file: NewFile | None = None,
    ) -> Message:
        """Edit a message as the bot; its files stay."""
        pinged = [] if ping is None else [str(ping.id)]
        payload: dict[str, Any] = {"content": content, "allowed_mentions": {"users": pinged}}
        if components:
            payload |= {"components": list(components), "flags": V2}
        upload = Upload(payload, {} if file is None else {0: file})
        return self.discord.messages.write(message, upload, through="edit", limit=LARGEST)


@asynccontextmanager
async def simulated() -> AsyncGenerator[Simulated]:
    discord = Loopback()
    ada, grace = discord.add_user("ada"), discord.add_user("grace")
    guild = discord.add_guild("Film Club", people=[ada, grace])
    general, other = (discord.add_channel(guild, name) for name in ("general", "film-club"))
    app = discord.application()
    page = Page(discord, {"title": "Hi", "text": "Type `/video`.", "tries": []})
    page.add_to(app, LOOPBACK_NAMES)
    async with listening(app, shutdown=0.5) as listener:
        discord.listens_at(listener.place)
        yield Simulated(discord, f"http://{listener.place}/", ada, grace, guild, general, other)
        await page.close()
        await discord.gateway.close()


def text(words: str) -> dict[str, Any]:
    """A text display."""
    return {"type": 10, "content": words}


def container(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"type": 17, "components": list(parts)}


def video(name: str) -> dict[str, Any]:
    """A gallery with one video of this message."""
    return {"type": 12, "items": [{"media": {"url": f"attachment://{name}"}}]}


def button(label: str) -> dict[str, Any]:
    return {"type": 1, "components": [{"type": 2, "style": 1, "label": label, "custom_id": label}]}
