"""What a request costs, and which places and limits apply to it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.allowances import limits_of, notes
from bot.requests.admission import NotAllowedHere, Place
from bot.requests.prices import OTHERS, Prices
from bot.settings import Settings, load_settings
from bot.videos.catalog import Entry
from bot.videos.spec import VideoSpec
from tests.jobs.support import new_render

SERVER = "https://videos.example/v1"
PRICED = {"wan": Entry(price=0.2)}


def settings(**given: Any) -> Settings:  # noqa: ANN401 - a setting each
    return load_settings(**({"videos_base_url": SERVER, "data_dir": Path("data")} | given))


@pytest.mark.parametrize(
    ("price", "seconds", "cost"),
    [(0.1, "3", 300_000), (0.1, "7", 700_000), (0.07, "12", 840_000), (0.0, "4", 0)],
)
def test_a_cost_is_exact(price: float, seconds: str, cost: int) -> None:
    assert Prices({OTHERS: price}).cost(VideoSpec(prompt="a cat", seconds=seconds)) == cost


def test_a_model_has_its_own_price_or_that_of_the_others() -> None:
    spec = VideoSpec(prompt="a cat", seconds="1", model="wan")
    assert Prices({"wan": 2.0, OTHERS: 1.0}).cost(spec) == 2_000_000
    assert Prices({OTHERS: 1.0}).cost(spec) == 1_000_000
    assert Prices({"sora": 1.0}).cost(spec) is None


PLACES: dict[str, dict[str, Any]] = {
    Place.DIRECT: {"guild_id": None},
    Place.USER_INSTALL: {"is_member": False},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("given", "catalog"),
    [({"videos_prices": {"": 0.1}}, {}), ({"budget_per_day": 5.0}, {}), ({}, PRICED)],
    ids=["price", "budget", "price in the catalog"],
)
def test_what_costs_money_closes_places(
    place: str, given: dict[str, Any], catalog: dict[str, Entry]
) -> None:
    request = replace(new_render().request, **PLACES[place])
    with pytest.raises(NotAllowedHere) as refused:
        limits_of(settings(**given), catalog).places.check(request)
    assert refused.value.place == place
    opened = {"allow_direct_messages": True, "allow_user_installs": True}
    limits_of(settings(**given, **opened), catalog).places.check(request)
    limits_of(settings(), {}).places.check(request)


@pytest.mark.parametrize("is_member", [True, False])
def test_only_listed_servers_are_allowed_however_the_app_is_installed(*, is_member: bool) -> None:
    places = limits_of(settings(allowed_guilds="5,6"), {}).places
    places.check(replace(new_render().request, guild_id=5, is_member=is_member))
    with pytest.raises(NotAllowedHere):
        places.check(replace(new_render().request, guild_id=7, is_member=is_member))


def test_an_owner_is_told_what_is_closed_and_what_is_refused() -> None:
    closed, refused = notes(settings(budget_per_day=5.0), {})
    assert "ALLOW_DIRECT_MESSAGES" in closed
    assert "VIDEOS_PRICES" in refused
    assert list(notes(settings(), {})) == []
    (closed,) = notes(settings(videos_base_url=None, budget_per_day=5.0), {})
    assert "no price" not in closed, "previews are free"
