"""Creates that nobody waits for any more and that may still render: they count against the limits.

A job's status says what people see; a row here says that the server may be busy with it all the
same. It is written in the transaction in which the job leaves the states that count.
"""

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.models import Job
from bot.jobs.tables import jobs, open_creates

UNCONFIRMED_COUNTS_FOR: Final = 3600.0
"""Seconds a create of unknown outcome counts against the spend guard: it may be rendering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCreate:
    """One create that may still render; times are Unix seconds."""

    id: str
    job_id: str
    requester_id: int
    video_id: str | None
    """The server's id; None where the outcome of the create is unknown."""
    expires_at: float
    """When it counts no longer, whatever the server says."""


def of_running(job: Job, deadline: float) -> OpenCreate:
    """Return the create of a job that the server works on; `deadline` is in seconds."""
    return _of(job, job.video_id, deadline)


def of_unknown(job: Job) -> OpenCreate:
    """Return the create of a job whose outcome nobody knows."""
    return _of(job, None, UNCONFIRMED_COUNTS_FOR)


def _of(job: Job, video_id: str | None, lasts: float) -> OpenCreate:
    since = job.sent_at or job.created_at
    return OpenCreate(
        id=f"{job.id}:{since}",
        job_id=job.id,
        requester_id=job.requester_id,
        video_id=video_id,
        expires_at=since + lasts,
    )


def insert(create: OpenCreate, before: Job, *only_if: sa.ColumnElement[bool]) -> sa.Insert:
    """Insert it once, while the job's row is still that of `before`."""
    known = sa.exists().where(open_creates.c.id == create.id)
    row = {name: getattr(create, name) for name in OpenCreate.__slots__}
    values = [sa.literal(value, open_creates.c[name].type) for name, value in row.items()]
    chosen = sa.select(*values).where(is_still(before), ~known, *only_if)
    return sa.insert(open_creates).from_select(list(row), chosen)


def is_still(before: Job) -> sa.ColumnElement[bool]:
    """Whether the job's row has the status and the create of `before`."""
    row = sa.exists().where(
        jobs.c.id == before.id,
        jobs.c.status == before.status,
        jobs.c.sent_at.is_not_distinct_from(before.sent_at),
    )
    return row.correlate(None)


def create_of(row: sa.RowMapping) -> OpenCreate:
    """Return the create that a row of its table holds."""
    values: dict[str, Any] = {name: row[name] for name in OpenCreate.__slots__}
    return OpenCreate(**values)
