"""A job as a row of its table: how it is written, and how it is read."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.models import ACTIVE, Fallback, Job, JobStatus
from bot.jobs.tables import jobs, open_creates

_FIELDS: Final = tuple(field.name for field in fields(Job))


def row_of(job: Job) -> dict[str, Any]:
    """Return every column of a job's row."""
    return {name: getattr(job, name) for name in _FIELDS}


def changed(before: Job, job: Job) -> dict[str, Any]:
    """Name only what changed: a token that was forgotten meanwhile stays forgotten."""
    return {
        name: value for name in _FIELDS if (value := getattr(job, name)) != getattr(before, name)
    }


def update(before: Job, job: Job) -> sa.Update:
    """Write what changed, in a row that still has `before`'s status."""
    return (
        sa.update(jobs)
        .where(jobs.c.id == before.id, jobs.c.status == before.status)
        .values(changed(before, job) or {"id": job.id})
    )


@cache
def guarded_insert() -> sa.Insert:
    """Insert a job, its fields as parameters, unless a limit is reached.

    An IN would be spelt out anew at each call, and could not be executed for many rows at once.
    The two kinds are counted apart, since SQLite counts their union by looking up every row.
    """
    values = [sa.bindparam(name, type_=jobs.c[name].type) for name in _FIELDS]
    requester = sa.bindparam("requester_id", type_=sa.BigInteger)
    return sa.insert(jobs).from_select(
        list(_FIELDS), sa.select(*values).where(has_room(requester, sa.bindparam))
    )


def has_room(
    requester: sa.ColumnElement[int], limit: Callable[[str], sa.ColumnElement[Any]]
) -> sa.ColumnElement[bool]:
    """Whether everybody's and this person's creates leave room for one more.

    `limit` gives `most`, `most_of_user`, `counts_since` and `counted_at`: values or parameters.
    """
    active = sa.or_(*(jobs.c.status == status for status in sorted(ACTIVE)))
    sent_at = sa.func.coalesce(jobs.c.sent_at, jobs.c.created_at)
    maybe = sa.and_(jobs.c.status == JobStatus.UNCONFIRMED, sent_at > limit("counts_since"))
    counted = sa.select(sa.func.count()).select_from(jobs)
    still_open = (
        sa.select(sa.func.count())
        .select_from(open_creates)
        .where(open_creates.c.expires_at > limit("counted_at"))
    )
    everybody = (
        counted.where(active).scalar_subquery()
        + counted.where(maybe).scalar_subquery()
        + still_open.scalar_subquery()
    )
    theirs = (
        counted.where(sa.or_(active, maybe), jobs.c.requester_id == requester).scalar_subquery()
        + still_open.where(open_creates.c.requester_id == requester).scalar_subquery()
    )
    return sa.and_(everybody < limit("most"), theirs < limit("most_of_user"))


@cache
def update_of(names: tuple[str, ...]) -> sa.Update:
    """Write these columns of one row per set of parameters."""
    values: dict[str, sa.BindParameter[Any]] = {
        name: sa.bindparam(f"new_{name}") for name in names or ("id",)
    }
    return (
        sa.update(jobs)
        .where(jobs.c.id == sa.bindparam("of_id"), jobs.c.status == sa.bindparam("of_status"))
        .values(values)
    )


def parameters(names: tuple[str, ...], changes: Sequence[tuple[Job, Job]]) -> list[dict[str, Any]]:
    """Return the parameters of `update_of` for each change."""
    return [
        {"of_id": before.id, "of_status": before.status}
        | {f"new_{name}": getattr(job, name) for name in names or ("id",)}
        for before, job in changes
    ]


def job_of(row: sa.RowMapping) -> Job:
    """Return the job that a row of its table holds."""
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    values["status"] = JobStatus(row["status"])
    values["shown"] = None if row["shown"] is None else JobStatus(row["shown"])
    values["road"] = None if row["road"] is None else Fallback(row["road"])
    return Job(**values)
