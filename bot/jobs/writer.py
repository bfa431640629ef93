"""One writer for the database: what waits together is committed together."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

_log = logging.getLogger(__name__)

Statement = tuple[sa.Executable, Sequence[Mapping[str, Any]] | None]
"""What is executed, once for each set of parameters where there are any."""
_Write = tuple[Sequence[Statement], asyncio.Future[int]]

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
        self._waiting: list[_Write] = []
        self._drain: asyncio.Task[None] | None = None
        self.stuck = False
        """Whether the database took nothing when it was last tried: a full disk, a lock."""

    async def write(self, *statements: sa.Executable) -> int:
        """Execute `statements` in one transaction; return how many rows the last one changed.

        Raises SQLAlchemyError, or what else the driver raises for a value it cannot take.
        """
        return await self._enqueue([(statement, None) for statement in statements])

    async def write_rows(self, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute `statement` once for each of `rows`; return how many rows changed. As write."""
        return await self._enqueue([(statement, rows)])

    async def _enqueue(self, statements: Sequence[Statement]) -> int:
        outcome: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, outcome))
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_all(), name="database writer")
        return await asyncio.shield(outcome)

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

    async def _settle(self, batch: Sequence[_Write]) -> Exception | None:
        """Commit writes together and tell their callers; return why not, where that failed."""
        try:
            counts = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._commit, [statements for statements, _ in batch]
            )
        except Exception as error:  # noqa: BLE001 - handed to the callers, none is swallowed
            if isinstance(error, OperationalError):
                self._has_failed(error)
            return error
        # What changes no row is taken by a full disk, too.
        if self.stuck and any(count > 0 for count in counts):
            self.stuck = False
            _log.info("the database takes writes again")
        for (_, outcome), count in zip(batch, counts, strict=True):
            if not outcome.done():
                outcome.set_result(count)
        return None

    def _has_failed(self, error: OperationalError) -> None:
        if not self.stuck:
            self.stuck = True
            _log.error("the database takes no writes: %s", error.args[0])

    def _commit(self, batch: Sequence[Sequence[Statement]]) -> list[int]:
        """Execute a batch in one transaction; return each write's count of changed rows."""
        alike = _alike(batch)
        if len(alike) < len(batch):
            with suppress(_UnevenError), self._engine.begin() as connection:
                return [count for group in alike for count in _together(connection, group)]
        with self._engine.begin() as connection:
            return [_one_by_one(connection, statements) for statements in batch]


class _UnevenError(Exception):
    """Of several writes that were executed as one, not each changed all of its rows."""


def _alike(batch: Sequence[Sequence[Statement]]) -> list[list[Sequence[Statement]]]:
    """Group neighbours that execute the same statement, each for rows of its own."""
    groups: list[list[Sequence[Statement]]] = []
    for statements in batch:
        if groups and _mergeable(groups[-1][0], statements):
            groups[-1].append(statements)
        else:
            groups.append([statements])
    return groups


def _mergeable(one: Sequence[Statement], other: Sequence[Statement]) -> bool:
    return len(one) == len(other) == 1 and one[0][0] is other[0][0] and one[0][1] is not None


def _together(connection: sa.Connection, group: Sequence[Sequence[Statement]]) -> list[int]:
    """Execute writes that are alike as one: SQLAlchemy's share of it is paid once.

    SQLite tells the rows changed by all of them only: raises _UnevenError where these are not all
    there are, and which write changed fewer has to be found out one by one.
    """
    if len(group) == 1:
        return [_one_by_one(connection, group[0])]
    counts = [len(rows or ()) for ((_, rows),) in group]
    every = [row for ((_, rows),) in group for row in rows or ()]
    if connection.execute(group[0][0][0], every).rowcount != sum(counts):
        raise _UnevenError
    return counts


def _one_by_one(connection: sa.Connection, statements: Sequence[Statement]) -> int:
    count = 0
    for statement, rows in statements:
        count = connection.execute(statement, rows).rowcount
    return count


def _refuse(batch: Sequence[_Write], error: Exception) -> None:
    for _, outcome in batch:
        if not outcome.done():
            outcome.set_exception(error)


def _is_locked(error: Exception) -> bool:
    return getattr(getattr(error, "orig", None), "sqlite_errorname", None) in _LOCKED
