"""Who and what there is: people, servers, channels, and what the bot may do in them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from bot.simulator.clock import Clock
from bot.simulator.errors import unknown_channel

Payload = dict[str, Any]

VIEW: Final = 1 << 10
SEND: Final = 1 << 11
MANAGE_GUILD: Final = 1 << 5
MANAGE_MESSAGES: Final = 1 << 13
EMBED: Final = 1 << 14
ATTACH: Final = 1 << 15
READ_HISTORY: Final = 1 << 16
MANAGE_THREADS: Final = 1 << 34
SEND_IN_THREADS: Final = 1 << 38
USUAL: Final = VIEW | SEND | EMBED | ATTACH | READ_HISTORY | SEND_IN_THREADS
"""Permission bits. Source: Discord, topics/permissions."""

TEXT: Final = 0
DM: Final = 1
VOICE: Final = 2
GROUP_DM: Final = 3
THREAD: Final = 11
PRIVATE_THREAD: Final = 12
STAGE: Final = 13
FORUM: Final = 15
"""Channel types. Source: Discord, resources/channel."""
_SPOKEN_IN: Final = frozenset({VOICE, STAGE})

MIB: Final = 1024**2
BOOSTED: Final = {0: 10 * MIB, 1: 10 * MIB, 2: 50 * MIB, 3: 100 * MIB}
"""Bytes of an upload by premium tier. Source: Discord, reference, uploading files."""


@dataclass(frozen=True)
class Role:
    """A role of a guild, beside those that every guild has here."""

    id: int
    name: str
    permissions: int = 0
    color: int = 0

    def payload(self, position: int) -> Payload:
        """Return the role object."""
        colors = {"primary_color": self.color, "secondary_color": None, "tertiary_color": None}
        return {
            "id": str(self.id),
            "name": self.name,
            "color": self.color,
            "colors": colors,
            "hoist": False,
            "position": position,
            "permissions": str(self.permissions),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


@dataclass
class User:
    """A person, or the bot."""

    id: int
    name: str
    bot: bool = False
    locale: str = "en-US"
    takes_dms: bool = True
    upload_limit: int = 0
    """More than the place's own limit where the person pays for it (Nitro)."""
    may: int = USUAL
    """Permissions where an interaction is used."""
    roles: tuple[Role, ...] = ()
    shown_name: str = ""
    """The display name; the name with a capital where none is given."""

    def __post_init__(self) -> None:
        self.shown_name = self.shown_name or self.name.title()

    def payload(self) -> Payload:
        """Return the user object. Source: Discord, resources/user."""
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": self.shown_name,
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass
class Guild:
    """A server."""

    id: int
    name: str
    locale: str = "en-US"
    premium_tier: int = 0
    bot_is_member: bool = True
    upload_limit: int | None = None
    """Overrides what the premium tier gives."""
    roles: list[Role] = field(default_factory=list[Role])
    people: list[User] = field(default_factory=list[User])
    """Its members; a test that leaves them out lets everybody use it."""

    @property
    def crew(self) -> int:
        """The role that may use what is closed to others; the bot does not begin with it."""
        return self.id + 1

    @property
    def most_bytes(self) -> int:
        """Bytes of an upload there."""
        return BOOSTED[self.premium_tier] if self.upload_limit is None else self.upload_limit


@dataclass
class Channel:
    """A channel, thread or conversation."""

    id: int
    name: str
    type: int = TEXT
    guild: Guild | None = None
    parent: "Channel | None" = None
    recipient: User | None = None
    """The other one of a direct message with the bot."""
    people: tuple[User, ...] = ()
    """Those of a conversation that the bot is not part of."""
    bot_may: int = USUAL
    closed_to: tuple[int, ...] = ()
    """People who may not view it."""
    archived: bool = False
    locked: bool = False
    topic: str = ""
    nsfw: bool = False

    def is_seen_by(self, user: User) -> bool:
        """Whether a person finds it in their client."""
        if self.guild is not None:
            return user in self.guild.people and user.id not in self.closed_to
        return user is self.recipient or user in self.people

    def bot_can(self, permission: int) -> bool:
        """Whether the bot may; a server it is no member of shows it nothing."""
        if self.guild is None:
            return self.recipient is not None
        return self.guild.bot_is_member and bool(self.bot_may & permission)

    def payload(self) -> Payload:
        """Return the channel object."""
        shown: Payload = {"id": str(self.id), "type": self.type, "flags": 0}
        if self.guild is None:
            return shown | self._conversation()
        shown |= {"name": self.name, "guild_id": str(self.guild.id)}
        if self.parent is not None:
            return shown | {"parent_id": str(self.parent.id)} | self._thread()
        shown |= {
            "position": 0,
            "permission_overwrites": [],
            "topic": self.topic or None,
            "nsfw": self.nsfw,
            "parent_id": None,
        }
        if self.type in _SPOKEN_IN:
            return shown | {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
        return shown | ({"available_tags": []} if self.type == FORUM else {})

    def _conversation(self) -> Payload:
        people = self.people if self.recipient is None else (self.recipient,)
        shown = {"recipients": [one.payload() for one in people], "last_message_id": None}
        if self.type == GROUP_DM:
            return shown | {"name": self.name, "icon": None, "owner_id": str(people[0].id)}
        return shown

    def _thread(self) -> Payload:
        return {
            "owner_id": "0",
            "message_count": 0,
            "member_count": 1,
            "rate_limit_per_user": 0,
            "thread_metadata": {
                "archived": self.archived,
                "locked": self.locked,
                "auto_archive_duration": 1440,
                "archive_timestamp": "2026-01-01T00:00:00+00:00",
            },
        }


@dataclass
class World:
    """Everybody and every place."""

    clock: Clock
    bot: User
    users: dict[int, User] = field(default_factory=dict[int, User])
    guilds: dict[int, Guild] = field(default_factory=dict[int, Guild])
    channels: dict[int, Channel] = field(default_factory=dict[int, Channel])
    bot_default_limit: int = BOOSTED[0]

    def channel(self, given: str | int) -> Channel:
        """Find a channel. Raises 10003."""
        found = self.channels.get(int(given))
        if found is None:
            raise unknown_channel()
        return found

    def in_guild(self, guild: Guild) -> Iterator[Channel]:
        """Return the channels and threads of a guild."""
        return (one for one in self.channels.values() if one.guild is guild)

    def dm_with(self, user: User) -> Channel:
        """Return the direct message between the bot and a user, made when it is first needed."""
        for channel in self.channels.values():
            if channel.recipient is user:
                return channel
        channel = Channel(self.clock.snowflake(), user.name, DM, recipient=user)
        self.channels[channel.id] = channel
        return channel

    def bot_upload_limit(self, channel: Channel) -> int:
        """Without an interaction, only the server's boosts raise the default."""
        guild = channel.guild
        return self.bot_default_limit if guild is None else guild.most_bytes

    def member(self, user: User) -> Payload:
        """Return the guild member object."""
        return {
            "user": user.payload(),
            "roles": [str(role.id) for role in user.roles],
            "joined_at": "2026-01-01T00:00:00+00:00",
            "deaf": False,
            "mute": False,
            "flags": 0,
            "permissions": str(user.may),
        }

    def resolved(self, value: str, guild: Guild | None) -> dict[str, Payload]:
        """Return what an id names, by kind. Source: Discord, "Resolved Data Structure"."""
        number = int(value)
        if (user := self.users.get(number)) is not None:
            told = {"users": user.payload()}
            return told if guild is None else told | {"members": self.member(user)}
        if (channel := self.channels.get(number)) is not None:
            return {"channels": channel.payload() | {"permissions": str(USUAL)}}
        roles = {role.id: role for role in (guild.roles if guild is not None else [])}
        if guild is not None:
            roles[guild.id] = Role(guild.id, "@everyone", USUAL)
        return {"roles": roles[number].payload(1)} if number in roles else {}

    def guild_payload(self, guild: Guild) -> Payload:
        """Give the server as GUILD_CREATE does. Source: Discord, resources/guild."""
        channels = list(self.in_guild(guild))
        return {
            "id": str(guild.id),
            "name": guild.name,
            "owner_id": "1",
            "preferred_locale": guild.locale,
            "premium_tier": guild.premium_tier,
            "features": [],
            "emojis": [],
            "stickers": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "system_channel_flags": 0,
            "large": False,
            "unavailable": False,
            "member_count": 2,
            "joined_at": "2026-01-01T00:00:00+00:00",
            "roles": [
                Role(guild.id, "@everyone", USUAL).payload(0),
                Role(guild.crew, "crew").payload(1),
                *(role.payload(place) for place, role in enumerate(guild.roles, start=2)),
            ],
            "members": [self.member(self.bot)],
            "channels": [one.payload() for one in channels if one.parent is None],
            "threads": [one.payload() for one in channels if one.parent is not None],
            "voice_states": [],
            "presences": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
        }
