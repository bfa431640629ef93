"""Checks the data folder and the database, without making or changing anything."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.doctor.check import Check, Mark
from bot.jobs.accounting import faults
from bot.jobs.schema import REVISIONS
from bot.settings import Settings

_WHAT: Final = "database"
_ROWS: Final = "SELECT count(*) FROM renders"
_REVISION: Final = "SELECT version_num FROM alembic_version"


def check(settings: Settings) -> Check:
    """Check the folder, then the database in it. Blocking."""
    folder = settings.data_dir
    if not _is_writable(folder):
        fix = "let the bot's user write there, or set DATA_DIR to a folder that can be written to"
        return Check(_WHAT, Mark.BAD, f"the folder {folder} cannot be written to", fix)
    path = Path(make_url(settings.database).database or "")
    if not path.exists():
        return _absent(path)
    if not os.access(path, os.R_OK | os.W_OK):
        fix = "let the bot's user read and write it"
        return Check(_WHAT, Mark.BAD, f"{path} cannot be written to", fix)
    return _contents(path)


def existing(folder: Path) -> Path:
    """Return a folder, or the nearest folder above it that exists."""
    whole = folder.absolute()
    return next((each for each in (whole, *whole.parents) if each.exists()), whole)


def _is_writable(folder: Path) -> bool:
    """Try with a file without a name, which leaves nothing behind."""
    try:
        with tempfile.TemporaryFile(dir=existing(folder)):
            return True
    except OSError:
        return False


def _absent(path: Path) -> Check:
    if not _is_writable(path.parent):
        fix = "set DATABASE_URL to a folder that can be written to"
        return Check(_WHAT, Mark.BAD, f"{path.parent} cannot be written to", fix)
    return Check(_WHAT, Mark.GOOD, f"not there yet; the first start makes {path}")


def _contents(path: Path) -> Check:
    try:
        revision, renders, wrong = _read(path)
    except (sqlite3.Error, SQLAlchemyError):
        fix = "move it away, or put a copy back that can be opened"
        return Check(_WHAT, Mark.BAD, f"{path} cannot be opened as a database", fix)
    if revision is not None and revision not in REVISIONS:
        fix = "update Rushes, or set DATA_DIR to another folder"
        found = f"{path} was written by a newer version (schema {revision})"
        return Check(_WHAT, Mark.BAD, found, fix)
    if wrong:
        fix = "report this line as CONTRIBUTING.md says; until then limits may count wrongly"
        return Check(_WHAT, Mark.BAD, f"the ledger does not add up: {wrong[0]}", fix)
    return Check(_WHAT, Mark.GOOD, f"{renders} videos in the history, and the ledger adds up")


def _read(path: Path) -> tuple[str | None, int, list[str]]:
    """Return the schema's revision, the number of renders, and faults of the ledger.

    Raises sqlite3.Error, SQLAlchemyError.

    A database that no bot has open is read as immutable: SQLite would otherwise write two files of
    its own beside it.
    """
    is_open = path.with_name(f"{path.name}-wal").exists()
    address = f"file:{quote(str(path.absolute()))}?mode=ro" + ("" if is_open else "&immutable=1")
    with closing(sqlite3.connect(address, uri=True, timeout=5)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        revision = None
        if "alembic_version" in tables:
            revision = (connection.execute(_REVISION).fetchone() or (None,))[0]
        renders = connection.execute(_ROWS).fetchone()[0] if "renders" in tables else 0
        is_newest = revision == REVISIONS[-1]
        return revision, renders, _faults(connection) if is_newest else []


def _faults(opened: sqlite3.Connection) -> list[str]:
    engine = sa.create_engine("sqlite://", creator=lambda: opened, poolclass=StaticPool)
    with engine.connect() as connection:
        return faults(connection)
