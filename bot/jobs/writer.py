"""One writer for the database: what waits together is committed together."""

import asyncio
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine


class Writer:
    """Groups concurrent writes into one transaction each, in the order they came.

    A SQLite commit waits for the disk; 200 intents in one commit wait once. A write is on disk
    when its call returns, and is not undone by cancelling its caller.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._waiting: list[tuple[Sequence[sa.Executable], asyncio.Future[int]]] = []
        self._drain: asyncio.Task[None] | None = None

    async def write(self, *statements: sa.Executable) -> int:
        """Execute `statements` in one transaction; return how many rows the last one changed.

        Raises SQLAlchemyError, for every write of the same transaction alike.
        """
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
            try:
                counts = await self._commit([statements for statements, _ in batch])
            except Exception as error:  # noqa: BLE001 - handed to every caller, none is swallowed
                for _, outcome in batch:
                    if not outcome.done():
                        outcome.set_exception(error)
                continue
            for (_, outcome), count in zip(batch, counts, strict=True):
                if not outcome.done():
                    outcome.set_result(count)

    async def _commit(self, batch: Sequence[Sequence[sa.Executable]]) -> list[int]:
        counts: list[int] = []
        async with self._engine.begin() as connection:
            for statements in batch:
                count = 0
                for statement in statements:
                    count = (await connection.execute(statement)).rowcount
                counts.append(count)
        return counts
