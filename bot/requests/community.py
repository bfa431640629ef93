"""Community: what the administrators of one Discord server have set for it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from bot.jobs.meters import MOST_MONEY, Period, Scope, Unit
from bot.requests.admission import (
    Blocked,
    ChannelClosed,
    NothingAllowed,
    Offer,
    Paused,
    RoleNeeded,
)

LIMITS_MOST: Final = 100
"""Limits of one community."""
REASON_MOST: Final = 200
"""Characters of the reason of a pause."""


@dataclass(frozen=True)
class Asker:
    """Who asks, and where; guild None for a direct message.

    `channel` is the channel that counts: a thread's parent.
    """

    person: int
    guild: int | None
    channel: int
    roles: frozenset[int] = frozenset()


class Subject(StrEnum):
    """Whom a limit of a community is for."""

    EACH = "each"
    """Each person who has no limit of their own, nor a role with one."""
    ROLE = "role"
    """Each person with a role."""
    PERSON = "person"
    CHANNEL = "channel"
    """Everybody in a channel and its threads."""
    ALL = "all"
    """The whole community."""


_RANKS: Final = (Subject.PERSON, Subject.ROLE, Subject.EACH)
"""Which of a person's limits is theirs: the first kind there is; of several roles the largest."""


class CommunityLimit(BaseModel):
    """So much of a unit, for somebody, in a period."""

    model_config = ConfigDict(frozen=True)

    subject: Subject
    id: int = 0
    """Of the role, person or channel."""
    unit: Unit
    period: Period
    most: int = Field(ge=0, le=MOST_MONEY)

    @property
    def key(self) -> tuple[Subject, int, Unit, Period]:
        """What there is one limit of."""
        return self.subject, self.id, self.unit, self.period

    def applies_to(self, asker: Asker) -> bool:
        """Whether it is one of somebody's limits in a place."""
        match self.subject:
            case Subject.PERSON:
                return self.id == asker.person
            case Subject.ROLE:
                return self.id in asker.roles
            case Subject.CHANNEL:
                return self.id == asker.channel
            case _:
                return True


def _existing_zone(name: str | None) -> str | None:
    """Return a zone's name. Raises ValueError; a zone that was found is remembered by zoneinfo."""
    if name is None:
        return None
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(name) from None


class Community(BaseModel):
    """The settings of one community; what is empty allows everything."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    paused: Annotated[str, Field(max_length=REASON_MOST)] | None = None
    """Why nobody can start a video; "" where no reason was given."""
    roles: frozenset[int] = frozenset()
    """Who may ask: everybody who has one of them."""
    people: frozenset[int] = frozenset()
    """Who may ask beside them."""
    blocked: frozenset[int] = frozenset()
    channels: frozenset[int] = frozenset()
    models: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()
    limits: tuple[CommunityLimit, ...] = Field(default=(), max_length=LIMITS_MOST)
    at_once_per_person: int | None = Field(default=None, ge=0)
    at_once: int | None = Field(default=None, ge=0)
    confirm_above: int | None = Field(default=None, ge=0, le=MOST_MONEY)
    """Millionths of the operator's currency; a video that costs more is asked about first."""
    time_zone: Annotated[str | None, AfterValidator(_existing_zone)] = None
    audit_channel: int | None = None

    def check(self, asker: Asker) -> None:
        """Raise Blocked, Paused, RoleNeeded or ChannelClosed where somebody may not ask here."""
        if asker.person in self.blocked:
            raise Blocked
        if self.paused is not None:
            raise Paused(self.paused)
        is_closed = bool(self.roles or self.people)
        if is_closed and not (asker.person in self.people or asker.roles & self.roles):
            raise RoleNeeded(tuple(sorted(self.roles)))
        if self.channels and asker.channel not in self.channels:
            raise ChannelClosed(tuple(sorted(self.channels)))

    def asks_about(self, cost: int | None) -> bool:
        """Whether somebody has to say yes to a price."""
        return self.confirm_above is not None and (cost or 0) > self.confirm_above

    def within(self, offer: Offer) -> Offer:
        """Return what of an offer this community allows. Raises NothingAllowed.

        Where the server would choose among models, one that is allowed is chosen.
        """
        models = offer.models or offer.listed if self.models else offer.models
        allowed = _allowed(models, self.models)
        if models and not allowed:
            raise NothingAllowed
        catalog = {
            model: entry.model_copy(
                update={
                    "sizes": _allowed(entry.sizes, self.sizes),
                    "seconds": _allowed(entry.seconds, self.seconds),
                }
            )
            for model, entry in offer.catalog.items()
        }
        return replace(
            offer,
            models=allowed,
            listed=_allowed(offer.listed, self.models),
            sizes=_allowed(offer.sizes, self.sizes),
            seconds=_allowed(offer.seconds, self.seconds),
            catalog=catalog,
        )

    def zone(self, otherwise: ZoneInfo) -> ZoneInfo:
        """Return the time zone in which its days and months begin."""
        return otherwise if self.time_zone is None else ZoneInfo(self.time_zone)

    def limits_of(self, asker: Asker) -> Iterator[CommunityLimit]:
        """Yield the limits that apply to somebody in a place, one of each meter."""
        applying = [limit for limit in self.limits if limit.applies_to(asker)]
        yield from (each for each in applying if each.subject in {Subject.CHANNEL, Subject.ALL})
        own: dict[tuple[Unit, Period], CommunityLimit] = {}
        for subject in reversed(_RANKS):
            of_kind = (each for each in applying if each.subject is subject)
            for limit in sorted(of_kind, key=lambda each: each.most):
                own[limit.unit, limit.period] = limit
        yield from own.values()

    def with_limit(self, limit: CommunityLimit) -> "Community":
        """Return the settings with a limit in the place of an earlier one for the same."""
        others = self.without_limit(limit.key).limits
        return self.model_validate(dict(self) | {"limits": (*others, limit)})

    def without_limit(self, key: tuple[Subject, int, Unit, Period]) -> "Community":
        """Return the settings without a limit."""
        kept = tuple(each for each in self.limits if each.key != key)
        return self.model_copy(update={"limits": kept})


SCOPES: Final = {
    Subject.EACH: Scope.PERSON,
    Subject.ROLE: Scope.PERSON,
    Subject.PERSON: Scope.PERSON,
    Subject.CHANNEL: Scope.CHANNEL,
    Subject.ALL: Scope.COMMUNITY,
}
"""What a limit counts: roles have no meter of their own."""


def _allowed(offered: Collection[str], allowed: Collection[str]) -> tuple[str, ...]:
    """Return what is offered and allowed, in the order of the offer; nothing chosen allows all."""
    return tuple(each for each in offered if not allowed or each in allowed)
