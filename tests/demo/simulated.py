"""The demo's page on a simulated Discord in this process, without a bot: a test writes for it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from bot.serving.origin import LOOPBACK_NAMES
from bot.simulator.components import V2
from bot.simulator.interactions import Interaction
from bot.simulator.messages import Message
from bot.simulator.page import Page
from bot.simulator.uploads import NewFile, Upload
from bot.simulator.world import Channel, Guild, User
from tests.listening import Listener, listening
from tests.loopback.driver import Loopback

LARGEST: Final = 2**30
UPDATED: Final = 6
CHOICES: Final = 8
MODAL: Final = 9
"""Types of a response. Source: Discord, interactions/receiving-and-responding."""
GREETING: Final = {
    "title": "Hi",
    "text": "Type `/video`.",
    "tries": [{"label": "A lamp", "command": "video", "options": {"prompt": "a lamp"}}],
}


@dataclass
class Simulated:
    """One guild with two channels and two people; `address` is the page's."""

    discord: Loopback
    listener: Listener
    ada: User
    grace: User
    guild: Guild
    general: Channel
    other: Channel

    @property
    def address(self) -> str:
        return f"{self.listener.origin}/"

    def offer(self, name: str, *options: dict[str, Any], kind: int = 1) -> None:
        """Register a command; a page that is opened afterwards offers it."""
        commands = self.discord.commands.setdefault(None, [])
        commands.append({"id": "1", "name": name, "type": kind, "options": list(options)})

    @property
    def asked(self) -> list[Interaction]:
        """Every interaction that the bot was sent, oldest first."""
        return list(self.discord.interactions.every.values())

    async def asks(self, number: int) -> Interaction:
        """Wait for so many interactions; returns the newest."""
        await self.discord.until(lambda: len(self.asked) >= number)
        return self.asked[-1]

    def answer(self, asked: Interaction, kind: int, **data: Any) -> None:  # noqa: ANN401
        """Answer an interaction as the bot."""
        asked.acknowledge(kind, data, self.discord.clock.now())
        asked.tell_answered()

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
    page = Page(discord, GREETING)
    page.add_to(app, LOOPBACK_NAMES)
    async with listening(app, shutdown=0.5) as listener:
        discord.listens_at(listener.place)
        try:
            yield Simulated(discord, listener, ada, grace, guild, general, other)
        finally:
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
    return row({"type": 2, "style": 1, "label": label, "custom_id": label})


def row(component: dict[str, Any]) -> dict[str, Any]:
    """An action row with one component."""
    return {"type": 1, "components": [component]}
