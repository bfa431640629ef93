"""The options of /video-admin: what they offer, and what is meant by what was given."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

import discord
from discord import app_commands

from bot.cards import reports
from bot.cards.i18n import N_, Language
from bot.cards.text import plain
from bot.jobs.meters import MILLIONTHS, MOST_MONEY, Period, Unit
from bot.jobs.usage import Create
from bot.requests.community import Asker, Subject
from bot.requests.windows import window
from cogs.answers import Interaction
from cogs.permissions import asker_of

Channel = discord.TextChannel | discord.VoiceChannel | discord.ForumChannel
_AMOUNT: Final = r"\d{1,15}(?:[.,](?:\d{1,2}|\d{4,6}))?"
"""No three digits after a sign: 1,000 is a thousand to some, and one to others."""
Person = discord.Member | discord.User

D_SETTINGS: Final = N_("Who can make videos, where and which")
D_LIMITS: Final = N_("The limits of this server and what is used of them")
D_LIMIT: Final = N_("Set, change or remove a limit")
D_GRANT: Final = N_("Raise a limit once, for its current day, week or month")
D_USAGE: Final = N_("What was made here and what it cost")
D_EXPLAIN: Final = N_("Whether a person can make a video here, limit by limit")
D_QUEUE: Final = N_("What is running in this server")
D_PAUSE: Final = N_("Stop new videos in this server")
D_RESUME: Final = N_("Allow new videos again")
D_AUDIT: Final = N_("Who changed what")
O_COUNTS: Final = N_("What is counted")
O_PERIOD: Final = N_("In which time")
O_MOST: Final = N_("How much at most; empty removes the limit")
O_EACH: Final = N_("For each person, or for everybody together")
O_ROLE: Final = N_("For each person with this role")
O_PERSON: Final = N_("For this person")
O_CHANNEL: Final = N_("For everybody in this channel")
O_AMOUNT: Final = N_("How much more")
O_BY: Final = N_("Added up by")
O_REASON: Final = N_("Shown to people")
O_WHOM: Final = N_("Who it is about")
UNITS: Final = {
    Unit.VIDEOS: N_("Videos"),
    Unit.SECONDS: N_("Seconds of video"),
    Unit.MONEY: N_("Money"),
}
EACH: Final = {Subject.EACH: N_("Each person"), Subject.ALL: N_("This server")}
SINCE: Final = {
    Period.DAY: N_("Today"),
    Period.WEEK: N_("This week"),
    Period.MONTH: N_("This month"),
}
BY: Final = {
    "person": N_("Person"),
    "channel": N_("Channel"),
    "model": N_("Model"),
    "day": N_("Day"),
}


def choices(names: Mapping[Any, str]) -> list[app_commands.Choice[str]]:
    """Return the choices of an option, in each person's language."""
    return [
        app_commands.Choice(name=app_commands.locale_str(name), value=str(value))
        for value, name in names.items()
    ]


def guild_of(interaction: Interaction) -> int:
    """Return the community: the commands are offered nowhere else."""
    assert interaction.guild_id is not None, "the commands are for servers alone"  # noqa: S101
    return interaction.guild_id


def asker_as(interaction: Interaction, person: Person) -> Asker:
    """Return somebody as they would ask in this channel."""
    roles = person.roles if isinstance(person, discord.Member) else ()
    return replace(
        asker_of(interaction), person=person.id, roles=frozenset(role.id for role in roles)
    )


def subject_of(
    whose: str,
    role: discord.Role | None,
    person: Person | None,
    channel: Channel | None,
) -> tuple[Subject, int]:
    """Return whom a limit is for: what is named most closely."""
    named = {Subject.PERSON: person, Subject.ROLE: role, Subject.CHANNEL: channel}
    for subject, each in named.items():
        if each is not None:
            return subject, each.id
    return Subject(whose), 0


def amount_of(typed: str, unit: Unit) -> int | None:
    """Read an amount of a unit as people write it; None where it is none, or too large."""
    number = typed.strip()
    if re.fullmatch(_AMOUNT, number) is None:
        return None
    value = Decimal(number.replace(",", "."))
    scaled = value * MILLIONTHS if unit is Unit.MONEY else value
    whole = int(scaled)
    return whole if whole == scaled and whole <= MOST_MONEY else None


def grouping(by: str, zone: ZoneInfo, t: Language) -> Callable[[Create], str]:
    """Return what names a create's group, as people read it; "" for no model."""
    match by:
        case "person":
            return lambda each: reports.person(each.requester_id, t)
        case "channel":
            return lambda each: f"<#{each.channel_id}>"
        case "day":
            return lambda each: f"<t:{int(window(Period.DAY, each.at, zone)[0])}:D>"
        case _:
            return lambda each: plain(each.model or "", 60)
