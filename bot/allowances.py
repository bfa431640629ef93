"""The owner's limits, as the settings say them."""

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from bot.jobs.accounting import OpenLimits
from bot.jobs.accounts import Period, Scope, Unit
from bot.requests.limits import MILLIONTHS, Limits, Places, Rule
from bot.settings import Settings
from bot.videos.catalog import Catalog

_ANY: Final = ""


def prices(settings: Settings, catalog: Catalog) -> dict[str, float]:
    """Return the price of a second by model, in the operator's currency; previews are free."""
    if settings.videos_base_url is None:
        return {_ANY: 0.0} if _budgets(settings) else {}
    listed = {model: entry.price for model, entry in catalog.items()}
    return settings.videos_prices | {
        model: price for model, price in listed.items() if price is not None
    }


def limits_of(settings: Settings, catalog: Catalog) -> Limits:
    """Return what the owner allows."""
    return Limits(
        open=OpenLimits(
            of_user=settings.max_active_per_user,
            of_community=settings.max_active_per_community or settings.max_active,
            of_all=settings.max_active,
        ),
        rules=tuple(_rules(settings)),
        prices=prices(settings, catalog),
        currency=settings.videos_currency,
        places=Places(
            guilds=frozenset(settings.allowed_guilds),
            direct=is_open(settings.allow_direct_messages, settings),
            user_installs=is_open(settings.allow_user_installs, settings),
        ),
        zone=ZoneInfo(settings.time_zone),
    )


def is_open(allowed: bool | None, settings: Settings) -> bool:  # noqa: FBT001 - a setting
    """Whether a kind of place is open: where nothing is said, as long as nothing costs money."""
    if allowed is not None:
        return allowed
    return not (settings.videos_prices or _budgets(settings))


def notes(settings: Settings, catalog: Catalog) -> Iterator[str]:
    """Yield what an owner may not expect of these limits."""
    unsaid = {
        "direct messages (ALLOW_DIRECT_MESSAGES)": settings.allow_direct_messages,
        "servers without the bot (ALLOW_USER_INSTALLS)": settings.allow_user_installs,
    }
    closed = [name for name, said in unsaid.items() if said is None]
    if closed and not is_open(None, settings):
        yield f"videos cost money here, so the bot refuses requests from {' and '.join(closed)}"
    if _budgets(settings) and not prices(settings, catalog):
        yield "a budget is set and no price: every request is refused until VIDEOS_PRICES is set"


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
