"""Who and what there is in the demo: two communities, their channels, and people to be.

The ids are fixed, so that what the bot has on disk is still about them at the next start.
"""

from dataclasses import dataclass
from typing import Final

from bot.simulator.discord import SimulatedDiscord
from bot.simulator.world import (
    DM,
    FORUM,
    MANAGE_MESSAGES,
    TEXT,
    THREAD,
    USUAL,
    Channel,
    Guild,
    Payload,
    Role,
    User,
)

_ADMINISTRATOR: Final = 1 << 3
_MANAGE_GUILD: Final = 1 << 5
_EVERYTHING: Final = USUAL | _ADMINISTRATOR | _MANAGE_GUILD | MANAGE_MESSAGES
_FIRST_ID: Final = 1_300_000_000_000_000_000
"""A snowflake of 2024: older than every message of the demo."""

MODERATOR: Final = Role(_FIRST_ID + 50, "Moderator", MANAGE_MESSAGES, 0x2ECC71)
ADMINISTRATOR: Final = Role(_FIRST_ID + 51, "Administrator", _EVERYTHING, 0xE67E22)

GREETING: Final[Payload] = {
    "title": "Hi, I'm Rushes. I make videos from text.",
    "text": "Type `/video` in any channel and describe what you want to see. Or try one of these:",
    "tries": [
        {
            "label": "A calico cat playing a piano on stage",
            "command": "video",
            "options": {"prompt": "a calico cat playing a piano on stage"},
        },
        {"label": "Write your own prompt", "command": "video"},
        {"label": "See your videos", "command": "videos", "options": {}},
    ],
}
"""What a new channel says; a try with `options` is sent by one click."""


@dataclass(frozen=True)
class _People:
    ada: User
    grace: User
    mia: User
    alan: User
    yuki: User
    noah: User


def build(discord: SimulatedDiscord) -> None:
    """Add the people, guilds and channels."""
    people = _people(discord)
    club = _guild(discord, 1, "Film Club", people)
    general = _channel(discord, 10, "general", "Say hello, or type /video", guild=club)
    _channel(discord, 11, "film-club", "Videos of the week", guild=club)
    _channel(discord, 12, "after-dark", "Age-restricted", guild=club, nsfw=True)
    _channel(discord, 13, "moderators", "Team only", guild=club, closed_to=_members(people))
    _channel(discord, 14, "storyboards", kind=THREAD, guild=club, parent=general)
    forum = _channel(discord, 15, "showcase", "One post for each idea", kind=FORUM, guild=club)
    _channel(discord, 16, "Cats on stage", kind=THREAD, guild=club, parent=forum)
    elsewhere = Guild(_FIRST_ID + 2, "Book Club", bot_is_member=False, people=[people.noah])
    discord.world.guilds[elsewhere.id] = elsewhere
    _channel(discord, 20, "lounge", "Rushes is not a member here", guild=elsewhere)
    for place, user in enumerate(_all(people), start=30):
        _channel(discord, place, user.name, kind=DM, recipient=user)
    _channel(discord, 40, "Noah and Ada", kind=DM, people=(people.noah, people.ada))


def _people(discord: SimulatedDiscord) -> _People:
    def add(place: int, name: str, locale: str = "en-US", *roles: Role) -> User:
        may = USUAL
        for role in roles:
            may |= role.permissions
        user = User(_FIRST_ID + place, name, locale=locale, may=may, roles=roles)
        discord.world.users[user.id] = user
        return user

    return _People(
        ada=add(100, "ada"),
        grace=add(101, "grace"),
        mia=add(102, "mia", "en-US", MODERATOR),
        alan=add(103, "alan", "en-US", ADMINISTRATOR),
        yuki=add(104, "yuki", "ja"),
        noah=add(105, "noah"),
    )


def _all(people: _People) -> tuple[User, ...]:
    return people.ada, people.grace, people.mia, people.alan, people.yuki, people.noah


def _members(people: _People) -> tuple[int, ...]:
    return people.ada.id, people.grace.id, people.yuki.id


def _guild(discord: SimulatedDiscord, place: int, name: str, people: _People) -> Guild:
    guild = Guild(_FIRST_ID + place, name, roles=[MODERATOR, ADMINISTRATOR])
    guild.people += [people.ada, people.grace, people.mia, people.alan, people.yuki]
    discord.world.guilds[guild.id] = guild
    return guild


def _channel(
    discord: SimulatedDiscord,
    place: int,
    name: str,
    topic: str = "",
    *,
    kind: int = TEXT,
    guild: Guild | None = None,
    parent: Channel | None = None,
    recipient: User | None = None,
    people: tuple[User, ...] = (),
    closed_to: tuple[int, ...] = (),
    nsfw: bool = False,
) -> Channel:
    channel = Channel(
        _FIRST_ID + place,
        name,
        kind,
        guild=guild,
        parent=parent,
        recipient=recipient,
        people=people,
        closed_to=closed_to,
        topic=topic,
        nsfw=nsfw,
    )
    discord.world.channels[channel.id] = channel
    return channel
