"""Erasing a person: what they used goes on counting, and names them no more."""

from pathlib import Path
from typing import Any

import pytest

from bot.jobs.charges import CHARGED, REFUNDED
from bot.jobs.meters import Grant, Limit, Scope, Usage
from bot.jobs.models import Render, RenderStatus
from bot.jobs.open_creates import of_running
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from tests.jobs.limits import COST, limit
from tests.jobs.support import NOW, address, admit, new_render, rows

ADA, BOB = 11, 12


def of_ada(most: int) -> Limit:
    return limit(most, scope=Scope.PERSON, scope_id=str(ADA))


async def used(store: JobStore, most: int = 1) -> Usage:
    assert await store.accounting.faults() == []
    (found,) = await store.accounting.usage([of_ada(most)])
    return found


async def bought(store: JobStore, **fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    """Admit a render and have it delivered."""
    render = new_render(**fields)
    assert await admit(store, render, cost=COST, limits=[of_ada(9)])
    after = render.evolve(status=RenderStatus.DELIVERED, ended_at=NOW, video_id="v")
    assert await store.accounting.end(render, after, CHARGED, NOW)
    return after


async def test_limits_go_on_counting_under_a_pseudonym(store: JobStore, tmp_path: Path) -> None:
    await store.accounting.grant(
        [of_ada(2)], Grant(amount=1, actor_id=ADA, at=NOW, interaction_id=1)
    )
    for number in (1, 2):
        render = await bought(store)
        await store.accounting.delete(render, NOW)
        await store.personal.erase(ADA)
        assert await used(store) == Usage(spent=number, granted=1)
    assert await admit(store, new_render(), cost=COST, limits=[of_ada(2)])
    assert not await admit(store, new_render(), cost=COST, limits=[of_ada(2)])
    assert await used(store) == Usage(held=1, spent=2, granted=1)
    (pseudonym,) = {one for (one,) in rows(tmp_path, "SELECT requester_id FROM ledger")}
    assert -(2**62) <= pseudonym < 0
    assert rows(tmp_path, "SELECT DISTINCT scope_id FROM meters") == [(str(pseudonym),)]
    assert rows(tmp_path, "SELECT actor_id FROM grants") == [(pseudonym,)]


@pytest.mark.parametrize("charge", [CHARGED, REFUNDED])
async def test_what_the_server_still_renders_stays_held(store: JobStore, charge: Any) -> None:  # noqa: ANN401
    render = new_render()
    assert await admit(store, render, cost=COST, limits=[of_ada(1)])
    running = render.evolve(status=RenderStatus.IN_PROGRESS, video_id="v", sent_at=NOW)
    assert await store.save(render, running)
    ended = running.evolve(status=RenderStatus.CANCELLED, reason=Reason.CANCELLED_HERE)
    create = of_running(running, 3600.0)
    assert await store.accounting.abandon(running, ended, create)
    await store.accounting.delete(ended, NOW)
    await store.personal.erase(ADA)

    assert await used(store) == Usage(held=1)
    assert not await admit(store, new_render(), most_of_user=1, cost=COST), "it is still open"
    (open_ones, _) = await store.creates.counted_of(ADA, NOW)
    assert [one.video_id for one in open_ones] == ["v"]
    await store.accounting.close_creates({create.id: charge}, NOW)
    assert await used(store) == Usage(spent=int(charge.bought))
    assert await admit(store, new_render(), most_of_user=1, cost=COST)


async def test_an_operators_key_makes_the_pseudonym_and_an_earlier_one_is_known(
    tmp_path: Path,
) -> None:
    for keys in ((), (b"1" * 32,), (b"2" * 32, b"1" * 32)):
        async with JobStore.open(address(tmp_path), keys=keys) as store:
            render = await bought(store)
            await store.accounting.delete(render, NOW)
            await store.personal.erase(ADA)
    async with JobStore.open(address(tmp_path)) as store:
        assert (await used(store)).spent == 3


async def test_only_who_is_erased_is_renamed(store: JobStore, tmp_path: Path) -> None:
    await bought(store)
    await bought(store, requester_id=BOB)
    await store.personal.erase(ADA)
    asked = {one for (one,) in rows(tmp_path, "SELECT requester_id FROM ledger")}
    assert len(asked) == 2
    assert BOB in asked
    assert ADA not in asked
