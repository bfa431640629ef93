"""JobStore: requests and renders on disk, read and written as values."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.accounting import Accounting
from bot.jobs.charges import charge_of
from bot.jobs.database import Database
from bot.jobs.guild_settings import GuildSettings
from bot.jobs.history import (
    Search,
    durations_of,
    ended_with_film,
    found_by,
    number_found_by,
)
from bot.jobs.models import (
    ACTIVE,
    ENDED,
    INTERRUPTED,
    RUNNING,
    STOPPED,
    TOKEN_LIFE,
    WITHOUT_VIDEO,
    Render,
    RenderStatus,
)
from bot.jobs.old_requests import OldRequests
from bot.jobs.open_creates import OpenCreates
from bot.jobs.personal_data import PersonalData
from bot.jobs.pseudonyms import Pseudonyms
from bot.jobs.reasons import Reason
from bot.jobs.rows import (
    Names,
    RenderQuery,
    changed,
    render_of,
    select_renders,
    update,
    updates,
)
from bot.jobs.subscriptions import Subscriptions
from bot.jobs.tables import (
    renders,
    request_images,
    requests,
    subscriptions,
)
from bot.jobs.thumbnails import StoredThumbnails
from bot.jobs.usage import UsageReports
from bot.media.input_reference import InputReference

FURTHEST_WAIT: Final = 3600.0
"""Seconds. Nothing is due further ahead: an hour is the longest poll interval."""


class JobStore:
    """Requests, their renders, images, thumbnails and subscribers.

    Every method raises StoreError where the database fails; a write is on disk on return.
    """

    def __init__(self, database: Database, currency: str, keys: Sequence[bytes] = ()) -> None:
        self._database = database
        self.currency = currency
        """In which a server's stated cost is charged; one in another is not understood."""
        pseudonyms = Pseudonyms(keys)
        self.accounting = Accounting(database, pseudonyms)
        self.creates = OpenCreates(database, pseudonyms)
        self.personal = PersonalData(database, pseudonyms)
        self.old = OldRequests(database)
        self.guild_settings = GuildSettings(database)
        self.usage = UsageReports(database)
        self.subscriptions = Subscriptions(database)
        self.thumbnails = StoredThumbnails(database)

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, currency: str = "USD", keys: Sequence[bytes] = ()
    ) -> "AsyncGenerator[JobStore]":
        """Open the database at `url`; as Database.open.

        `keys` are the operator's for pseudonyms.
        """
        async with Database.open(url) as database:
            yield cls(database, currency, keys)

    @property
    def stuck(self) -> bool:
        """Whether the database accepted nothing when it was last written to."""
        return self._database.stuck

    # ---------------------------------------------------------------- writing

    async def save(self, before: Render, after: Render) -> bool:
        """Replace `before` by `after`; False where the row has left before's status meanwhile.

        What the change charges is charged with it.
        """
        if (charge := charge_of(before, after, self.currency)) is not None:
            at = after.completed_at or after.ended_at or after.request.created_at
            return await self.accounting.end(before, after, charge, at)
        return await self._database.write(*updates(before, after)) == 1

    async def save_all(
        self, changes: Sequence[tuple[Render, Render]]
    ) -> list[tuple[Render, Render]]:
        """Replace each before by its after; return those whose row still had before's status.

        One statement for all renders that change in the same fields, whatever their number; what
        ends a create is charged one by one.
        """
        alike: dict[Names, list[tuple[Render, Render]]] = {}
        ends: list[tuple[Render, Render]] = []
        for change in changes:
            if charge_of(*change, self.currency) is not None:
                ends.append(change)
            else:
                alike.setdefault(changed(*change), []).append(change)
        groups = list(alike.items())
        counts = await asyncio.gather(
            *(self.save(*change) for change in ends),
            *(self._database.write(*update(names, group)) for names, group in groups),
        )
        saved = [change for change, done in zip(ends, counts, strict=False) if done]
        for count, (_, group) in zip(counts[len(ends) :], groups, strict=True):
            saved += group if count == len(group) else await self._written(group)
        return saved

    async def _written(
        self, changes: Sequence[tuple[Render, Render]]
    ) -> list[tuple[Render, Render]]:
        """Return the changes whose rows are as they say."""
        ids = [after.id for _, after in changes]
        query = sa.select(renders.c.id, renders.c.status).where(renders.c.id.in_(ids))
        found = await self._database.mapping(query)
        return [change for change in changes if found.get(change[1].id) == change[1].status]

    # ---------------------------------------------------------------- images

    async def put_image(self, before: Render, after: Render, image: InputReference) -> bool:
        """Store the reference image's bytes together with the request that now has them.

        False, and nothing is stored, where the row is gone or has left before's status meanwhile.
        """
        fields = image.model_dump()
        types = request_images.c
        literals = [sa.literal(value, types[name].type) for name, value in fields.items()]
        values = sa.select(renders.c.request_id, *literals).where(
            renders.c.id == before.id, renders.c.status == before.status
        )
        put = sa.insert(request_images).from_select(["request_id", *fields], values)
        return await self._database.write((put, None), *updates(before, after)) == 1

    async def image(self, request_id: str) -> InputReference | None:
        """Return a request's stored reference image, if there is one."""
        columns = request_images.c
        query = sa.select(columns.data, columns.filename, columns.content_type)
        found = await self._database.fetch(query.where(columns.request_id == request_id), _image_of)
        return found[0] if found else None

    # ---------------------------------------------------------------- what is due

    async def due_polls(self, now: float, *, limit: int) -> list[Render]:
        """Return running renders whose next poll is due, longest waiting first.

        A time that is further ahead than any wait was written by a clock that was ahead.
        """
        at = renders.c.next_poll_at
        return await self._due(at, RUNNING, now, limit)

    async def due_deliveries(self, now: float, *, limit: int) -> list[Render]:
        """Return completed renders whose next delivery is due; as `due_polls`."""
        return await self._due(renders.c.next_delivery_at, {RenderStatus.COMPLETED}, now, limit)

    async def _due(
        self, at: sa.Column[Any], statuses: Collection[RenderStatus], now: float, limit: int
    ) -> list[Render]:
        come = sa.or_(at <= now, at > now + FURTHEST_WAIT)
        query = select_renders().where(renders.c.status.in_(statuses), come)
        return await self._renders(query.order_by(at).limit(limit))

    async def make_all_due(self, now: float) -> None:
        """Have every tracked render polled or delivered now, whatever an earlier clock meant."""
        completed = frozenset({RenderStatus.COMPLETED})
        timers = ((RUNNING, renders.c.next_poll_at), (completed, renders.c.next_delivery_at))
        for statuses, at in timers:
            later = renders.c.status.in_(sorted(statuses)), sa.or_(at.is_(None), at > now)
            await self._database.execute(sa.update(renders).where(*later).values({at.name: now}))

    async def running_videos(self) -> set[str]:
        """Return the server's ids of all renders that it works on."""
        query = sa.select(renders.c.video_id).where(renders.c.status.in_(RUNNING))
        return set(await self._database.column(query))

    async def running(self, video_ids: Collection[str]) -> list[Render]:
        """Return those of the renders with these ids of the server's that it works on."""
        return await self._renders(
            select_renders().where(renders.c.video_id.in_(video_ids), renders.c.status.in_(RUNNING))
        )

    async def interrupted(self) -> list[Render]:
        """Return the renders that a stopped process left half-way, oldest first."""
        return await self._renders(
            select_renders()
            .where(renders.c.status.in_(INTERRUPTED))
            .order_by(requests.c.created_at)
        )

    async def unshown(self, now: float, *, longest: float, shortest: float) -> list[Render]:
        """Return renders that stopped without a video so many seconds ago, unseen by anybody.

        An end that lies ahead of now was written by a clock that was ahead.
        """
        ended = renders.c.ended_at
        return await self._renders(
            select_renders().where(
                renders.c.status.in_(WITHOUT_VIDEO),
                sa.or_(ended.between(now - longest, now - shortest), ended > now),
                requests.c.shown.is_distinct_from(renders.c.status),
            )
        )

    async def outdated_cards(self, until: float) -> list[Render]:
        """Return stopped renders whose card shows an earlier state and is due for an edit."""
        return await self._renders(
            select_renders().where(
                renders.c.status.in_(STOPPED),
                requests.c.card_retry_at <= until,
                requests.c.fallback.is_not(None),
            )
        )

    async def forget_tokens(self, now: float) -> None:
        """Clear the interaction tokens that no longer work: a secret is kept while it lives."""
        expires = requests.c.token_expires_at
        over = sa.or_(expires <= now, expires > now + TOKEN_LIFE)
        await self._database.execute(
            sa.update(requests)
            .where(requests.c.interaction_token.is_not(None), over)
            .values(interaction_token=None)
        )

    # ---------------------------------------------------------------- retention

    async def films_over(
        self, now: float, *, delivered: float, undelivered: float, limit: int
    ) -> list[Render]:
        """Return renders whose film is kept and has had its time, longest ended first.

        `delivered` and `undelivered` are the times before which they have to have ended; a film
        with a link has its time while that works.
        """
        unseen = renders.c.status == RenderStatus.UNDELIVERED
        before = sa.case((unseen, undelivered), else_=delivered)
        query = ended_with_film(now).where(renders.c.ended_at < before)
        return await self._renders(query.limit(limit))

    async def films_seen(self, now: float, *, limit: int) -> list[Render]:
        """Return renders whose film is kept and needed no more, longest ended first."""
        seen = renders.c.status != RenderStatus.UNDELIVERED
        return await self._renders(ended_with_film(now).where(seen).limit(limit))

    # ---------------------------------------------------------------- questions

    async def get(self, render_id: str) -> Render | None:
        """Return one render, or None where there is none (any more)."""
        found = await self.with_ids([render_id])
        return found[0] if found else None

    async def with_ids(self, ids: Collection[str]) -> list[Render]:
        """Return those of these renders that exist."""
        return await self._renders(select_renders().where(renders.c.id.in_(ids)))

    async def undelivered(self, reason: Reason) -> list[Render]:
        """Return the renders whose film is kept for this reason."""
        return await self._renders(
            select_renders().where(
                renders.c.status == RenderStatus.UNDELIVERED, renders.c.reason == reason
            )
        )

    async def history(self, search: Search, *, limit: int, offset: int) -> list[Render]:
        """Return renders that fit, newest first."""
        return await self._renders(found_by(search, limit=limit, offset=offset))

    async def count(self, search: Search) -> int:
        """Return how many renders fit."""
        return (await self._database.column(number_found_by(search)))[0]

    async def counts(self) -> dict[RenderStatus, int]:
        """Return how many renders there are in each state that there are any in."""
        query = sa.select(renders.c.status, sa.func.count()).group_by(renders.c.status)
        counts = await self._database.mapping(query)
        return {RenderStatus(status): count for status, count in counts.items()}

    async def render_times(self, render: Render, *, limit: int) -> list[float]:
        """Return the seconds that the last renders of the same kind took, newest first."""
        return await self._database.column(durations_of(render, limit=limit))

    async def queue(self) -> list[str]:
        """Return the ids of our own queued renders, in the order they came."""
        return await self._database.column(
            sa.select(renders.c.id)
            .join_from(renders, requests)
            .where(renders.c.status == RenderStatus.QUEUED)
            .order_by(requests.c.created_at)
        )

    async def are_known(self, video_ids: Sequence[str]) -> set[str]:
        """Return those of the server's ids that belong to a render of ours."""
        query = sa.select(renders.c.video_id).where(renders.c.video_id.in_(video_ids))
        return set(await self._database.column(query))

    async def active_of(self, requester_id: int) -> list[Render]:
        """Return what this person has running, oldest first."""
        return await self._renders(
            select_renders()
            .where(requests.c.requester_id == requester_id, renders.c.status.in_(ACTIVE))
            .order_by(requests.c.created_at)
        )

    async def unnotified(self) -> list[Render]:
        """Return the renders that have ended and whose subscribers nobody has notified yet."""
        waiting = sa.select(subscriptions.c.request_id)
        return await self._renders(
            select_renders().where(requests.c.id.in_(waiting), renders.c.status.in_(ENDED))
        )

    async def _renders(self, query: RenderQuery) -> list[Render]:
        return await self._database.fetch(query, render_of)


def _image_of(row: Sequence[Any]) -> InputReference:
    data, filename, content_type = row
    return InputReference(data=data, filename=filename, content_type=content_type)
