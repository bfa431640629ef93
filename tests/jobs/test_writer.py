"""One writer: what waits together is committed together."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.event import listens_for
from sqlalchemy.exc import IntegrityError, OperationalError

from bot.jobs.writer import Statement, Writer

PATIENCE = 10.0
TABLE = sa.Table("notes", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.db"


@pytest.fixture
def engine(path: Path) -> Iterator[sa.Engine]:
    engine = sa.create_engine(f"sqlite:///{path}", connect_args={"timeout": 0.2})
    with engine.begin() as connection:
        TABLE.metadata.create_all(connection)
    yield engine
    engine.dispose()


@pytest.fixture
async def writer(engine: sa.Engine) -> AsyncIterator[Writer]:
    writer = Writer(engine)
    yield writer
    await writer.close()


@pytest.fixture
def commits(engine: sa.Engine) -> list[int]:
    """Grow by one number with each commit."""
    counted: list[int] = []

    @listens_for(engine, "commit")
    def count(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        counted.append(len(counted))

    return counted


def note(number: int) -> Statement:
    return sa.insert(TABLE).values(id=number), None


def on_disk(path: Path) -> list[int]:
    """Read what another process would see."""
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT id FROM notes ORDER BY id")]
    finally:
        connection.close()


async def test_a_write_is_on_disk_when_its_call_returns(writer: Writer, path: Path) -> None:
    assert await writer.write(note(1)) == 1
    assert on_disk(path) == [1]


async def test_what_waits_together_is_committed_together(
    writer: Writer, path: Path, commits: list[int]
) -> None:
    counts = await asyncio.gather(*(writer.write(note(number)) for number in range(200)))
    assert counts == [1] * 200
    assert on_disk(path) == list(range(200))
    assert len(commits) <= 2


async def test_what_comes_during_a_commit_shares_the_next_one(
    writer: Writer, engine: sa.Engine, commits: list[int]
) -> None:
    late: list[asyncio.Task[int]] = []
    committing, arrived = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    @listens_for(engine, "commit")
    def arrive(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        loop.call_soon_threadsafe(committing.set)
        arrived.wait(PATIENCE)

    first = asyncio.create_task(writer.write(note(1)))
    await committing.wait()
    late.extend(asyncio.create_task(writer.write(note(n))) for n in range(2, 30))
    await asyncio.sleep(0)  # each has begun to wait
    arrived.set()
    await first
    assert await asyncio.gather(*late) == [1] * 28
    assert len(commits) == 2


async def test_writes_one_after_the_other_are_committed_each(
    writer: Writer, commits: list[int]
) -> None:
    for number in range(3):
        await writer.write(note(number))
    assert len(commits) == 3


async def test_each_caller_learns_how_many_rows_its_own_last_statement_changed(
    writer: Writer,
) -> None:
    counts = await asyncio.gather(
        writer.write(note(1)),
        writer.write(note(2), note(3), (sa.update(TABLE).values(id=TABLE.c.id + 10), None)),
        writer.write((sa.delete(TABLE).where(TABLE.c.id == 99), None)),
        writer.write((sa.delete(TABLE), None)),
    )
    assert counts == [1, 3, 0, 3], "in the order they came"


async def test_a_write_that_fails_fails_alone(writer: Writer, path: Path) -> None:
    outcomes = await asyncio.gather(
        *(writer.write(note(number)) for number in (1, 2, 1, 2**70, 3)), return_exceptions=True
    )
    assert outcomes[:2] == [1, 1]
    assert [type(outcome) for outcome in outcomes[2:4]] == [IntegrityError, OverflowError]
    assert outcomes[4] == 1
    assert on_disk(path) == [1, 2, 3]
    assert not writer.stuck, "that was the fault of what was written"


async def test_of_a_write_that_fails_nothing_is_written(writer: Writer, path: Path) -> None:
    outcomes = await asyncio.gather(
        writer.write(note(1), note(2), note(1)), writer.write(note(2)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [IntegrityError, int]
    assert on_disk(path) == [2]


async def test_while_another_program_holds_the_database_all_fail_at_once(
    writer: Writer, engine: sa.Engine
) -> None:
    tried = 0

    @listens_for(engine, "begin")
    def begin(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        nonlocal tried
        tried += 1

    with engine.connect() as held:
        held.exec_driver_sql("BEGIN EXCLUSIVE")
        begun = tried
        outcomes = await asyncio.gather(
            *(writer.write(note(number)) for number in range(5)), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [OperationalError] * 5
    assert tried == begun + 1
    assert writer.stuck

    assert await writer.write((sa.delete(TABLE).where(sa.false()), None)) == 0
    assert writer.stuck, "a full disk takes that, too"
    await writer.write(note(1))
    assert not writer.stuck


async def test_a_failure_ends_with_its_transaction(writer: Writer, path: Path) -> None:
    with pytest.raises(IntegrityError):
        await writer.write(note(1), note(1))
    assert await writer.write(note(1)) == 1
    assert on_disk(path) == [1]


async def test_a_caller_that_is_cancelled_does_not_undo_its_write(
    writer: Writer, engine: sa.Engine, path: Path
) -> None:
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    @listens_for(engine, "begin")
    def begin(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        loop.call_soon_threadsafe(begun.set)

    caller = asyncio.create_task(writer.write(note(1)))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    async with asyncio.timeout(PATIENCE):
        await writer.write(note(2))
    assert on_disk(path) == [1, 2]


async def test_a_cancelled_caller_does_not_disturb_the_others(writer: Writer, path: Path) -> None:
    callers = [asyncio.create_task(writer.write(note(number))) for number in range(20)]
    await asyncio.sleep(0)  # each has begun to wait
    callers[3].cancel()
    async with asyncio.timeout(PATIENCE):
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [number for number, outcome in enumerate(outcomes) if outcome != 1] == [3]
    assert on_disk(path) == list(range(20))


async def test_neighbours_that_are_alike_are_executed_as_one(
    writer: Writer, engine: sa.Engine, path: Path
) -> None:
    executed: list[int] = []

    @listens_for(engine, "before_cursor_execute")
    def executing(*told: Any) -> None:  # noqa: ANN401 # pyright: ignore[reportUnusedFunction]
        executed.append(len(told[3]) if told[5] else 1)

    insert = sa.insert(TABLE)
    counts = await asyncio.gather(*(writer.write((insert, [{"id": n}])) for n in range(100)))
    assert counts == [1] * 100
    assert on_disk(path) == list(range(100))
    assert len(executed) <= 2


async def test_of_alike_writes_each_learns_whether_it_changed_something(
    writer: Writer, path: Path
) -> None:
    await writer.write((sa.insert(TABLE), [{"id": number} for number in range(4)]))
    update = sa.text("UPDATE notes SET id = :other WHERE id = :number")
    counts = await asyncio.gather(
        *(writer.write((update, [{"number": n, "other": n + 10}])) for n in (0, 7, 2, 0)),
        writer.write((update, [{"number": n, "other": n + 10} for n in (1, 3)])),
    )
    assert counts == [1, 0, 1, 0, 2]
    assert on_disk(path) == [10, 11, 12, 13]


async def test_of_alike_writes_that_fail_each_fails_alone(writer: Writer, path: Path) -> None:
    insert = sa.insert(TABLE)
    outcomes = await asyncio.gather(
        *(writer.write((insert, [{"id": n}])) for n in (1, 2, 1, 3)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [int, int, IntegrityError, int]
    assert on_disk(path) == [1, 2, 3]
