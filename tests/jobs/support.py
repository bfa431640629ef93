"""A job to begin with, and a database to keep it in."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

from bot.jobs.models import TOKEN_LIFE, Job, JobStatus
from bot.jobs.store import JobStore

NOW = 1_795_000_000.0
MANY = 1000
MIB = 1024**2
PAUSE = 2.0
LATER = NOW + 100


def job(**fields: Any) -> Job:  # noqa: ANN401 - a field of Job each
    """Make a job that was just asked for, with an id of its own."""
    common: dict[str, Any] = {
        "id": uuid4().hex,
        "prompt": "a calico cat playing a piano on stage",
        "size": "720x1280",
        "seconds": "4",
        "model": "sora-2",
        "requester_id": 11,
        "guild_id": 22,
        "channel_id": 33,
        "application_id": 44,
        "interaction_token": "token",
        "token_expires_at": NOW + TOKEN_LIFE,
        "upload_limit": 10 * MIB,
        "bot_upload_limit": 10 * MIB,
        "created_at": NOW,
    }
    return Job(**(common | fields))


def rendering(**fields: Any) -> Job:  # noqa: ANN401 - a field of Job each
    common: dict[str, Any] = {"status": JobStatus.IN_PROGRESS, "video_id": "video_1"}
    return job(**(common | fields))


def finished(**fields: Any) -> Job:  # noqa: ANN401 - a field of Job each
    return rendering(status=JobStatus.COMPLETED, completed_at=NOW, progress=100, **fields)


def assert_ended(ended: Job, status: JobStatus) -> None:
    assert ended.status is status
    assert ended.ended_at == LATER
    assert ended.next_look_at is None
    assert ended.unreachable_since is None
    assert ended.failed_looks == 0


def address(folder: Path) -> str:
    """Return the address of a database file in `folder`."""
    return f"sqlite:///{folder / 'rushes.db'}"


async def put(store: JobStore, *jobs: Job) -> None:
    """Admit jobs without a limit that could be reached."""
    for each in jobs:
        assert await store.admit(each, most_of_user=MANY, most=MANY)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Read what another process would see."""
    with closing(sqlite3.connect(folder / "rushes.db")) as connection:
        return connection.execute(query).fetchall()


def count(folder: Path, table: str) -> int:
    """Count the rows that another process would see."""
    return rows(folder, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - our own words
