"""Database: one writer and a few readers of SQLite, each in a thread of its own."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.event import listen
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from bot.jobs.schema import prepare
from bot.jobs.writer import Statement, Writer

READERS: Final = 3
"""Threads that read at the same time, beside the one that writes; each has a connection."""
CACHE_KIB: Final = 256
"""What each connection remembers of the database file."""
PREPARED: Final = 16
"""Statements that each connection keeps prepared. One that names a page of renders has 20 KB, and
is another for each number of renders."""

_T = TypeVar("_T")
_V = TypeVar("_V")


class StoreError(Exception):
    """The database could not be read or written; the cause is the chained error."""


class DuplicateError(StoreError):
    """A row with this key is there already: the same interaction was delivered twice."""


class Database:
    """Executes statements. Every method raises StoreError where the database fails."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = Writer(engine)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database reader")

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> "AsyncGenerator[Database]":
        """Open the database at `url`, bring it to the newest schema, close it at the end.

        Raises NewerDatabaseError where a newer version of the bot has used it, StoreError else.
        """
        engine = sa.create_engine(
            url,
            # Prompts, tokens and addresses have no place in an error's words.
            hide_parameters=True,
            pool_size=READERS + 1,
            max_overflow=0,
            connect_args={"cached_statements": PREPARED},
        )
        if engine.dialect.name == "sqlite":
            listen(engine, "connect", _prepare_sqlite)
        try:
            with _translated():
                await asyncio.to_thread(_begin_and_prepare, engine)
            database = cls(engine)
            try:
                yield database
            finally:
                await database._close()
        finally:
            await asyncio.to_thread(engine.dispose)

    @property
    def stuck(self) -> bool:
        """Whether the database accepted nothing when it was last written to."""
        return self._writer.stuck

    async def fetch(
        self, query: sa.Select[*tuple[Any, ...]], made: Callable[[Sequence[Any]], _T]
    ) -> list[_T]:
        """Make something of each row, in a reader's thread: thousands of rows take a while."""
        return await self.read(lambda reader: [made(row) for row in reader.execute(query)])

    async def column(self, query: sa.Select[_T]) -> list[_T]:
        """Return the values of a query for one column."""
        return await self.fetch(query, lambda row: row[0])

    async def mapping(self, query: sa.Select[_T, _V]) -> dict[_T, _V]:
        """Return the rows of a query for two columns, the second by the first."""
        return dict(await self.fetch(query, lambda row: (row[0], row[1])))

    async def write(self, *statements: Statement, otherwise: Statement | None = None) -> int:
        """Write as Writer.write; it is on disk on return."""
        with _translated():
            return await self._writer.write(*statements, otherwise=otherwise)

    async def run(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Write what decides as it goes, as Writer.run; it is on disk on return."""
        with _translated():
            return await self._writer.run(work)

    async def read(self, work: Callable[[sa.Connection], _T]) -> _T:
        """Read what takes several queries, in a reader's thread."""

        def read() -> _T:
            with self._engine.connect() as connection:
                return work(connection)

        with _translated():
            return await asyncio.get_running_loop().run_in_executor(self._readers, read)

    async def execute(self, *statements: sa.Executable) -> int:
        """Write statements that hold their own values; return what the last one changed."""
        return await self.write(*((statement, None) for statement in statements))

    async def empty_log(self) -> None:
        """Move all that was written into the file itself, and leave the log beside it empty."""
        with _translated():
            await self._writer.empty_log()

    async def _close(self) -> None:
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)


@contextmanager
def _translated() -> Generator[None]:
    """Turn the database's errors into StoreError, keeping the cause."""
    try:
        yield
    except IntegrityError as error:
        raise DuplicateError(str(error.orig)) from error
    except (SQLAlchemyError, OSError) as error:
        raise StoreError(str(getattr(error, "orig", None) or error)) from error


def _begin_and_prepare(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        prepare(connection)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    """Readers beside the writer, commits that outlive a power cut, and small caches.

    FULL, since a lost commit could turn a sent create back into one that seems never sent. Nobody
    else writes here; a lock of another program is waited for less than an interaction may wait.
    Each connection has a cache, by default of 2 MB: the file is in the system's cache anyway.
    What is deleted is overwritten, since people may ask for that.
    """
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=1000",
        "foreign_keys=ON",
        "secure_delete=ON",
        f"cache_size={-CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
