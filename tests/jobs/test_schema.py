"""The database's file at an opening: made, upgraded, or refused and left alone."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import OperationalError

from bot.jobs.database import StoreError
from bot.jobs.migrations.upgrade import config, upgrade
from bot.jobs.models import RenderStatus
from bot.jobs.schema import REVISIONS, NewerDatabaseError, prepare
from bot.jobs.store import JobStore
from bot.jobs.tables import metadata
from bot.media.input_reference import InputReference
from tests.jobs.support import NOW, address, admit, count, new_render, put, rows

IMAGE = InputReference(data=b"png", filename="cat.png", content_type="image/png")


def test_the_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'rushes.db'}")
    with engine.begin() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        names = sa.inspect(connection).get_table_names()
    engine.dispose()
    assert set(names) == {*metadata.tables, "alembic_version"}


def described(address: str, *, make: Callable[[sa.Connection], None]) -> list[tuple[Any, ...]]:
    """Make a schema; return every table's columns and indexes as SQLite knows them."""
    engine = sa.create_engine(address)
    told: list[tuple[Any, ...]] = []
    with engine.begin() as connection:
        make(connection)
        for table in sorted(sa.inspect(connection).get_table_names()):
            for pragma in ("table_info", "index_list", "foreign_key_list"):
                found = connection.exec_driver_sql(f"PRAGMA {pragma}({table})").all()
                # The number that each row begins with only tells the order they were made in.
                told += sorted((table, pragma, *row[1:]) for row in found)
        told += connection.exec_driver_sql("SELECT * FROM alembic_version").all()
    engine.dispose()
    return told


def test_a_schema_made_at_once_is_the_one_that_the_migrations_lead_to(tmp_path: Path) -> None:
    migrated = described(f"sqlite:///{tmp_path / 'migrated.db'}", make=upgrade)
    assert described(f"sqlite:///{tmp_path / 'made.db'}", make=prepare) == migrated


def test_an_older_database_is_upgraded(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'rushes.db'}")
    with engine.begin() as connection:
        command.upgrade(config(connection), REVISIONS[0])
    with engine.begin() as connection:
        prepare(connection)
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == REVISIONS[-1]
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    async with JobStore.open(address(tmp_path)) as store:
        await put(store, new_render())
    with closing(sqlite3.connect(tmp_path / "rushes.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerDatabaseError, match="9999"):
        async with JobStore.open(address(tmp_path)):
            pytest.fail("it was opened")
    assert rows(tmp_path, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert count(tmp_path, "renders") == 1


async def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        async with JobStore.open(address(tmp_path / "nowhere")):
            pytest.fail("it was opened")


@pytest.mark.parametrize("damage", [b"not a database" * 90, b"SQLite format 3\0" + b"\xff" * 4096])
async def test_what_is_no_database_is_an_error_and_left_alone(
    tmp_path: Path, damage: bytes
) -> None:
    path = tmp_path / "rushes.db"
    path.write_bytes(damage)
    with pytest.raises(StoreError):
        async with JobStore.open(address(tmp_path)):
            pytest.fail("it was opened")
    assert path.read_bytes() == damage


async def test_a_read_only_database_is_read_and_every_write_is_an_error(tmp_path: Path) -> None:
    kept = new_render(status=RenderStatus.QUEUED, next_poll_at=NOW)
    async with JobStore.open(address(tmp_path)) as store:
        await put(store, kept)
        read_only = f"sqlite:///file:{tmp_path / 'rushes.db'}?mode=ro&uri=true"
        async with JobStore.open(read_only) as reader:
            assert await reader.due_polls(NOW, limit=9) == [kept]
            for write in (
                admit(reader, new_render()),
                reader.save(kept, kept.evolve(progress=1)),
                reader.accounting.delete(kept, NOW),
                reader.put_image(kept, kept, IMAGE),
                reader.forget_tokens(NOW * 2),
            ):
                with pytest.raises(StoreError, match="readonly"):
                    await write
        assert await store.due_polls(NOW, limit=9) == [kept]


async def test_a_table_that_is_gone_is_an_error_with_its_cause(
    store: JobStore, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(tmp_path / "rushes.db")) as connection, connection:
        connection.execute("DROP TABLE renders")
    for ask in (
        store.due_polls(NOW, limit=1),
        store.interrupted(),
        store.save(new_render(), new_render()),
    ):
        with pytest.raises(StoreError, match="no such table: renders") as caught:
            await ask
        assert isinstance(caught.value.__cause__, OperationalError)
