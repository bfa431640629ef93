"""The database's schema at an opening: made where there is none, upgraded where it is old."""

import secrets
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from bot.jobs import tables
from bot.jobs.tables import metadata

REVISIONS: Final = tuple(
    sorted(path.stem[:4] for path in Path(__file__).parent.glob("migrations/versions/[0-9]*.py"))
)
"""Every revision there is, oldest first; a revision's file begins with its number."""
PSEUDONYMS: Final = "pseudonyms"
"""The name of the key that makes pseudonyms, in the table `secrets`."""
KEY_BYTES: Final = 32
_VERSION: Final = sa.table("alembic_version", sa.column("version_num", sa.Text))


class NewerDatabaseError(Exception):
    """The database was written by a newer version of this program."""


def prepare(connection: sa.Connection) -> None:
    """Bring the database to the newest schema, in the caller's transaction.

    Alembic takes 12 MiB that are never given back: it is loaded only where there is something to
    upgrade. Raises NewerDatabaseError where the database names a revision that is not here.
    """
    tables = sa.inspect(connection).get_table_names()
    if not tables:
        _create(connection)
        return
    revision = None
    if _VERSION.name in tables:
        revision = connection.execute(sa.select(_VERSION.c.version_num)).scalar_one_or_none()
    if revision is not None and revision not in REVISIONS:
        raise NewerDatabaseError(revision)
    if revision != REVISIONS[-1]:
        from bot.jobs.migrations.upgrade import upgrade  # noqa: PLC0415 - see above

        upgrade(connection)


def _create(connection: sa.Connection) -> None:
    """Make the tables that all revisions lead to, and say so as Alembic would."""
    metadata.create_all(connection)
    key = {"name": PSEUDONYMS, "value": secrets.token_bytes(KEY_BYTES)}
    connection.execute(sa.insert(tables.secrets).values(key))
    version = sa.Column("version_num", sa.String(32), primary_key=True)
    sa.Table(_VERSION.name, sa.MetaData(), version).create(connection)
    connection.execute(sa.insert(_VERSION).values(version_num=REVISIONS[-1]))
