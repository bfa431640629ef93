"""The owner's limits: what a request costs, and which meters have to have room for it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from zoneinfo import ZoneInfo

from bot.jobs.accounting import OpenLimits, Terms
from bot.jobs.accounts import Cost, Limit, MeterKey, Period, Scope, Unit
from bot.jobs.models import Request
from bot.requests.admission import NotAllowedHere, Place, PriceUnknown
from bot.requests.prices import Prices
from bot.requests.windows import window
from bot.videos.spec import VideoSpec

_log = logging.getLogger(__name__)

OWNER: Final = 0
"""The guild id of the owner's own limits, which no community raises."""


@dataclass(frozen=True)
class Asker:
    """Who asks, and where; guild None for a direct message."""

    person: int
    guild: int | None
    channel: int


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One limit as it is configured: so much of a unit, per scope and period."""

    scope: Scope
    unit: Unit
    period: Period
    most: int


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where requests are allowed. No guilds: all of them."""

    guilds: frozenset[int] = frozenset()
    direct: bool = True
    user_installs: bool = True

    def check(self, request: Request) -> None:
        """Raise NotAllowedHere where the owner allows none."""
        guild, is_direct = request.guild_id, request.guild_id is None
        if not request.is_member and not self.user_installs:
            raise NotAllowedHere(Place.USER_INSTALL)
        if is_direct and request.is_member and not self.direct:
            raise NotAllowedHere(Place.DIRECT)
        if self.guilds and not is_direct and guild not in self.guilds:
            raise NotAllowedHere(Place.GUILD)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the owner allows."""

    open: OpenLimits
    rules: tuple[Rule, ...] = ()
    prices: Prices = field(default_factory=Prices)
    currency: str = "USD"
    places: Places = field(default_factory=Places)
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def terms(self, request: Request, now: float) -> Terms:
        """Return what admits a request. Raises NotAllowedHere, PriceUnknown."""
        self.places.check(request)
        cost = self.cost(request.spec)
        asker = Asker(request.requester_id, request.guild_id, request.channel_id)
        limits = tuple(self.of(asker, now))
        if cost.money is None and any(each.key.unit is Unit.MONEY for each in limits):
            _log.warning(
                "a request was refused: money is limited, and model %r has no price",
                request.spec.model,
            )
            raise PriceUnknown
        return Terms(open=self.open, cost=cost, limits=limits)

    def cost(self, spec: VideoSpec) -> Cost:
        """Return what one video of this kind costs."""
        return Cost(videos=1, seconds=int(spec.seconds), money=self.prices.cost(spec))

    def of(self, asker: Asker, now: float) -> Iterator[Limit]:
        """Yield the limits that apply to somebody in a place."""
        ids = {
            Scope.PERSON: str(asker.person),
            Scope.CHANNEL: str(asker.channel),
            Scope.COMMUNITY: "" if asker.guild is None else str(asker.guild),
            Scope.EVERYONE: "",
        }
        for rule in self.rules:
            if rule.scope is Scope.COMMUNITY and asker.guild is None:
                continue
            begins, ends = window(rule.period, now, self.zone)
            key = MeterKey(OWNER, rule.scope, ids[rule.scope], rule.unit, rule.period, begins)
            yield Limit(key, rule.most, ends)
