"""What limits count: units, scopes and windows, and the amounts in them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MILLIONTHS: Final = 1_000_000
"""In one of the operator's currency."""
MOST_MONEY: Final = 10**15
"""A thousand million of it, in millionths: sums of them fit into 63 bits."""


class Unit(StrEnum):
    """What a limit counts."""

    VIDEOS = "videos"
    SECONDS = "seconds"
    """Of film."""
    MONEY = "money"
    """Millionths of the operator's currency."""


class Scope(StrEnum):
    """Whose requests a limit counts."""

    PERSON = "person"
    CHANNEL = "channel"
    COMMUNITY = "community"
    EVERYONE = "everyone"


class Period(StrEnum):
    """How long a window of a limit is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    EVER = "ever"


class Entry(StrEnum):
    """Kinds of ledger entries."""

    HOLD = "hold"
    SETTLE = "settle"
    """The create was bought; the entry has what was charged."""
    RELEASE = "release"
    """Surely nothing was bought."""


@dataclass(frozen=True, slots=True, order=True)
class MeterKey:
    """One count. `guild_id` is whose limit it is, 0 for the owner's; `scope_id` "" for everyone.

    `starts_at` is the beginning of the window in Unix seconds, 0 for ever.
    """

    guild_id: int
    scope: Scope
    scope_id: str
    unit: Unit
    period: Period
    starts_at: float


@dataclass(frozen=True, slots=True)
class Limit:
    """A meter and how much it may count; `ends_at` is when its window ends, None for never."""

    key: MeterKey
    most: int
    ends_at: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What one create costs in each unit; no price is known where `money` is None."""

    videos: int = 0
    seconds: int = 0
    money: int | None = None

    def of(self, unit: Unit) -> int:
        """Return the amount in a unit."""
        return int(getattr(self, unit) or 0)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a meter has counted: `granted` raises its limit."""

    held: int = 0
    spent: int = 0
    granted: int = 0

    @property
    def used(self) -> int:
        """What is spent or may yet be."""
        return self.held + self.spent


@dataclass(frozen=True, slots=True)
class Denied:
    """The limit that leaves no room, and what it has counted."""

    limit: Limit
    usage: Usage

    def __bool__(self) -> bool:
        """A denial is a no."""
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """So much more of what a limit counts, in one window; once for an interaction."""

    amount: int
    actor_id: int
    at: float
    interaction_id: int
