"""One writer: what waits together is committed together."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.event import listens_for
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.jobs.writer import Writer

PATIENCE = 10.0
TABLE = sa.Table("notes", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notes.db"


@pytest.fixture
async def engine(path: Path) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", connect_args={"timeout": 0.2})
    async with engine.begin() as connection:
        await connection.run_sync(TABLE.metadata.create_all)
    yield engine
    await engine.dispose()


@pytest.fixture
def commits(engine: AsyncEngine) -> list[int]:
    """Grow by one number with each commit."""
    counted: list[int] = []

    @listens_for(engine.sync_engine, "commit")
    def count(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        counted.append(len(counted))

    return counted


def note(number: int) -> sa.Insert:
    return sa.insert(TABLE).values(id=number)


def on_disk(path: Path) -> list[int]:
    """Read what another process would see."""
    connection = sqlite3.connect(path)
    try:
        return [row[0] for row in connection.execute("SELECT id FROM notes ORDER BY id")]
    finally:
        connection.close()


async def test_a_write_is_on_disk_when_its_call_returns(engine: AsyncEngine, path: Path) -> None:
    assert await Writer(engine).write(note(1)) == 1
    assert on_disk(path) == [1]


async def test_what_waits_together_is_committed_together(
    engine: AsyncEngine, path: Path, commits: list[int]
) -> None:
    writer = Writer(engine)
    counts = await asyncio.gather(*(writer.write(note(number)) for number in range(200)))
    assert counts == [1] * 200
    assert on_disk(path) == list(range(200))
    assert len(commits) <= 2


async def test_what_comes_during_a_commit_shares_the_next_one(
    engine: AsyncEngine, commits: list[int]
) -> None:
    writer = Writer(engine)
    late: list[asyncio.Task[int]] = []

    @listens_for(engine.sync_engine, "commit")
    def arrive(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        if not late:
            late.extend(asyncio.ensure_future(writer.write(note(n))) for n in range(2, 30))

    await writer.write(note(1))
    assert await asyncio.gather(*late) == [1] * 28
    assert len(commits) == 2


async def test_writes_one_after_the_other_are_committed_each(
    engine: AsyncEngine, commits: list[int]
) -> None:
    writer = Writer(engine)
    for number in range(3):
        await writer.write(note(number))
    assert len(commits) == 3


async def test_each_caller_learns_how_many_rows_its_own_last_statement_changed(
    engine: AsyncEngine,
) -> None:
    writer = Writer(engine)
    counts = await asyncio.gather(
        writer.write(note(1)),
        writer.write(note(2), note(3), sa.update(TABLE).values(id=TABLE.c.id + 10)),
        writer.write(sa.delete(TABLE).where(TABLE.c.id == 99)),
        writer.write(sa.delete(TABLE)),
    )
    assert counts == [1, 3, 0, 3], "in the order they came"


async def test_a_write_that_fails_fails_alone(engine: AsyncEngine, path: Path) -> None:
    writer = Writer(engine)
    outcomes = await asyncio.gather(
        *(writer.write(note(number)) for number in (1, 2, 1, 2**70, 3)), return_exceptions=True
    )
    assert outcomes[:2] == [1, 1]
    assert [type(outcome) for outcome in outcomes[2:4]] == [IntegrityError, OverflowError]
    assert outcomes[4] == 1
    assert on_disk(path) == [1, 2, 3]


async def test_of_a_write_that_fails_nothing_is_written(engine: AsyncEngine, path: Path) -> None:
    writer = Writer(engine)
    outcomes = await asyncio.gather(
        writer.write(note(1), note(2), note(1)), writer.write(note(2)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [IntegrityError, int]
    assert on_disk(path) == [2]


async def test_while_another_program_holds_the_database_all_fail_at_once(
    engine: AsyncEngine,
) -> None:
    tried = 0

    @listens_for(engine.sync_engine, "begin")
    def begin(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        nonlocal tried
        tried += 1

    writer = Writer(engine)
    async with engine.connect() as held:
        await held.exec_driver_sql("BEGIN EXCLUSIVE")
        begun = tried
        outcomes = await asyncio.gather(
            *(writer.write(note(number)) for number in range(5)), return_exceptions=True
        )
    assert [type(outcome) for outcome in outcomes] == [OperationalError] * 5
    assert tried == begun + 1


async def test_a_failure_ends_with_its_transaction(engine: AsyncEngine, path: Path) -> None:
    writer = Writer(engine)
    with pytest.raises(IntegrityError):
        await writer.write(note(1), note(1))
    assert await writer.write(note(1)) == 1
    assert on_disk(path) == [1]


async def test_a_caller_that_is_cancelled_does_not_undo_its_write(
    engine: AsyncEngine, path: Path
) -> None:
    writer = Writer(engine)
    begun = asyncio.Event()

    @listens_for(engine.sync_engine, "begin")
    def begin(_connection: sa.Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        begun.set()

    caller = asyncio.create_task(writer.write(note(1)))
    await begun.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    async with asyncio.timeout(PATIENCE):
        await writer.write(note(2))
    assert on_disk(path) == [1, 2]


async def test_a_cancelled_caller_does_not_disturb_the_others(
    engine: AsyncEngine, path: Path
) -> None:
    writer = Writer(engine)
    callers = [asyncio.create_task(writer.write(note(number))) for number in range(20)]
    await asyncio.sleep(0)  # each has begun to wait
    callers[3].cancel()
    async with asyncio.timeout(PATIENCE):
        outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [number for number, outcome in enumerate(outcomes) if outcome != 1] == [3]
    assert on_disk(path) == list(range(20))
