"""JobStore: rows on disk <-> Job, in one place."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, fields
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.event import listen
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.jobs.migrations.upgrade import upgrade
from bot.jobs.models import ACTIVE, FOLLOWED, INTERRUPTED, SPOKEN, Job, JobStatus
from bot.jobs.tables import job_images, jobs
from bot.jobs.writer import Writer
from bot.videos.models import InputReference

UNCONFIRMED_COUNTS_FOR: Final = 3600.0
"""Seconds a create of unknown outcome counts against the spend guard: it may be rendering."""


class StoreError(Exception):
    """The database could not be read or written; the cause is the chained error."""


class JobStore:
    """Jobs and their reference images.

    Every method raises StoreError where the database fails; a write is on disk on return.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._writer = Writer(engine)

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> "AsyncGenerator[JobStore]":
        """Open the database at `url`, bring it to the newest schema, close it at the end.

        Raises NewerDatabaseError where a newer version of the bot has used it, StoreError else.
        """
        engine = create_async_engine(url)
        if engine.dialect.name == "sqlite":
            listen(engine.sync_engine, "connect", _prepare_sqlite)
        try:
            with _translated():
                async with engine.begin() as connection:
                    await connection.run_sync(upgrade)
            yield cls(engine)
        finally:
            await engine.dispose()

    async def admit(self, job: Job, *, most_of_user: int, most: int) -> bool:
        """Insert the intent unless a limit is reached; the counting is part of the insert."""
        values = _row(job)
        busy = sa.or_(
            jobs.c.status.in_(ACTIVE),
            sa.and_(
                jobs.c.status == JobStatus.UNCONFIRMED,
                jobs.c.created_at > job.created_at - UNCONFIRMED_COUNTS_FOR,
            ),
        )
        everybody = sa.select(sa.func.count()).select_from(jobs).where(busy).scalar_subquery()
        theirs = (
            sa.select(sa.func.count())
            .select_from(jobs)
            .where(busy, jobs.c.requester_id == job.requester_id)
            .scalar_subquery()
        )
        literals = [sa.literal(value, jobs.c[name].type) for name, value in values.items()]
        guarded = sa.select(*literals).where(everybody < most, theirs < most_of_user)
        return await self._write(sa.insert(jobs).from_select(list(values), guarded)) == 1

    async def save(self, before: Job, job: Job) -> bool:
        """Replace `before` by `job`; False where the row has left before's status meanwhile."""
        return await self._write(_update(before, job)) == 1

    async def drop(self, job: Job) -> None:
        """Remove an intent that nobody saw and that was never sent."""
        await self._write(sa.delete(jobs).where(jobs.c.id == job.id))

    async def put_image(self, before: Job, job: Job, image: InputReference) -> bool:
        """Store the reference image's bytes together with the job that now has them."""
        values = {"job_id": job.id, **image.model_dump()}
        written = await self._write(sa.insert(job_images).values(values), _update(before, job))
        return written == 1

    async def image(self, job: Job) -> InputReference | None:
        """Return the stored reference image, if there is one."""
        rows = await self._read(sa.select(job_images).where(job_images.c.job_id == job.id))
        return InputReference.model_validate(dict(rows[0])) if rows else None

    async def due(self, now: float, *, limit: int) -> list[Job]:
        """Return the followed jobs whose next look has come, longest waiting first."""
        return await self._jobs(
            sa.select(jobs)
            .where(jobs.c.status.in_(FOLLOWED), jobs.c.next_look_at <= now)
            .order_by(jobs.c.next_look_at)
            .limit(limit)
        )

    async def interrupted(self) -> list[Job]:
        """Return the jobs that a stopped process left half-way, oldest first."""
        return await self._jobs(
            sa.select(jobs).where(jobs.c.status.in_(INTERRUPTED)).order_by(jobs.c.created_at)
        )

    async def unshown(self, since: float, until: float) -> list[Job]:
        """Return jobs that ended in words between two times, which nobody has seen yet."""
        return await self._jobs(
            sa.select(jobs).where(
                jobs.c.status.in_(SPOKEN),
                jobs.c.ended_at.between(since, until),
                jobs.c.shown.is_distinct_from(jobs.c.status),
            )
        )

    async def active_of(self, requester_id: int) -> list[Job]:
        """Return what this person has running, oldest first."""
        return await self._jobs(
            sa.select(jobs)
            .where(jobs.c.requester_id == requester_id, jobs.c.status.in_(ACTIVE))
            .order_by(jobs.c.created_at)
        )

    async def forget_tokens(self, now: float) -> None:
        """Clear the interaction tokens that no longer work: a secret is kept while it lives."""
        await self._write(
            sa.update(jobs)
            .where(jobs.c.interaction_token.is_not(None), jobs.c.token_expires_at <= now)
            .values(interaction_token=None)
        )

    async def _jobs(self, query: sa.Select[Any]) -> list[Job]:
        return [_job(row) for row in await self._read(query)]

    async def _read(self, query: sa.Select[Any]) -> Sequence[sa.RowMapping]:
        with _translated():
            async with self._engine.connect() as connection:
                return (await connection.execute(query)).mappings().all()

    async def _write(self, *statements: sa.Executable) -> int:
        with _translated():
            return await self._writer.write(*statements)


class _translated:  # noqa: N801 - reads as a word of the with statement
    """Turn the database's errors into StoreError, keeping the cause."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Translate."""
        if isinstance(error, SQLAlchemyError | OSError):
            raise StoreError(str(getattr(error, "orig", None) or error)) from error


_FIELDS: Final = tuple(field.name for field in fields(Job))


def _row(job: Job) -> dict[str, Any]:
    return asdict(job)


def _update(before: Job, job: Job) -> sa.Update:
    """Write only what changed: a token that was forgotten meanwhile stays forgotten."""
    old = _row(before)
    changes = {name: value for name, value in _row(job).items() if value != old[name]}
    return (
        sa.update(jobs)
        .where(jobs.c.id == before.id, jobs.c.status == before.status)
        .values(changes or {"id": job.id})
    )


def _job(row: sa.RowMapping) -> Job:
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["status"] = JobStatus(row["status"])
    values["shown"] = None if row["shown"] is None else JobStatus(row["shown"])
    return Job(**values)


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401
    """Readers beside the writer, and commits that outlive a power cut.

    FULL, since a lost commit could turn a sent create back into one that seems never sent. Nobody
    else writes here; a lock of another program is waited for less than an interaction may wait.
    """
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=1000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
