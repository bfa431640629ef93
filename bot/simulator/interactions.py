"""An interaction, from the moment Discord sends it until its token dies.

Source: Discord, interactions/receiving-and-responding.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from bot.simulator.clock import Clock
from bot.simulator.errors import (
    already_acknowledged,
    token_dead,
    unknown_interaction,
    unknown_webhook,
)
from bot.simulator.messages import Message
from bot.simulator.world import USUAL, Channel, Payload, User, World

DEADLINE: Final = 3.0
TOKEN_LIFE: Final = 15 * 60.0

COMMAND: Final = 2
COMPONENT: Final = 3
AUTOCOMPLETE: Final = 4
MODAL: Final = 5
SUB_COMMANDS: Final = (1, 2)
"""Types of options. Source: Discord, interactions/application-commands."""
SLASH: Final = 1
"""The command type CHAT_INPUT. Source: Discord, interactions/application-commands."""


@dataclass(eq=False)
class Interaction:
    """One interaction, and how it was answered."""

    id: int
    token: str
    type: int
    user: User
    channel: Channel
    born: float
    user_installed: bool
    upload_limit: int
    data: Payload
    target: Message | None = None
    """The message whose component was used."""
    sent: bool = False
    """Whether a shard was there to be told."""
    answered_after: float | None = None
    response_type: int | None = None
    response_data: Payload = field(default_factory=dict[str, Any])
    original: Message | None = None
    follow_ups: list[Message] = field(default_factory=list[Message])
    _answered: asyncio.Event = field(default_factory=asyncio.Event)

    async def answered(self, *, within: float = DEADLINE) -> "Interaction":
        """Wait for the bot's acknowledgement."""
        async with asyncio.timeout(within):
            await self._answered.wait()
        return self

    def acknowledge(self, response_type: int, data: Payload, now: float) -> None:
        """Take the answer. Raises 10062 after three seconds, 40060 when there is one already."""
        if self.response_type is not None:
            raise already_acknowledged()
        if now - self.born > DEADLINE:
            raise unknown_interaction()
        self.response_type, self.response_data = response_type, data
        self.answered_after = now - self.born

    def tell_answered(self) -> None:
        """Wake those who wait for the answer."""
        self._answered.set()

    @property
    def command(self) -> tuple[User, str] | None:
        """Who used which command, as people see it over the answer."""
        if self.type != COMMAND:
            return None
        name: str = self.data["name"]
        if self.data["type"] != SLASH:
            return self.user, name
        words, level = [f"/{name}"], self.data
        while (parts := level.get("options")) and parts[0]["type"] in SUB_COMMANDS:
            level = parts[0]
            words.append(level["name"])
        return self.user, " ".join(words)

    @property
    def message(self) -> Message:
        """The first answer."""
        if self.original is None:
            raise ValueError("it was not answered with a message")
        return self.original


class Interactions:
    """All interactions, by their tokens."""

    def __init__(self, clock: Clock, world: World) -> None:
        self._clock = clock
        self._world = world
        self.every: dict[str, Interaction] = {}
        self.dead_is_404 = False
        """A dead token is answered 50027 as 401; or 10015 as 404, where this is set."""

    def new(  # the ways to come by one differ in exactly these
        self, kind: int, user: User, channel: Channel, data: Payload, target: Message | None = None
    ) -> Interaction:
        """Begin an interaction; it is not sent yet."""
        guild = channel.guild
        made = Interaction(
            id=self._clock.snowflake(),
            token=secrets.token_urlsafe(48),
            type=kind,
            user=user,
            channel=channel,
            born=self._clock.now(),
            user_installed=not (guild.bot_is_member if guild else channel.recipient),
            upload_limit=max(user.upload_limit, self._world.bot_upload_limit(channel)),
            data=data,
            target=target,
        )
        self.every[made.token] = made
        return made

    def by_token(self, token: str) -> Interaction:
        """Find one for the callback. Raises 10062."""
        found = self.every.get(token)
        if found is None or self._clock.now() - found.born > TOKEN_LIFE:
            raise unknown_interaction()
        return found

    def as_webhook(self, application: str, token: str) -> Interaction:
        """Find one whose token may be used as a webhook. Raises 10015, 50027."""
        found = self.every.get(token)
        if found is None or application != str(self._world.bot.id) or found.response_type is None:
            raise unknown_webhook()
        if self._clock.now() - found.born > TOKEN_LIFE:
            raise unknown_webhook() if self.dead_is_404 else token_dead()
        return found

    def payload(self, one: Interaction) -> Payload:
        """Give the event as the gateway sends it."""
        channel = one.channel
        told: Payload = {
            "id": str(one.id),
            "application_id": str(self._world.bot.id),
            "type": one.type,
            "token": one.token,
            "version": 1,
            "data": one.data,
            "channel_id": str(channel.id),
            "channel": channel.payload() | {"permissions": str(USUAL)},
            "locale": one.user.locale,
            "entitlements": [],
            "app_permissions": str(USUAL if channel.guild is None else channel.bot_may),
            "attachment_size_limit": one.upload_limit,
        }
        if one.target is not None:
            told["message"] = one.target.payload()
        return told | self._place(one)

    def _place(self, one: Interaction) -> Payload:
        """Say where it came from: contexts are 0 server, 1 the bot's DM, 2 any other DM.

        The owner is keyed by the kind of installation: 0 by the server, 1 by the user.
        """
        guild = one.channel.guild
        if guild is None:
            theirs = {"1": str(one.user.id)}
            return {
                "user": one.user.payload(),
                "context": 2 if one.user_installed else 1,
                "authorizing_integration_owners": theirs
                if one.user_installed
                else {"0": "0"} | theirs,
            }
        owners = {"1": str(one.user.id)} if one.user_installed else {"0": str(guild.id)}
        return {
            "guild_id": str(guild.id),
            "guild": {"id": str(guild.id), "locale": guild.locale, "features": []},
            "guild_locale": guild.locale,
            "member": self._world.member(one.user),
            "context": 0,
            "authorizing_integration_owners": owners,
        }
