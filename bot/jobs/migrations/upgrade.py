"""Bring an older database to the newest schema."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config


def config(connection: sa.Connection | None = None) -> Config:
    """Return Alembic's configuration for the revisions beside this file."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def upgrade(connection: sa.Connection) -> None:
    """Run every missing revision on `connection`, in the caller's transaction."""
    command.upgrade(config(connection), "head")
