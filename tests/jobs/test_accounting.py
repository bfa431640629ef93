"""What creates cost: held, charged, refunded, and never more than a limit allows."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.jobs import lifecycle
from bot.jobs.charges import CHARGED, REFUNDED, STOPPED, Charge
from bot.jobs.database import DuplicateError
from bot.jobs.meters import Cost, Denied, Grant, Limit, Scope, Unit, Usage
from bot.jobs.models import Render, RenderStatus
from bot.jobs.open_creates import of_running, of_unknown
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from tests.jobs.limits import COST, limit
from tests.jobs.support import LATER, NOW, admit, count, new_render, rows, terms

SERVER = {"video_id": "video_1", "sent_at": NOW}


async def used(store: JobStore, *limits: Limit) -> list[tuple[int, int]]:
    """Return what is held and spent of each."""
    assert await store.accounting.faults() == []
    return [(each.held, each.spent) for each in await store.accounting.usage(limits)]


async def admitted(store: JobStore, *limits: Limit, **fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    render = new_render(**fields)
    assert await admit(store, render, cost=COST, limits=limits)
    return render


# ------------------------------------------------------------------ admission


@pytest.mark.parametrize("unit", Unit)
async def test_a_limit_admits_exactly_what_it_has_room_for(store: JobStore, unit: Unit) -> None:
    most = COST.of(unit) * 7 + COST.of(unit) - 1
    each = limit(most, unit)
    outcomes = await asyncio.gather(
        *(admit(store, new_render(), cost=COST, limits=[each]) for _ in range(40))
    )
    assert outcomes.count(True) == 7
    assert await used(store, each) == [(7 * COST.of(unit), 0)]


async def test_what_would_be_admitted_is_not(store: JobStore, tmp_path: Path) -> None:
    one = limit(1)
    for _ in range(3):
        asked = terms(cost=COST, limits=[one])
        assert await store.accounting.would_admit(new_render(), asked) is True
    await admitted(store, one)
    denied = await store.accounting.would_admit(new_render(), terms(cost=COST, limits=[one]))
    assert isinstance(denied, Denied)
    assert count(tmp_path, "requests") == 1
    assert await used(store, one) == [(1, 0)]


async def test_a_grant_raises_a_limit_in_its_window_alone(store: JobStore) -> None:
    today, tomorrow = limit(1, window=(NOW, LATER)), limit(1, window=(LATER, LATER + 9))
    granted = Grant(amount=2, actor_id=7, at=NOW, interaction_id=5)
    await admitted(store, today)
    await store.accounting.grant([today], granted)
    with pytest.raises(DuplicateError):
        await store.accounting.grant([today], granted)
    for _ in range(2):
        await admitted(store, today)
    assert not await admit(store, new_render(), cost=COST, limits=[today])
    usages = await store.accounting.usage([today, tomorrow])
    assert usages == [Usage(held=3, granted=2), Usage()]


async def test_a_limit_that_rested_has_counted_what_was_made_meanwhile(store: JobStore) -> None:
    one = limit(3)
    for _ in range(2):
        await admitted(store, one)
    await admitted(store)
    assert await used(store, one) == [(3, 0)]
    assert not await admit(store, new_render(), cost=COST, limits=[one])


async def test_a_thread_counts_as_its_channel(store: JobStore) -> None:
    one = limit(1, scope=Scope.CHANNEL, scope_id="77")
    asked = replace(terms(cost=COST, limits=[one]), channel_id=77)
    for expected in (True, False):
        thread = new_render(channel_id=78 + expected)
        assert bool(await store.accounting.admit(thread, asked)) is expected
    assert await used(store, one) == [(1, 0)]


async def test_a_denial_names_the_limit_and_writes_nothing(store: JobStore, tmp_path: Path) -> None:
    roomy, tight = limit(9), limit(1, Unit.SECONDS)
    denied = await admit(store, new_render(), cost=COST, limits=[roomy, tight])

    assert isinstance(denied, Denied)
    assert not denied
    assert (denied.limit, denied.usage) == (tight, Usage())
    assert await used(store, roomy, tight) == [(0, 0), (0, 0)]
    assert [count(tmp_path, table) for table in ("requests", "renders", "ledger", "holds")] == [
        0
    ] * 4


async def test_a_limit_of_nothing_admits_nobody(store: JobStore) -> None:
    assert not await admit(store, new_render(), cost=COST, limits=[limit(0)])
    free = Cost(videos=1, seconds=4, money=0)
    assert await admit(store, new_render(), cost=free, limits=[limit(0, Unit.MONEY)])


async def test_each_person_channel_and_community_has_a_meter_of_its_own(store: JobStore) -> None:
    scopes = {
        Scope.PERSON: {"requester_id": 5},
        Scope.CHANNEL: {"channel_id": 5},
        Scope.COMMUNITY: {"guild_id": 5},
    }
    for scope, theirs in scopes.items():
        only = limit(1, scope=scope, scope_id="5")
        assert await admit(store, new_render(**theirs), cost=COST, limits=[only])
        assert not await admit(store, new_render(**theirs), cost=COST, limits=[only])
        other = limit(1, scope=scope, scope_id="6")
        assert await admit(store, new_render(), cost=COST, limits=[other])


async def test_what_was_admitted_without_a_limit_counts_once_there_is_one(store: JobStore) -> None:
    running, done = new_render(**SERVER), await admitted(store, **SERVER)
    assert await admit(store, running, cost=COST)
    ended = lifecycle.cancelled(done, Reason.NOT_KEPT, LATER)
    assert await store.accounting.end(done, ended, CHARGED, LATER)

    late = limit(3)
    assert await admit(store, new_render(), cost=COST, limits=[late])
    assert await used(store, late) == [(2, 1)]
    assert not await admit(store, new_render(), cost=COST, limits=[late])

    stopped = running.evolve(status=RenderStatus.FAILED)
    assert await store.accounting.end(running, stopped, REFUNDED, LATER)
    assert await used(store, late) == [(1, 1)]


async def test_a_window_counts_from_its_beginning(store: JobStore) -> None:
    await admitted(store, created_at=NOW - 10)
    today = limit(1, window=(NOW, None))
    assert await admit(store, new_render(created_at=NOW), cost=COST, limits=[today])
    assert await used(store, today) == [(1, 0)]


# ------------------------------------------------------------------ ends


async def test_a_refund_goes_back_to_the_window_it_was_taken_from(store: JobStore) -> None:
    yesterday, today = limit(1, window=(NOW, LATER)), limit(1, window=(LATER, None))
    render = await admitted(store, yesterday, created_at=NOW)
    await admitted(store, today, created_at=LATER)

    failed = lifecycle.fail_unsent(render, Reason.DISCORD_AWAY, LATER)
    assert await store.save(render, failed)

    assert await used(store, yesterday, today) == [(0, 0), (1, 0)]


ENDS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[int, int]]] = {
    "refused": (
        {"status": RenderStatus.SENDING, "sent_at": NOW},
        {"status": RenderStatus.FAILED, "reason": Reason.REFUSED},
        (0, 0),
    ),
    "never sent": (
        {"status": RenderStatus.REQUESTED},
        {"status": RenderStatus.CANCELLED, "reason": Reason.CANCELLED_HERE},
        (0, 0),
    ),
    "rendered": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.COMPLETED, "completed_at": LATER},
        (0, 400_000),
    ),
    "rendered at a stated cost": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.COMPLETED, "made_cost": 0.123456, "made_currency": "USD"},
        (0, 123_456),
    ),
    "at more than was held": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.COMPLETED, "made_cost": 9.0, "made_currency": "USD"},
        (0, 9_000_000),
    ),
    "at a cost in another currency": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.COMPLETED, "made_cost": 9.0, "made_currency": "EUR"},
        (0, 400_000),
    ),
    "at a cost that cannot be true": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.COMPLETED, "made_cost": 1e300, "made_currency": "USD"},
        (0, 400_000),
    ),
    "at a cost below nothing": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.COMPLETED, "made_cost": -5.0, "made_currency": "USD"},
        (0, 400_000),
    ),
    "failed on the server": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.FAILED, "server_code": "moderation_blocked"},
        (0, 400_000),
    ),
    "given up": (
        {"status": RenderStatus.IN_PROGRESS, **SERVER},
        {"status": RenderStatus.EXPIRED, "reason": Reason.OVERDUE},
        (0, 400_000),
    ),
    "unknown": (
        {"status": RenderStatus.SENDING, "sent_at": NOW},
        {"status": RenderStatus.UNCONFIRMED, "reason": Reason.OUTCOME_UNKNOWN},
        (400_000, 0),
    ),
    "accepted": (
        {"status": RenderStatus.SENDING, "sent_at": NOW},
        {"status": RenderStatus.QUEUED, "video_id": "video_1"},
        (400_000, 0),
    ),
}


@pytest.mark.parametrize(("before", "after", "counted"), ENDS.values(), ids=ENDS)
async def test_an_end_charges_what_was_bought(
    store: JobStore, before: dict[str, Any], after: dict[str, Any], counted: tuple[int, int]
) -> None:
    money = limit(500_000, Unit.MONEY)
    render = await admitted(store, money, **before)

    ended = render.evolve(**after)
    assert await store.save_all([(render, ended)]) == [(render, ended)]

    assert await used(store, money) == [counted]


async def test_an_overrun_blocks_the_next_request(store: JobStore) -> None:
    money = limit(1_000_000, Unit.MONEY)
    render = await admitted(store, money, status=RenderStatus.IN_PROGRESS, **SERVER)
    dear = render.evolve(status=RenderStatus.COMPLETED, made_cost=1.5, made_currency="USD")
    assert await store.save(render, dear)

    denied = await admit(store, new_render(), cost=COST, limits=[money])

    assert isinstance(denied, Denied)
    assert denied.usage == Usage(spent=1_500_000)


async def test_an_end_that_comes_twice_is_charged_once(store: JobStore) -> None:
    each = limit(9)
    render = await admitted(store, each, status=RenderStatus.IN_PROGRESS, **SERVER)
    overdue = render.evolve(status=RenderStatus.EXPIRED, reason=Reason.OVERDUE)
    assert await store.save(render, overdue)
    again = overdue.evolve(status=RenderStatus.IN_PROGRESS)
    assert await store.save(overdue, again)
    assert await store.save(again, again.evolve(status=RenderStatus.COMPLETED))

    assert await used(store, each) == [(0, 1)]


async def test_an_end_of_a_render_that_has_moved_on_charges_nothing(store: JobStore) -> None:
    each = limit(9)
    render = await admitted(store, each, status=RenderStatus.IN_PROGRESS, **SERVER)
    elsewhere = render.evolve(status=RenderStatus.QUEUED)
    assert not await store.save(elsewhere, elsewhere.evolve(status=RenderStatus.COMPLETED))
    assert await used(store, each) == [(1, 0)]


# ------------------------------------------------------------------ open creates


@pytest.mark.parametrize(
    ("charge", "counted"),
    [(CHARGED, (0, 1)), (STOPPED, (0, 0)), (REFUNDED, (0, 0))],
    ids=["rendered", "stopped", "refunded"],
)
async def test_a_create_that_was_cancelled_here_stays_held_until_it_has_ended(
    store: JobStore, charge: Charge, counted: tuple[int, int]
) -> None:
    each = limit(1)
    render = await admitted(store, each, status=RenderStatus.IN_PROGRESS, **SERVER)
    here = lifecycle.cancelled(render, Reason.CANCELLED_HERE, LATER)
    create = of_running(render, 3600)
    assert await store.accounting.abandon(render, here, create)
    assert await used(store, each) == [(1, 0)]

    await store.accounting.close_creates({create.id: charge}, LATER)

    assert await used(store, each) == [counted]


async def test_a_create_that_is_never_heard_of_again_is_charged_when_its_time_is_over(
    store: JobStore,
) -> None:
    each = limit(1)
    lost = await admitted(store, each, status=RenderStatus.UNCONFIRMED, sent_at=NOW)
    dropped = lifecycle.cancelled(lost, Reason.ABANDONED, LATER)
    assert await store.accounting.abandon(lost, dropped, of_unknown(lost))

    await store.accounting.close_creates({}, NOW + 10_000)

    assert await used(store, each) == [(0, 1)]


async def sent_again(store: JobStore, *limits: Limit) -> Render:
    """Send a create of unknown outcome once more."""
    lost = await admitted(store, *limits, status=RenderStatus.UNCONFIRMED, sent_at=NOW)
    again = lifecycle.requested_again(lost)
    asked = terms(cost=COST, limits=limits)
    assert await store.accounting.admit_again(lost, again, of_unknown(lost), asked, LATER)
    return again


async def test_sending_again_takes_a_second_hold(store: JobStore) -> None:
    each = limit(2)
    again = await sent_again(store, each)
    assert await used(store, each) == [(2, 0)]

    sending = again.evolve(status=RenderStatus.SENDING, sent_at=LATER)
    done = sending.evolve(status=RenderStatus.COMPLETED, video_id="video_2")
    assert await store.save(again, sending)
    assert await store.save(sending, done)
    assert await used(store, each) == [(1, 1)]

    await store.accounting.close_creates({}, NOW + 10_000)
    assert await used(store, each) == [(0, 2)]


async def test_sending_again_over_a_limit_changes_nothing(store: JobStore, tmp_path: Path) -> None:
    each = limit(1)
    lost = await admitted(store, each, status=RenderStatus.UNCONFIRMED, sent_at=NOW)
    asked = terms(cost=COST, limits=[each])
    again = lifecycle.requested_again(lost)
    denied = await store.accounting.admit_again(lost, again, of_unknown(lost), asked, LATER)

    assert isinstance(denied, Denied)
    assert rows(tmp_path, "SELECT status FROM renders") == [("unconfirmed",)]
    assert await used(store, each) == [(1, 0)]


async def test_a_second_create_that_was_refused_is_refunded_alone(store: JobStore) -> None:
    each = limit(9)
    again = await sent_again(store, each)
    sending = again.evolve(status=RenderStatus.SENDING, sent_at=LATER)
    assert await store.save(again, sending)
    doubt = sending.evolve(status=RenderStatus.UNCONFIRMED, reason=Reason.REFUSED)
    assert await store.save(sending, doubt)

    assert await used(store, each) == [(1, 0)]


async def test_deleting_refunds_only_what_was_never_sent(store: JobStore) -> None:
    each = limit(9)
    unsent = await admitted(store, each)
    done = await admitted(store, each, status=RenderStatus.IN_PROGRESS, **SERVER)
    completed = done.evolve(status=RenderStatus.COMPLETED)
    assert await store.save(done, completed)
    for render in (unsent, completed):
        await store.accounting.delete(render, LATER)

    assert await used(store, each) == [(0, 1)]


# ------------------------------------------------------------------ meters


async def test_a_meter_goes_some_time_after_its_window_and_can_be_derived(
    store: JobStore, tmp_path: Path
) -> None:
    over, holding = limit(5, window=(NOW, NOW + 1)), limit(5, window=(NOW + 1, NOW + 2))
    done = await admitted(store, over)
    assert await store.save(done, done.evolve(status=RenderStatus.COMPLETED, **SERVER))
    await admitted(store, holding, created_at=NOW + 1)
    before = await used(store, over, holding)
    assert before == [(0, 1), (1, 0)]

    await store.accounting.forget_meters(LATER)

    assert rows(tmp_path, "SELECT starts_at FROM meters") == [(NOW + 1,)]
    assert await used(store, over, holding) == before
