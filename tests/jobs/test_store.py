"""The job store on real files: what goes in comes out, and what must not happen does not."""

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.event import listens_for

from bot.jobs.database import CACHE_KIB, READERS, DuplicateError
from bot.jobs.models import (
    ACTIVE,
    INTERRUPTED,
    RUNNING,
    TOKEN_LIFE,
    WITHOUT_VIDEO,
    Card,
    Fallback,
    Render,
    RenderStatus,
    Request,
    RequestState,
    Verb,
)
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.media.input_reference import InputReference
from bot.videos.spec import ImageSource, VideoSpec
from tests.jobs.support import MANY, NOW, address, admit, changed, count, new_render, put, rows, the

T = TypeVar("T")

PATIENCE = 10.0
IMAGE = InputReference(data=bytes(range(256)), filename="cat.png", content_type="image/png")


# ------------------------------------------------------------------ what goes in comes out

KINDS: dict[type, st.SearchStrategy[Any]] = {
    str: st.text(max_size=40),
    int: st.integers(0, 2**63 - 1),
    float: st.floats(0, 1e11),
    bool: st.booleans(),
    RenderStatus: st.sampled_from(RenderStatus),
    RequestState: st.sampled_from(RequestState),
    Reason: st.sampled_from(Reason),
    Verb: st.sampled_from(Verb),
    Fallback: st.sampled_from(Fallback),
    NoneType: st.none(),
}


def kind(hint: object) -> st.SearchStrategy[Any]:
    return st.one_of([KINDS[each] for each in KINDS if each in (hint, *get_args(hint))])


def built(of: type[T], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    hints = {name: hint for name, hint in get_type_hints(of).items() if name not in given}
    return st.builds(of, **{name: kind(hint) for name, hint in hints.items()} | given)


IDS = st.uuids().map(str)
OPTIONS = st.dictionaries(
    st.text(max_size=9), st.booleans() | st.integers(0, 9) | st.floats(0, 1) | st.text(max_size=9)
)
SPECS = built(VideoSpec, image=st.none() | built(ImageSource), options=OPTIONS)
REQUESTS = built(Request, id=IDS, spec=SPECS, card=built(Card))
RENDERS = built(Render, id=IDS, request=REQUESTS, status=st.sampled_from(sorted(ACTIVE)))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=RENDERS, second=RENDERS)
async def test_every_field_comes_back_as_it_was(
    store: JobStore, first: Render, second: Render
) -> None:
    await put(store, first)
    assert await the(store, first) == first
    request = replace(second.request, id=first.request.id)
    after = second.evolve(id=first.id, request=request)
    assert await store.save(first, after)
    read = await the(store, after)
    assert read == after
    assert type(read.status) is RenderStatus
    assert type(read.transcoded) is bool
    assert read.spec.image is None or type(read.spec.image.resized) is bool
    await store.accounting.delete(after, NOW)


async def test_an_intent_is_on_disk_when_it_is_admitted(store: JobStore, tmp_path: Path) -> None:
    await put(store, new_render(id="a"))
    assert rows(tmp_path, "SELECT id, status FROM renders") == [("a", "requested")]


async def test_jobs_survive_closing_and_opening_again(tmp_path: Path) -> None:
    kept = new_render(status=RenderStatus.QUEUED, video_id="video_1", next_poll_at=NOW)
    async with JobStore.open(address(tmp_path)) as store:
        await put(store, kept)
    for _ in range(2):
        async with JobStore.open(address(tmp_path)) as store:
            assert await store.due_polls(NOW, limit=9) == [kept]


# ------------------------------------------------------------------ the spend guard


async def test_many_at_once_cannot_pass_the_limit_of_one_person(store: JobStore) -> None:
    jobs = [new_render(requester_id=1) for _ in range(50)]
    taken = await asyncio.gather(*(admit(store, each, most_of_user=3, most=MANY) for each in jobs))
    assert taken.count(True) == 3
    assert len(await store.active_of(1)) == 3


async def test_many_at_once_cannot_pass_the_limit_of_all(store: JobStore) -> None:
    jobs = [new_render(requester_id=number) for number in range(50)]
    taken = await asyncio.gather(*(admit(store, each, most_of_user=3, most=7) for each in jobs))
    assert taken.count(True) == 7


async def test_an_interaction_is_admitted_once(store: JobStore, tmp_path: Path) -> None:
    first, again = new_render(interaction_id=7), new_render(interaction_id=7)
    outcomes = await asyncio.gather(
        *(admit(store, each, most_of_user=MANY, most=MANY) for each in (first, again)),
        return_exceptions=True,
    )
    assert outcomes[0] is True
    assert isinstance(outcomes[1], DuplicateError)
    assert rows(tmp_path, "SELECT id FROM renders") == [(first.id,)]
    assert not store.stuck


async def test_what_is_not_admitted_is_not_written(store: JobStore, tmp_path: Path) -> None:
    await put(store, new_render())
    assert not await admit(store, new_render(), most_of_user=1, most=MANY)
    assert not await admit(store, new_render(requester_id=99), most_of_user=MANY, most=1)
    assert count(tmp_path, "renders") == 1


@pytest.mark.parametrize("status", RenderStatus)
async def test_only_what_may_still_cost_counts(store: JobStore, status: RenderStatus) -> None:
    counts = status in ACTIVE or status is RenderStatus.UNCONFIRMED
    await put(store, new_render(status=status))
    assert await admit(store, new_render(), most_of_user=1, most=MANY) is not counts
    assert await admit(
        store, new_render(requester_id=99), most_of_user=MANY, most=1 + (not counts)
    ) is (not counts)


async def test_an_unknown_outcome_counts_for_a_while_only(store: JobStore) -> None:
    await put(store, new_render(status=RenderStatus.UNCONFIRMED))
    soon = new_render(created_at=NOW + UNCONFIRMED_COUNTS_FOR - 1)
    late = new_render(created_at=NOW + UNCONFIRMED_COUNTS_FOR + 1)
    assert not await admit(store, soon, most_of_user=1, most=MANY)
    assert await admit(store, late, most_of_user=1, most=MANY)


async def test_a_persons_running_jobs_are_theirs_alone_and_oldest_first(store: JobStore) -> None:
    await put(
        store,
        *(new_render(id=name, created_at=NOW + at) for at, name in ((3, "c"), (1, "a"), (2, "b"))),
        new_render(requester_id=99),
        new_render(status=RenderStatus.DELIVERED),
        new_render(status=RenderStatus.UNCONFIRMED),
    )
    assert [each.id for each in await store.active_of(11)] == ["a", "b", "c"]


# ------------------------------------------------------------------ saving


async def test_a_save_is_refused_once_the_status_moved_on(store: JobStore) -> None:
    read = new_render(status=RenderStatus.IN_PROGRESS, next_poll_at=NOW)
    await put(store, read)
    completed = read.evolve(status=RenderStatus.COMPLETED)
    assert await store.save(read, completed)
    assert not await store.save(read, read.evolve(status=RenderStatus.FAILED))
    assert await store.get(read.id) == completed


async def test_of_two_ends_at_once_one_is_kept(store: JobStore, tmp_path: Path) -> None:
    read = new_render(status=RenderStatus.IN_PROGRESS)
    await put(store, read)
    ends = [RenderStatus.FAILED, RenderStatus.CANCELLED, RenderStatus.EXPIRED] * 5
    saved = await asyncio.gather(*(store.save(read, read.evolve(status=end)) for end in ends))
    assert saved.count(True) == 1
    assert rows(tmp_path, "SELECT status FROM renders") == [(ends[saved.index(True)],)]


async def test_a_save_writes_only_what_changed(store: JobStore) -> None:
    read = new_render(status=RenderStatus.IN_PROGRESS)
    await put(store, read)
    assert await store.save(read, changed(read, shown=RenderStatus.IN_PROGRESS, message_id=7))
    assert await store.save(read, read.evolve(progress=40))
    assert await the(store, read) == changed(
        read, shown=RenderStatus.IN_PROGRESS, message_id=7, progress=40
    )


async def test_a_forgotten_token_stays_forgotten(store: JobStore) -> None:
    read = new_render(status=RenderStatus.IN_PROGRESS, interaction_token="t")  # noqa: S106 - no password
    await put(store, read)
    await store.forget_tokens(NOW + TOKEN_LIFE)
    assert await store.save(read, read.evolve(progress=40))
    assert await the(store, read) == changed(read, progress=40, interaction_token=None)


async def test_only_tokens_that_ended_are_forgotten(store: JobStore, tmp_path: Path) -> None:
    await put(
        store,
        new_render(id="dead", token_expires_at=NOW, status=RenderStatus.DELIVERED),
        new_render(id="lives", token_expires_at=NOW + 1),
    )
    await store.forget_tokens(NOW)
    assert rows(tmp_path, "SELECT id, interaction_token FROM requests ORDER BY id") == [
        ("dead", None),
        ("lives", "token"),
    ]


async def test_a_save_without_a_change_still_tells_whether_it_stands(store: JobStore) -> None:
    read = new_render()
    await put(store, read)
    assert await store.save(read, read)
    await store.save(read, read.evolve(status=RenderStatus.SENDING))
    assert not await store.save(read, read)


async def test_a_job_nobody_admitted_is_not_saved(store: JobStore, tmp_path: Path) -> None:
    assert not await store.save(new_render(), new_render())
    assert count(tmp_path, "renders") == 0


# ------------------------------------------------------------------ what is to be done


async def test_due_are_the_tracked_renders_whose_time_has_come(store: JobStore) -> None:
    followed = [
        new_render(id=f"{status}", status=status, next_poll_at=NOW, next_delivery_at=NOW)
        for status in RenderStatus
    ]
    await put(store, *followed, new_render(status=RenderStatus.QUEUED, next_poll_at=NOW + 0.001))
    await put(store, new_render(status=RenderStatus.QUEUED, next_poll_at=None))
    assert {each.id for each in await store.due_polls(NOW, limit=MANY)} == {*RUNNING}
    deliveries = await store.due_deliveries(NOW, limit=MANY)
    assert {each.id for each in deliveries} == {RenderStatus.COMPLETED}


async def test_who_waits_longest_is_due_first(store: JobStore) -> None:
    await put(
        store,
        *(
            new_render(id=f"{at}", status=RenderStatus.QUEUED, next_poll_at=NOW - at)
            for at in (3, 9, 1, 7, 5)
        ),
    )
    assert [each.id for each in await store.due_polls(NOW, limit=3)] == ["9", "7", "5"]


async def test_interrupted_are_the_jobs_only_a_running_process_leaves(store: JobStore) -> None:
    await put(
        store,
        *(new_render(id=f"{s}", status=s, created_at=NOW - n) for n, s in enumerate(RenderStatus)),
    )
    found = await store.interrupted()
    assert {each.id for each in found} == {*INTERRUPTED}
    assert [each.request.created_at for each in found] == sorted(
        each.request.created_at for each in found
    )


async def test_unshown_are_the_ends_in_words_that_nobody_has_seen(store: JobStore) -> None:
    for status in RenderStatus:
        common = {"status": status, "ended_at": NOW}
        await put(
            store,
            new_render(id=f"{status}", **common),
            new_render(id=f"{status} after another", shown=RenderStatus.QUEUED, **common),
            new_render(id=f"{status} seen", shown=status, **common),
        )
    found = {each.id for each in await store.unshown(NOW, longest=1, shortest=0)}
    assert found == {*WITHOUT_VIDEO, *(f"{status} after another" for status in WITHOUT_VIDEO)}


async def test_unshown_looks_between_two_times_only(store: JobStore) -> None:
    for at in (9, 10, 20, 21, 31):
        await put(store, new_render(id=f"{at}", status=RenderStatus.FAILED, ended_at=NOW + at))
    found = await store.unshown(NOW + 30, longest=20, shortest=10)
    # The one that ends after now was written by a clock that was ahead.
    assert {each.id for each in found} == {"10", "20", "31"}


# ------------------------------------------------------------------ the threads


async def test_many_at_once_share_the_connections_there_are(store: JobStore) -> None:
    read = new_render()
    await put(store, read)
    await asyncio.gather(
        *(store.get(read.id) for _ in range(200)),
        *(store.save(read, read.evolve(progress=number)) for number in range(50)),
    )
    workers = [one for one in threading.enumerate() if one.name.startswith("database")]
    assert len(workers) <= READERS + 1


async def test_many_changes_are_saved_together_and_those_that_came_too_late_are_named(
    store: JobStore,
) -> None:
    before = [
        new_render(status=RenderStatus.IN_PROGRESS, video_id=f"v{number}") for number in range(120)
    ]
    for each in before:
        await put(store, each)
    cancelled = before[7]
    await store.save(cancelled, cancelled.evolve(status=RenderStatus.CANCELLED))

    after = [each.evolve(progress=number % 100) for number, each in enumerate(before)]
    after[9] = after[9].evolve(status=RenderStatus.COMPLETED, completed_at=NOW)
    saved = await store.save_all(list(zip(before, after, strict=True)))

    assert [job for _, job in saved if job.id == cancelled.id] == []
    assert len(saved) == 119
    assert {each.id: await store.get(each.id) for each in after if each.id != cancelled.id} == {
        each.id: each for each in after if each.id != cancelled.id
    }
    kept = await store.get(cancelled.id)
    assert kept is not None
    assert (kept.status, kept.progress) == (RenderStatus.CANCELLED, None)


async def test_a_write_does_not_wait_for_those_who_read(store: JobStore) -> None:
    read = new_render()
    await put(store, read)
    done = threading.Event()
    for _ in range(READERS):
        store._database._readers.submit(done.wait, PATIENCE * 2)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    try:
        async with asyncio.timeout(PATIENCE):
            assert await store.save(read, read.evolve(progress=1))
    finally:
        done.set()


async def test_the_readers_threads_do_the_reading(store: JobStore) -> None:
    many = [new_render(status=RenderStatus.QUEUED, next_poll_at=NOW) for _ in range(MANY)]
    await put(store, *many)
    threads: set[str] = set()

    @listens_for(store._database._engine, "before_cursor_execute")  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    def executing(*_: object) -> None:  # pyright: ignore[reportUnusedFunction]
        threads.add(threading.current_thread().name)

    assert len(await store.due_polls(NOW, limit=MANY)) == MANY
    assert threads
    assert threading.current_thread().name not in threads


async def test_a_commit_outlives_a_power_cut(store: JobStore) -> None:
    engine = store._database._engine  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - the pragmas have no other witness
    with engine.connect() as connection:
        told = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "cache_size")
        }
    cache = told.pop("cache_size")
    assert told == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert cache == -CACHE_KIB, "negative: KiB instead of pages"
