"""One writer for the database: what waits together is committed together."""

import asyncio
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

_log = logging.getLogger(__name__)

_T = TypeVar("_T")

Rows = Sequence[Mapping[str, object]]
Statement = tuple[sa.Executable, Rows | None]
"""What is executed, once for each set of parameters where there are any."""


@dataclass(frozen=True, slots=True)
class _Write:
    statements: Sequence[Statement]
    otherwise: Statement | None
    """Executed where the last of the statements changes no row."""
    outcome: asyncio.Future[int]

    def run(self, connection: sa.Connection) -> int:
        """Execute the statements; return how many rows the last one changed."""
        count = 0
        for statement, rows in self.statements:
            count = connection.execute(statement, rows).rowcount
        if count == 0 and self.otherwise is not None:
            connection.execute(*self.otherwise)
        return count


@dataclass(frozen=True, slots=True)
class _Work:
    run: Callable[[sa.Connection], Any]
    outcome: asyncio.Future[Any]


LOG_TRIES: Final = 5
"""Each waits for readers as long as a write does for other programs."""
_LOCKED: Final = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_READONLY"})
"""Failures of the whole database: each further write would only wait for the same."""


class Writer:
    """Groups concurrent writes into one transaction each, in the order they came.

    A SQLite commit waits for the disk; 200 intents in one commit wait once. A write is on disk
    when its call returns, and is not undone by cancelling its caller. Where a transaction fails,
    each of its writes is tried in one of its own, so that it fails by its own fault alone.
    All of it happens in one thread: neither the disk nor SQLAlchemy holds the event loop up.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database writer")
        self._waiting: list[_Write | _Work] = []
        self._drain: asyncio.Task[None] | None = None
        self.stuck = False
        """Whether the database refused the last write: a full disk, a lock."""

    async def write(self, *statements: Statement, otherwise: Statement | None = None) -> int:
        """Execute `statements` in one transaction; return how many rows the last one changed.

        Where it changed none, `otherwise` is executed in the same transaction. Raises
        SQLAlchemyError, or what else the driver raises for a value it cannot accept.
        """
        outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        return await self._commit_soon(_Write(statements, otherwise, outcome))

    async def run(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Execute what decides as it goes, in a transaction it may share with other writes.

        It may be executed twice, the first time rolled back. It undoes what it does not want
        itself, since an exception undoes the others' writes, too, before each is tried alone.
        Raises as `write`.
        """
        outcome: asyncio.Future[_T] = asyncio.get_running_loop().create_future()
        return await self._commit_soon(_Work(work, outcome))

    async def empty_log(self) -> None:
        """Write SQLite's log into the database's file and truncate it, once nobody reads it."""
        if self._engine.dialect.name != "sqlite":
            return
        for _ in range(LOG_TRIES):
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(self._thread, self._empty_log):
                return
        _log.warning("the database's log is in use and not emptied yet")

    def _empty_log(self) -> bool:
        with self._engine.connect() as connection:
            statement = "PRAGMA wal_checkpoint(TRUNCATE)"
            return connection.exec_driver_sql(statement).one()[0] == 0

    async def _commit_soon(self, write: _Write | _Work) -> Any:  # noqa: ANN401 - its outcome
        self._waiting.append(write)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_all(), name="database writer")
        return await asyncio.shield(write.outcome)

    async def close(self) -> None:
        """Wait until everything that was handed over is on disk."""
        if self._drain is not None:
            await self._drain
        await asyncio.to_thread(self._thread.shutdown)

    async def _commit_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            error = await self._settle(batch)
            if error is None:
                continue
            if len(batch) > 1 and not _is_locked(error):
                for write in batch:
                    if (own := await self._settle([write])) is not None:
                        _refuse([write], own)
            else:
                _refuse(batch, error)

    async def _settle(self, batch: Sequence[_Write | _Work]) -> BaseException | None:
        """Commit writes together and tell their callers; return why not, where that failed."""
        loop = asyncio.get_running_loop()
        committing = loop.run_in_executor(self._thread, self._commit, batch)
        await asyncio.wait({committing})
        if (error := committing.exception()) is not None:
            if isinstance(error, OperationalError):
                self._has_failed(error)
            return error
        counts = committing.result()
        # A statement that changes no rows succeeds on a full disk, so it proves nothing.
        if self.stuck and any(isinstance(count, int) and count > 0 for count in counts):
            self.stuck = False
            _log.info("the database accepts writes again")
        for write, count in zip(batch, counts, strict=True):
            if not write.outcome.done():
                write.outcome.set_result(count)
        return None

    def _has_failed(self, error: OperationalError) -> None:
        if not self.stuck:
            self.stuck = True
            _log.error("the database accepts no writes: %s", error.args[0])

    def _commit(self, batch: Sequence[_Write | _Work]) -> list[Any]:
        """Execute a batch in one transaction; return each write's count of changed rows."""
        groups = _grouped(batch)
        if len(groups) < len(batch):
            with suppress(_UnevenError), self._begin() as connection:
                return [count for group in groups for count in _run(connection, group)]
        with self._begin() as connection:
            return [write.run(connection) for write in batch]

    @contextmanager
    def _begin(self) -> Generator[sa.Connection]:
        """Begin a transaction that nobody writes beside, so that what is read in it stays true."""
        with self._engine.begin() as connection:
            if self._engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection


class _UnevenError(Exception):
    """Of several writes that were executed as one, not each changed all of its rows."""


def _grouped(batch: Sequence[_Write | _Work]) -> list[_Work | list[_Write]]:
    """Group neighbours that execute the same statements, each for rows of its own."""
    groups: list[_Work | list[_Write]] = []
    for write in batch:
        last = groups[-1] if groups else None
        if isinstance(write, _Work):
            groups.append(write)
        elif isinstance(last, list) and _mergeable(last[0].statements, write.statements):
            last.append(write)
        else:
            groups.append([write])
    return groups


def _mergeable(one: Sequence[Statement], other: Sequence[Statement]) -> bool:
    return len(one) == len(other) and all(
        mine[0] is theirs[0] and mine[1] is not None
        for mine, theirs in zip(one, other, strict=True)
    )


def _run(connection: sa.Connection, group: _Work | list[_Write]) -> list[Any]:
    """Execute alike writes statement by statement: SQLAlchemy's share of the work is paid once.

    SQLite tells the rows changed by all of them only: raises _UnevenError where the last statement
    did not change all of its rows, since which write changed fewer has to be found out one by one.
    """
    if isinstance(group, _Work):
        return [group.run(connection)]
    if len(group) == 1:
        return [group[0].run(connection)]
    changed = 0
    for same in zip(*(write.statements for write in group), strict=True):
        every = [row for _, rows in same for row in rows or ()]
        changed = connection.execute(same[0][0], every).rowcount
    counts = [len(write.statements[-1][1] or ()) for write in group]
    if changed != sum(counts):
        raise _UnevenError
    return counts


def _refuse(batch: Sequence[_Write | _Work], error: BaseException) -> None:
    for write in batch:
        if not write.outcome.done():
            write.outcome.set_exception(error)


def _is_locked(error: BaseException) -> bool:
    return getattr(getattr(error, "orig", None), "sqlite_errorname", None) in _LOCKED
