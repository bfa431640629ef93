"""Checks the data folder and the database, without making or changing anything."""

import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.doctor.check import Check, Mark
from bot.jobs.accounting import faults
from bot.jobs.read_only import read_only, revision_of
from bot.jobs.schema import REVISIONS
from bot.jobs.tables import renders
from bot.settings import Settings

_WHAT: Final = "database"


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
        revision, number, wrong = _read(path)
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
    return Check(_WHAT, Mark.GOOD, f"{number} videos in the history, and the ledger adds up")


def _read(path: Path) -> tuple[str | None, int, list[str]]:
    """Return the schema's revision, the number of renders, and faults of the ledger.

    Raises sqlite3.Error, SQLAlchemyError.
    """
    with read_only(path) as connection:
        revision = revision_of(connection)
        has_renders = sa.inspect(connection).has_table(renders.name)
        count = sa.select(sa.func.count()).select_from(renders)
        number = connection.execute(count).scalar_one() if has_renders else 0
        is_newest = revision == REVISIONS[-1]
        return revision, number, faults(connection) if is_newest else []
