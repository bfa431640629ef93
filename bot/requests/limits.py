"""Limits: what a request costs, and which meters have to have room for it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final
from zoneinfo import ZoneInfo

from bot.jobs.accounting import OpenLimits, Terms
from bot.jobs.meters import Cost, Limit, MeterKey, Period, Scope, Unit
from bot.jobs.models import Request
from bot.requests.admission import NotAllowedHere, Place, PriceUnknown
from bot.requests.community import SCOPES, Asker, Community
from bot.requests.prices import Prices
from bot.requests.windows import window
from bot.videos.spec import VideoSpec

_log = logging.getLogger(__name__)

OWNER: Final = 0
"""The guild id of the owner's own limits, which no community raises."""


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

    def terms(self, request: Request, asker: Asker, community: Community, now: float) -> Terms:
        """Return what admits a request. Raises NotAllowedHere, PriceUnknown, as Community.check."""
        self.places.check(request)
        community.check(asker)
        cost = self.cost(request.spec)
        limits = tuple(self.of(asker, community, now))
        if cost.money is None and any(each.key.unit is Unit.MONEY for each in limits):
            _log.warning(
                "a request was refused: money is limited, and model %r has no price",
                request.spec.model,
            )
            raise PriceUnknown
        return Terms(
            open=self.at_once(community), cost=cost, limits=limits, channel_id=asker.channel
        )

    def at_once(self, community: Community) -> OpenLimits:
        """Return how many creates may be open at once: a community only lowers the owner's."""
        person, everybody = community.at_once_per_person, community.at_once
        return replace(
            self.open,
            of_user=min(self.open.of_user, self.open.of_user if person is None else person),
            of_community=min(
                self.open.of_community, self.open.of_community if everybody is None else everybody
            ),
        )

    def cost(self, spec: VideoSpec) -> Cost:
        """Return what one video of this kind costs."""
        return Cost(videos=1, seconds=int(spec.seconds), money=self.prices.cost(spec))

    def of(self, asker: Asker, community: Community, now: float) -> Iterator[Limit]:
        """Yield the limits that apply to somebody in a place: the owner's, then the community's."""
        ids = _ids(asker)
        for rule in self.rules:
            if rule.scope is Scope.COMMUNITY and asker.guild is None:
                continue
            begins, ends = window(rule.period, now, self.zone)
            key = MeterKey(OWNER, rule.scope, ids[rule.scope], rule.unit, rule.period, begins)
            yield Limit(key, rule.most, ends)
        if asker.guild is not None:
            yield from self._of_community(asker, asker.guild, community, now)

    def _of_community(
        self, asker: Asker, guild: int, community: Community, now: float
    ) -> Iterator[Limit]:
        ids, zone = _ids(asker), community.zone(self.zone)
        for each in community.limits_of(asker):
            begins, ends = window(each.period, now, zone)
            scope = SCOPES[each.subject]
            key = MeterKey(guild, scope, ids[scope], each.unit, each.period, begins)
            yield Limit(key, each.most, ends)


def _ids(asker: Asker) -> dict[Scope, str]:
    return {
        Scope.PERSON: str(asker.person),
        Scope.CHANNEL: str(asker.channel),
        Scope.COMMUNITY: "" if asker.guild is None else str(asker.guild),
        Scope.EVERYONE: "",
    }
