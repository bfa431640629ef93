"""JobStore: rows on disk <-> Job, in one place."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.event import listen
from sqlalchemy.exc import SQLAlchemyError

from bot.jobs.models import (
    ACTIVE,
    ENDED,
    FOLLOWED,
    INTERRUPTED,
    LEFT,
    RUNNING,
    SPOKEN,
    TOKEN_LIFE,
    Job,
    JobStatus,
)
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR, OpenCreate, create_of, insert, is_still
from bot.jobs.rows import (
    changed,
    guarded_insert,
    has_room,
    job_of,
    parameters,
    row_of,
    update,
    update_of,
)
from bot.jobs.schema import prepare
from bot.jobs.tables import job_images, job_stills, job_watchers, jobs, open_creates
from bot.jobs.writer import Writer
from bot.media.input_reference import InputReference

FURTHEST_LOOK: Final = 3600.0
"""Seconds. No next look is set further ahead: an hour is the longest poll interval."""
READERS: Final = 3
"""Threads that read at the same time, beside the one that writes; each has a connection."""
CACHE_KIB: Final = 256
"""What each connection remembers of the database file."""
PREPARED: Final = 16
"""Statements that each connection keeps prepared. One that names a page of jobs has 20 KB, and is
another for each number of jobs."""


_T = TypeVar("_T")

_NO_THUMBNAIL: Final = ~sa.exists().where(job_stills.c.job_id == jobs.c.id)
"""Nobody has tried to take the picture of the film."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """What somebody looks for in the history; None does not narrow it."""

    requester_id: int | None = None
    guild_id: int | None = None
    channel_ids: frozenset[int] | None = frozenset()
    """Channels whose jobs are shown beside those of `requester_id`; None stands for every one."""
    statuses: frozenset[JobStatus] | None = None
    words: str = ""
    """Words that the prompt contains, in any case."""


class StoreError(Exception):
    """The database could not be read or written; the cause is the chained error."""


class JobStore:
    """Jobs and their reference images.

    Every method raises StoreError where the database fails; a write is on disk on return.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._writer = Writer(engine)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database reader")

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> "AsyncGenerator[JobStore]":
        """Open the database at `url`, bring it to the newest schema, close it at the end.

        Raises NewerDatabaseError where a newer version of the bot has used it, StoreError else.
        """
        engine = sa.create_engine(
            url,
            # Prompts, tokens and addresses have no place in an error's words.
            hide_parameters=True,
            pool_size=READERS + 1,
            max_overflow=0,
            connect_args={"cached_statements": PREPARED},
        )
        if engine.dialect.name == "sqlite":
            listen(engine, "connect", _prepare_sqlite)
        try:
            with _translated():
                await asyncio.to_thread(_begin_and_prepare, engine)
            store = cls(engine)
            try:
                yield store
            finally:
                await store._close()
        finally:
            await asyncio.to_thread(engine.dispose)

    @property
    def stuck(self) -> bool:
        """Whether the database took nothing when it was last written to."""
        return self._writer.stuck

    async def _close(self) -> None:
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)

    async def admit(self, job: Job, *, most_of_user: int, most: int) -> bool:
        """Insert the intent unless a limit is reached; the counting is part of the insert."""
        limits = {
            "counts_since": job.created_at - UNCONFIRMED_COUNTS_FOR,
            "counted_at": job.created_at,
            "most": most,
            "most_of_user": most_of_user,
        }
        return await self._write_rows(guarded_insert(), [row_of(job) | limits]) == 1

    async def abandon(self, before: Job, job: Job, create: OpenCreate) -> bool:
        """Replace `before` by `job`, whose create goes on counting; False as save."""
        return await self._write(insert(create, before), update(before, job)) == 1

    async def admit_again(
        self, before: Job, job: Job, first: OpenCreate, *, now: float, most_of_user: int, most: int
    ) -> bool:
        """Have a create of unknown outcome counted beside a second one, where there is room.

        False where a limit is reached, or where `before` is no longer how the job stands.
        """
        limits = {
            "counts_since": now - UNCONFIRMED_COUNTS_FOR,
            "counted_at": now,
            "most": most,
            "most_of_user": most_of_user,
        }
        requester = sa.literal(before.requester_id, sa.BigInteger)
        room = has_room(requester, lambda name: sa.literal(limits[name]))
        counted = sa.exists().where(open_creates.c.id == first.id)
        again = update(before, job).where(is_still(before), counted)
        return await self._write(insert(first, before, room), again) == 1

    async def open_creates(self, now: float) -> list[OpenCreate]:
        """Return the creates that may still render although no job waits for them."""
        query = sa.select(open_creates).where(open_creates.c.expires_at > now)
        return await self._fetch(query, create_of)

    async def is_open(self, video_id: str, now: float) -> bool:
        """Whether the server may still render this although no job waits for it."""
        return any(each.video_id == video_id for each in await self.open_creates(now))

    async def was_sent_before(self, job: Job) -> bool:
        """Whether an earlier create of this job is still counted."""
        query = sa.select(open_creates.c.id).where(open_creates.c.job_id == job.id)
        return bool(await self._column(query))

    async def close_creates(self, ids: Collection[str], now: float) -> None:
        """These creates have surely ended, and so have those whose time is over."""
        over = sa.or_(open_creates.c.id.in_(ids), open_creates.c.expires_at <= now)
        await self._write(sa.delete(open_creates).where(over))

    async def counted_of(self, requester_id: int, now: float) -> tuple[list[OpenCreate], int]:
        """Return what counts beside a person's active jobs: open creates, unconfirmed jobs."""
        theirs = [
            each for each in await self.open_creates(now) if each.requester_id == requester_id
        ]
        sent_at = sa.func.coalesce(jobs.c.sent_at, jobs.c.created_at)
        unconfirmed = sa.select(jobs.c.id).where(
            jobs.c.requester_id == requester_id,
            jobs.c.status == JobStatus.UNCONFIRMED,
            sent_at > now - UNCONFIRMED_COUNTS_FOR,
        )
        return theirs, len(await self._column(unconfirmed))

    async def save(self, before: Job, job: Job) -> bool:
        """Replace `before` by `job`; False where the row has left before's status meanwhile."""
        names = tuple(changed(before, job))
        rows = parameters(names, [(before, job)])
        return await self._write_rows(update_of(names), rows) == 1

    async def save_all(self, changes: Sequence[tuple[Job, Job]]) -> list[tuple[Job, Job]]:
        """Replace each before by its job; return those whose row had before's status still.

        One statement for all jobs that change in the same fields, whatever their number.
        """
        alike: dict[tuple[str, ...], list[tuple[Job, Job]]] = {}
        for change in changes:
            alike.setdefault(tuple(changed(*change)), []).append(change)
        counts = await asyncio.gather(
            *(
                self._write_rows(update_of(names), parameters(names, group))
                for names, group in alike.items()
            )
        )
        saved: list[tuple[Job, Job]] = []
        for count, group in zip(counts, alike.values(), strict=True):
            saved += group if count == len(group) else await self._taken(group)
        return saved

    async def _taken(self, changes: Sequence[tuple[Job, Job]]) -> list[tuple[Job, Job]]:
        """Return the changes whose rows stand as they say."""
        ids = [job.id for _, job in changes]
        rows = await self._read(sa.select(jobs.c.id, jobs.c.status).where(jobs.c.id.in_(ids)))
        found = {row["id"]: row["status"] for row in rows}
        return [change for change in changes if found.get(change[1].id) == change[1].status]

    async def drop(self, job: Job) -> None:
        """Remove an intent that nobody saw and that was never sent."""
        await self._write(sa.delete(jobs).where(jobs.c.id == job.id))

    async def put_image(self, before: Job, job: Job, image: InputReference) -> bool:
        """Store the reference image's bytes together with the job that now has them.

        False, and nothing is stored, where the row is gone or has left before's status meanwhile.
        """
        fields = image.model_dump()
        literals = [sa.literal(value, job_images.c[name].type) for name, value in fields.items()]
        values = sa.select(jobs.c.id, *literals).where(
            jobs.c.id == before.id, jobs.c.status == before.status
        )
        insert = sa.insert(job_images).from_select(["job_id", *fields], values)
        return await self._write(insert, update(before, job)) == 1

    async def image(self, job: Job) -> InputReference | None:
        """Return the stored reference image, if there is one."""
        rows = await self._read(sa.select(job_images).where(job_images.c.job_id == job.id))
        return InputReference.model_validate(dict(rows[0])) if rows else None

    async def without_thumbnail(self, *, limit: int) -> list[Job]:
        """Return delivered jobs whose film lies on our disk and has no picture, newest first."""
        return await self._jobs(
            sa.select(jobs)
            .where(jobs.c.status == JobStatus.DELIVERED, jobs.c.film.is_not(None), _NO_THUMBNAIL)
            .order_by(jobs.c.ended_at.desc())
            .limit(limit)
        )

    async def put_thumbnail(self, job: Job, jpeg: bytes) -> None:
        """Store a small picture of the film, unless its job was deleted or has one."""
        values = sa.select(jobs.c.id, sa.literal(jpeg, sa.LargeBinary)).where(
            jobs.c.id == job.id, _NO_THUMBNAIL
        )
        await self._write(sa.insert(job_stills).from_select(["job_id", "data"], values))

    async def stills(self, of: Sequence[Job]) -> dict[str, bytes]:
        """Return the pictures there are of these jobs' films, by the jobs' ids."""
        ids = [job.id for job in of]
        taken = sa.and_(job_stills.c.job_id.in_(ids), sa.func.length(job_stills.c.data) > 0)
        rows = await self._read(sa.select(job_stills).where(taken))
        return {row["job_id"]: row["data"] for row in rows}

    async def due(
        self, now: float, *, limit: int, statuses: Collection[JobStatus] = FOLLOWED
    ) -> list[Job]:
        """Return the jobs in these states whose next look has come, longest waiting first.

        A look that lies further ahead than any wait was written by a clock that was ahead.
        """
        come = sa.or_(jobs.c.next_look_at <= now, jobs.c.next_look_at > now + FURTHEST_LOOK)
        return await self._jobs(
            sa.select(jobs)
            .where(jobs.c.status.in_(statuses), come)
            .order_by(jobs.c.next_look_at)
            .limit(limit)
        )

    async def running_videos(self) -> set[str]:
        """Return the server's ids of all jobs that it works on."""
        return set(await self._column(sa.select(jobs.c.video_id).where(jobs.c.status.in_(RUNNING))))

    async def running(self, video_ids: Collection[str]) -> list[Job]:
        """Return those of the jobs with these ids of the server's that it works on."""
        return await self._jobs(
            sa.select(jobs).where(jobs.c.video_id.in_(video_ids), jobs.c.status.in_(RUNNING))
        )

    async def interrupted(self) -> list[Job]:
        """Return the jobs that a stopped process left half-way, oldest first."""
        return await self._jobs(
            sa.select(jobs).where(jobs.c.status.in_(INTERRUPTED)).order_by(jobs.c.created_at)
        )

    async def unshown(self, now: float, *, longest: float, shortest: float) -> list[Job]:
        """Return jobs that ended in words so many seconds ago and that nobody has seen yet.

        An end that lies ahead of now was written by a clock that was ahead.
        """
        ended = jobs.c.ended_at
        return await self._jobs(
            sa.select(jobs).where(
                jobs.c.status.in_(SPOKEN),
                sa.or_(ended.between(now - longest, now - shortest), ended > now),
                jobs.c.shown.is_distinct_from(jobs.c.status),
            )
        )

    async def left_cards(self, until: float) -> list[Job]:
        """Return the jobs whose end stands elsewhere and whose card is due to say so."""
        return await self._jobs(
            sa.select(jobs).where(
                jobs.c.status.in_(LEFT),
                jobs.c.next_look_at <= until,
                jobs.c.road.is_not(None),
            )
        )

    async def films_over(
        self, now: float, *, delivered: float, undelivered: float, limit: int
    ) -> list[Job]:
        """Return jobs whose film lies on our disk and has had its time, longest ended first.

        `delivered` and `undelivered` are the times before which they have to have ended; a film
        with a link has its time while that lives.
        """
        unseen = jobs.c.status == JobStatus.UNDELIVERED
        before = sa.case((unseen, undelivered), else_=delivered)
        return await self._jobs(_ended_with_film(now).where(jobs.c.ended_at < before).limit(limit))

    async def films_seen(self, now: float, *, limit: int) -> list[Job]:
        """Return jobs whose film lies on our disk and is needed no more, longest ended first."""
        seen = jobs.c.status != JobStatus.UNDELIVERED
        return await self._jobs(_ended_with_film(now).where(seen).limit(limit))

    async def with_ids(self, ids: Collection[str]) -> list[Job]:
        """Return those of these jobs that there are."""
        return await self._jobs(sa.select(jobs).where(jobs.c.id.in_(ids)))

    async def undelivered(self, code: str) -> list[Job]:
        """Return the jobs whose film is kept because of this code."""
        return await self._jobs(
            sa.select(jobs).where(jobs.c.status == JobStatus.UNDELIVERED, jobs.c.error_code == code)
        )

    async def get(self, job_id: str) -> Job | None:
        """Return one job, or None where there is none (any more)."""
        found = await self._jobs(sa.select(jobs).where(jobs.c.id == job_id))
        return found[0] if found else None

    async def history(self, search: Search, *, limit: int, offset: int) -> list[Job]:
        """Return jobs that fit, newest first."""
        return await self._jobs(
            sa.select(jobs)
            .where(*_conditions(search))
            .order_by(jobs.c.created_at.desc(), jobs.c.id)
            .limit(limit)
            .offset(offset)
        )

    async def count(self, search: Search) -> int:
        """Return how many jobs fit."""
        query = sa.select(sa.func.count().label("found")).where(*_conditions(search))
        return (await self._read(query))[0]["found"]

    async def counts(self) -> dict[JobStatus, int]:
        """Return how many jobs there are in each state that there are any in."""
        rows = await self._read(
            sa.select(jobs.c.status, sa.func.count().label("found")).group_by(jobs.c.status)
        )
        return {JobStatus(row["status"]): row["found"] for row in rows}

    async def render_times(self, job: Job, *, limit: int) -> list[float]:
        """Return the seconds that the last films like this one took, newest first."""
        return await self._column(
            sa.select((jobs.c.completed_at - jobs.c.sent_at).label("seconds"))
            .where(
                jobs.c.size == job.size,
                jobs.c.seconds == job.seconds,
                jobs.c.model.is_not_distinct_from(job.model),
                jobs.c.completed_at.is_not(None),
            )
            .order_by(jobs.c.completed_at.desc())
            .limit(limit)
        )

    async def line(self) -> list[str]:
        """Return the ids of our own queued jobs, in the order they came."""
        return await self._column(
            sa.select(jobs.c.id)
            .where(jobs.c.status == JobStatus.QUEUED)
            .order_by(jobs.c.created_at)
        )

    async def are_known(self, video_ids: Sequence[str]) -> set[str]:
        """Return those of the server's ids that belong to a job of ours."""
        known = sa.select(jobs.c.video_id).where(jobs.c.video_id.in_(video_ids))
        return set(await self._column(known))

    async def watch(self, job: Job, user_id: int) -> bool:
        """Remember to tell somebody when a job ends; False where that was known.

        The select writes nothing for a job that was deleted meanwhile.
        """
        known = sa.exists().where(
            job_watchers.c.job_id == job.id, job_watchers.c.user_id == user_id
        )
        values = sa.select(jobs.c.id, sa.literal(user_id, sa.BigInteger)).where(
            jobs.c.id == job.id, ~known
        )
        insert = sa.insert(job_watchers).from_select(["job_id", "user_id"], values)
        return await self._write(insert) == 1

    async def watchers(self, job: Job) -> list[int]:
        """Return who asked to be told, always in the same order."""
        watchers = job_watchers.c
        query = (
            sa.select(watchers.user_id).where(watchers.job_id == job.id).order_by(watchers.user_id)
        )
        return await self._column(query)

    async def forget_watchers(self, job: Job, people: Sequence[int]) -> None:
        """These have been told."""
        await self._write(
            sa.delete(job_watchers).where(
                job_watchers.c.job_id == job.id, job_watchers.c.user_id.in_(people)
            )
        )

    async def untold(self) -> list[Job]:
        """Return the jobs that have ended and whose watchers nobody has told yet."""
        watched = sa.select(job_watchers.c.job_id)
        return await self._jobs(
            sa.select(jobs).where(jobs.c.id.in_(watched), jobs.c.status.in_(ENDED))
        )

    async def active_of(self, requester_id: int) -> list[Job]:
        """Return what this person has running, oldest first."""
        return await self._jobs(
            sa.select(jobs)
            .where(jobs.c.requester_id == requester_id, jobs.c.status.in_(ACTIVE))
            .order_by(jobs.c.created_at)
        )

    async def look_at_all(self, now: float) -> None:
        """Have every followed job looked at now, whenever the clock of an earlier run meant to."""
        await self._write(
            sa.update(jobs)
            .where(jobs.c.status.in_(FOLLOWED), jobs.c.next_look_at > now)
            .values(next_look_at=now)
        )

    async def forget_tokens(self, now: float) -> None:
        """Clear the interaction tokens that no longer work: a secret is kept while it lives."""
        expires = jobs.c.token_expires_at
        over = sa.or_(expires <= now, expires > now + TOKEN_LIFE)
        await self._write(
            sa.update(jobs)
            .where(jobs.c.interaction_token.is_not(None), over)
            .values(interaction_token=None)
        )

    async def _jobs(self, query: sa.Select[Any]) -> list[Job]:
        return await self._fetch(query, job_of)

    async def _read(self, query: sa.Select[Any, *tuple[Any, ...]]) -> list[sa.RowMapping]:
        return await self._fetch(query, _itself)

    async def _column(self, query: sa.Select[Any]) -> list[Any]:
        """Return the values of a query for one: ten thousand rows would take megabytes."""
        return await self._fetch(query, _value)

    async def _fetch(
        self, query: sa.Select[Any, *tuple[Any, ...]], made: Callable[[sa.RowMapping], _T]
    ) -> list[_T]:
        """Make something of each row, in a reader's thread: thousands of rows take a while."""

        def fetch() -> list[_T]:
            with self._engine.connect() as connection:
                return [made(row) for row in connection.execute(query).mappings()]

        with _translated():
            return await asyncio.get_running_loop().run_in_executor(self._readers, fetch)

    async def _write(self, *statements: sa.Executable) -> int:
        with _translated():
            return await self._writer.write(*statements)

    async def _write_rows(self, statement: sa.Executable, rows: list[dict[str, Any]]) -> int:
        with _translated():
            return await self._writer.write_rows(statement, rows)


class _translated:  # noqa: N801 - reads as a word of the with statement
    """Turn the database's errors into StoreError, keeping the cause."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Translate."""
        if isinstance(error, SQLAlchemyError | OSError):
            raise StoreError(str(getattr(error, "orig", None) or error)) from error


def _begin_and_prepare(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        prepare(connection)


def _value(row: sa.RowMapping) -> Any:  # noqa: ANN401
    (value,) = row.values()
    return value


def _itself(row: sa.RowMapping) -> sa.RowMapping:
    return row


def _ended_with_film(now: float) -> sa.Select[Any]:
    """Select jobs that have ended, whose film lies on our disk and has no link that lives."""
    link = jobs.c.link_expires_at
    return (
        sa.select(jobs)
        .where(jobs.c.film.is_not(None), jobs.c.status.not_in(ACTIVE), jobs.c.ended_at.is_not(None))
        .where(sa.or_(link.is_(None), link <= now))
        .order_by(jobs.c.ended_at)
    )


def _conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [jobs.c.message_id.is_not(None)]
    if search.requester_id is not None and search.channel_ids is not None:
        theirs = jobs.c.requester_id == search.requester_id
        found.append(sa.or_(theirs, jobs.c.channel_id.in_(search.channel_ids)))
    if search.guild_id is not None:
        found.append(jobs.c.guild_id == search.guild_id)
    if search.statuses is not None:
        found.append(jobs.c.status.in_(search.statuses))
    found += [jobs.c.prompt.icontains(word, autoescape=True) for word in search.words.split()]
    return found


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401
    """Readers beside the writer, commits that outlive a power cut, and small caches.

    FULL, since a lost commit could turn a sent create back into one that seems never sent. Nobody
    else writes here; a lock of another program is waited for less than an interaction may wait.
    Each connection has a cache, by default of 2 MB: the file lies in the system's cache anyway.
    """
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "busy_timeout=1000",
        "foreign_keys=ON",
        f"cache_size={-CACHE_KIB}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
