"""The owner's limits, as the settings say them."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from bot.jobs.accounting import OpenLimits
from bot.jobs.meters import MILLIONTHS, Period, Scope, Unit
from bot.requests.limits import Limits, Places, Rule
from bot.requests.prices import OTHERS, Prices
from bot.settings import Settings
from bot.videos.catalog import Catalog


def prices_of(settings: Settings, catalog: Catalog) -> Prices:
    """Return what videos cost; previews of the embedded server are free."""
    if settings.videos_base_url is None:
        return Prices({OTHERS: 0.0})
    listed = {model: entry.price for model, entry in catalog.items()}
    own = {model: price for model, price in listed.items() if price is not None}
    return Prices(settings.videos_prices | own)


def limits_of(settings: Settings, catalog: Catalog) -> Limits:
    """Return what the owner allows."""
    prices = prices_of(settings, catalog)
    closes = _costs_money(settings, prices)
    return Limits(
        open=OpenLimits(
            of_user=settings.max_active_per_user,
            of_community=settings.max_active_per_community or settings.max_active,
            of_all=settings.max_active,
        ),
        rules=tuple(_rules(settings)),
        prices=prices,
        currency=settings.videos_currency,
        places=Places(
            guilds=frozenset(settings.allowed_guilds),
            direct=_first(settings.allow_direct_messages, not closes),
            user_installs=_first(settings.allow_user_installs, not closes),
        ),
        zone=ZoneInfo(settings.time_zone),
    )


def notes(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """Yield what an owner may not expect of these limits."""
    prices = prices_of(settings, catalog)
    unsaid = {
        "direct messages (ALLOW_DIRECT_MESSAGES)": settings.allow_direct_messages,
        "servers without the bot (ALLOW_USER_INSTALLS)": settings.allow_user_installs,
    }
    closed = [name for name, said in unsaid.items() if said is None]
    if closed and _costs_money(settings, prices):
        yield f"videos cost money here, so the bot refuses requests from {' and '.join(closed)}"
    if _budgets(settings) and not prices.by_model:
        yield "a budget is set and no price: every request is refused until VIDEOS_PRICES is set"


def _costs_money(settings: Settings, prices: Prices) -> bool:
    return bool(_budgets(settings)) or any(prices.by_model.values())


def _first(said: bool | None, otherwise: bool) -> bool:  # noqa: FBT001 - two settings
    return otherwise if said is None else said


def _budgets(settings: Settings) -> dict[Period, float]:
    given = {Period.DAY: settings.budget_per_day, Period.MONTH: settings.budget_per_month}
    return {period: amount for period, amount in given.items() if amount is not None}


def _rules(settings: Settings) -> Iterator[Rule]:
    for period, amount in _budgets(settings).items():
        most = round(amount * MILLIONTHS)
        yield Rule(scope=Scope.EVERYONE, unit=Unit.MONEY, period=period, most=most)
    for scope, videos in (
        (Scope.PERSON, settings.limit_per_person_per_day),
        (Scope.COMMUNITY, settings.limit_per_community_per_day),
    ):
        if videos is not None:
            yield Rule(scope=scope, unit=Unit.VIDEOS, period=Period.DAY, most=videos)
