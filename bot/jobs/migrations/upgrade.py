"""Bring a database to the newest schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError


class NewerDatabaseError(Exception):
    """The database was written by a newer version of this program."""


def config(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration for the revisions beside this file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def upgrade(connection: sa.Connection) -> None:
    """Run every missing revision on `connection`, in the caller's transaction.

    Raises NewerDatabaseError where the database names a revision that is not here.
    """
    settings = config(connection)
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None:
        try:
            ScriptDirectory.from_config(settings).get_revision(current)
        except CommandError as error:
            raise NewerDatabaseError(current) from error
    command.upgrade(settings, "head")
