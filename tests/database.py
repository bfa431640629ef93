"""The bot's database, read and changed behind the bot's back."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

JOINED: Final = "renders JOIN requests ON requests.id = renders.request_id"
TABLES: Final = ("requests", "renders", "subscriptions", "request_images", "thumbnails")

Row = dict[str, Any]
"""Every column of a render and of its request."""


@contextmanager
def reading(path: Path) -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        yield database


def rows(path: Path, where: str = "1 = 1", columns: str = "requests.*, renders.*") -> list[Row]:
    """Return the renders in the order in which they were asked for."""
    query = f"SELECT {columns} FROM {JOINED} WHERE {where} ORDER BY renders.rowid"  # noqa: S608
    with reading(path) as database:
        return [dict(row) for row in database.execute(query)]


def count(path: Path, table: str, where: str = "1 = 1") -> int:
    with reading(path) as database:
        query = f"SELECT count(*) FROM {table} WHERE {where}"  # noqa: S608
        return database.execute(query).fetchone()[0]


def change(path: Path, **expressions: str) -> None:
    """Set columns of every render and its request, each to an SQL expression of both."""
    chosen = ", ".join(f"({expression}) AS {name}" for name, expression in expressions.items())
    values = rows(path, columns=f"requests.id AS request, renders.id AS render, {chosen}")
    with closing(sqlite3.connect(path)) as database, database:
        of_render = {each[1] for each in database.execute("PRAGMA table_info(renders)")}
        for row in values:
            for name in expressions:
                table, key = ("renders", "render") if name in of_render else ("requests", "request")
                statement = f"UPDATE {table} SET {name} = ? WHERE id = ?"  # noqa: S608
                database.execute(statement, (row[name], row[key]))
