"""The bot's database as the tests read and change it, and the only SQL outside of tests/jobs.

`python -m tests.database FOLDER` prints the jobs as JSON, for a folder of another mount namespace.
"""

import json
import sqlite3
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.accounting import faults

Row = dict[str, Any]
Value = str | bytes | float | None
Change = Value | Callable[[Row], Value]
"""A column's new value, or how it is computed from the row."""

_NAME: Final = "rushes.db"
_GUARDED: Final = [
    (verb, table)
    for verb in ("INSERT", "UPDATE", "DELETE")
    for table in ("requests", "renders", "subscriptions")
]


_JOINED: Final = "renders JOIN requests ON requests.id = renders.request_id"
TABLES: Final = ("requests", "renders", "subscriptions", "request_images", "thumbnails")


def rows(folder: Path, table: str | None = None, *, since: float | None = None) -> list[Row]:
    """Return the rows of a table, or each render with its request, oldest first.

    No row where there is no database yet. `since` is a Unix time: only later requests are read.
    """
    if not (folder / _NAME).exists():
        return []
    where = "" if since is None else f"WHERE created_at > {since}"
    query = (
        f"SELECT requests.*, renders.* FROM {_JOINED} {where} ORDER BY renders.rowid"  # noqa: S608
        if table is None
        else f"SELECT * FROM {table} ORDER BY rowid"  # noqa: S608
    )
    with closing(_connect(folder, "?mode=ro")) as database:
        return [dict(row) for row in database.execute(query)]


def count(folder: Path, table: str) -> int:
    return len(rows(folder, table))


def insert(folder: Path, table: str, *new: Mapping[str, object]) -> None:
    with closing(_connect(folder)) as database, database:
        for row in new:
            places = ", ".join("?" * len(row))
            columns = ", ".join(row)
            database.execute(
                f"INSERT INTO {table} ({columns}) VALUES ({places})",  # noqa: S608
                [*row.values()],
            )


def update(folder: Path, /, **changes: Change) -> None:
    """Change every render and its request; a change is computed from the columns of both."""
    with closing(_connect(folder)) as database, database:
        of_render = {column["name"] for column in database.execute("PRAGMA table_info(renders)")}
        for row in rows(folder):
            for name, to in changes.items():
                table, key = ("renders", "id") if name in of_render else ("requests", "request_id")
                value = to(row) if callable(to) else to
                statement = f"UPDATE {table} SET {name} = ? WHERE id = ?"  # noqa: S608
                database.execute(statement, (value, row[key]))


def age(folder: Path, table: str, column: str, seconds: float) -> None:
    """Move a column's times back in every row of a table."""
    with closing(_connect(folder)) as database, database:
        statement = f"UPDATE {table} SET {column} = {column} - ?"  # noqa: S608
        database.execute(statement, (seconds,))


def earlier(column: str, seconds: float) -> Callable[[Row], float | None]:
    """Move a column's time back by so many seconds, where there is one."""
    return lambda row: None if row[column] is None else row[column] - seconds


def ledger_faults(folder: Path) -> list[str]:
    """Return what does not add up between limits' meters, holds and the ledger."""
    if not (folder / _NAME).exists():
        return []
    engine = sa.create_engine(f"sqlite:///{folder / _NAME}")
    try:
        with engine.connect() as connection:
            return faults(connection)
    finally:
        engine.dispose()


def charge_more(folder: Path) -> None:
    """Change every meter, as no part of the bot does."""
    with closing(_connect(folder)) as database, database:
        database.execute("UPDATE meters SET spent = spent + 1")


def make_newer(folder: Path) -> None:
    """Make the empty database that a later version of the bot would have left."""
    folder.mkdir()
    with closing(_connect(folder)) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num TEXT)")
    insert(folder, "alembic_version", {"version_num": "9999"})


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Hold the database file as another program can, so that no write of the bot succeeds."""
    with closing(sqlite3.connect(folder / _NAME, isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            database.execute("ROLLBACK")


def fill(folder: Path) -> None:
    """Make every write fail as on a full disk; the bot is between two transactions."""
    _script(
        folder,
        "CREATE TRIGGER IF NOT EXISTS full_{0}_{1} BEFORE {0} ON {1}"
        " BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;",
    )


def make_room(folder: Path) -> None:
    """Take back `fill`."""
    _script(folder, "DROP TRIGGER IF EXISTS full_{}_{};")


def _script(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / _NAME, timeout=0)) as database:
        database.executescript("".join(statement.format(*each) for each in _GUARDED))


def _connect(folder: Path, how: str = "") -> sqlite3.Connection:
    database = sqlite3.connect(f"file:{folder / _NAME}{how}", uri=True)
    database.row_factory = sqlite3.Row
    return database


if __name__ == "__main__":
    with suppress(BrokenPipeError):
        print(json.dumps(rows(Path(sys.argv[1]))))  # noqa: T201 - the answer
