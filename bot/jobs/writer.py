"""One writer for the database: what waits together is committed together."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

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
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: list[_Write] = []
        self._drain: asyncio.Task[None] | None = None

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
            counts = await self._commit([statements for statements, _ in batch])
        except Exception as error:  # noqa: BLE001 - handed to the callers, none is swallowed
            return error
        for (_, outcome), count in zip(batch, counts, strict=True):
            if not outcome.done():
                outcome.set_result(count)
        return None

    async def _commit(self, batch: Sequence[Sequence[Statement]]) -> list[int]:
        counts: list[int] = []
        async with self._engine.begin() as connection:
            for statements in batch:
                count = 0
                for statement, rows in statements:
                    count = (await connection.execute(statement, rows)).rowcount
                counts.append(count)
        return counts


def _refuse(batch: Sequence[_Write], error: Exception) -> None:
    for _, outcome in batch:
        if not outcome.done():
            outcome.set_exception(error)


def _is_locked(error: Exception) -> bool:
    cause = getattr(error, "orig", None)
    # aiosqlite's error is the chained cause of the one that SQLAlchemy's driver raises.
    names = {getattr(each, "sqlite_errorname", None) for each in (cause, error.__cause__)}
    return bool(names & _LOCKED)
