"""A database that is only looked at, also while a bot has it open."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

_PATIENCE: Final = 5.0
"""Seconds that a lock of another program is waited for."""


@contextmanager
def read_only(path: Path) -> Generator[sa.Connection]:
    """Open a SQLite file for reading. Raises sqlite3.Error, SQLAlchemyError.

    A database that no bot has open is read as immutable: SQLite would otherwise write two files of
    its own beside it.
    """
    is_open = path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path.absolute()))}?mode=ro" + ("" if is_open else "&immutable=1")
    with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE)) as opened:
        engine = sa.create_engine("sqlite://", creator=lambda: opened, poolclass=StaticPool)
        with engine.connect() as connection:
            yield connection


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision of the schema; None where it names none."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
