"""Creates that nobody waits for any more and that may still render: they count against the limits.

A render's status says what people see; a row here says that the server may be busy with it all the
same. It is written in the transaction in which the render leaves the states that count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.database import Database
from bot.jobs.models import Render, RenderStatus
from bot.jobs.pseudonyms import Pseudonyms
from bot.jobs.tables import open_creates, renders, requests

UNCONFIRMED_COUNTS_FOR: Final = 3600.0
"""Seconds a create of unknown outcome counts against the limits: it may be rendering."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCreate:
    """One create that may still render; times are Unix seconds."""

    id: str
    render_id: str
    requester_id: int
    guild_id: int | None
    video_id: str | None
    """The server's id; None where the outcome of the create is unknown."""
    expires_at: float
    """When it counts no longer, whatever the server says."""


_COLUMNS: Final = tuple(open_creates.c[name] for name in OpenCreate.__slots__)


class OpenCreates:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def all(self, now: float) -> list[OpenCreate]:
        """Return the creates that may still render although nobody waits for them."""
        query = sa.select(*_COLUMNS).where(open_creates.c.expires_at > now)
        return await self._database.fetch(query, create_of)

    async def any_over(self, now: float) -> bool:
        """Whether the time of a create is over that nobody has heard of."""
        query = sa.select(open_creates.c.id).where(open_creates.c.expires_at <= now).limit(1)
        return bool(await self._database.column(query))

    async def is_open(self, video_id: str, now: float) -> bool:
        """Whether the server may still render this although nobody waits for it."""
        return any(each.video_id == video_id for each in await self.all(now))

    async def was_sent_before(self, render: Render) -> bool:
        """Whether an earlier create of this render is still counted."""
        query = sa.select(open_creates.c.id).where(open_creates.c.render_id == render.id)
        return bool(await self._database.column(query))

    async def counted_of(self, requester_id: int, now: float) -> tuple[list[OpenCreate], int]:
        """Return what counts beside a person's active renders: open creates, unconfirmed ones."""
        account = await self._database.read(
            lambda reader: self._pseudonyms.account_of(reader, requester_id)
        )
        known = {requester_id, account}
        theirs = [each for each in await self.all(now) if each.requester_id in known]
        sent_at = sa.func.coalesce(renders.c.sent_at, requests.c.created_at)
        unconfirmed = (
            sa.select(renders.c.id)
            .join_from(renders, requests)
            .where(
                requests.c.requester_id == requester_id,
                renders.c.status == RenderStatus.UNCONFIRMED,
                sent_at > now - UNCONFIRMED_COUNTS_FOR,
            )
        )
        return theirs, len(await self._database.column(unconfirmed))


def of_running(render: Render, deadline: float) -> OpenCreate:
    """Return the create of a render that the server works on; `deadline` is in seconds."""
    return _of(render, render.video_id, deadline)


def of_unknown(render: Render) -> OpenCreate:
    """Return the create of a render whose outcome nobody knows."""
    return _of(render, None, UNCONFIRMED_COUNTS_FOR)


def _of(render: Render, video_id: str | None, lasts: float) -> OpenCreate:
    since = render.sent_at or render.request.created_at
    return OpenCreate(
        id=f"{render.id}:{since}",
        render_id=render.id,
        requester_id=render.request.requester_id,
        guild_id=render.request.guild_id,
        video_id=video_id,
        expires_at=since + lasts,
    )


def insert(
    create: OpenCreate,
    before: Render,
    *only_if: sa.ColumnElement[bool],
    hold_id: int | None = None,
) -> sa.Insert:
    """Insert it once, while the render's row is still that of `before`, with what it holds."""
    known = sa.exists().where(open_creates.c.id == create.id)
    row = {name: getattr(create, name) for name in OpenCreate.__slots__} | {"hold_id": hold_id}
    values = [sa.literal(value, open_creates.c[name].type) for name, value in row.items()]
    chosen = sa.select(*values).where(is_unchanged(before), ~known, *only_if)
    return sa.insert(open_creates).from_select(list(row), chosen)


def is_unchanged(before: Render) -> sa.ColumnElement[bool]:
    """Whether the render's row has the status and the create of `before`."""
    row = sa.exists().where(
        renders.c.id == before.id,
        renders.c.status == before.status,
        renders.c.sent_at.is_not_distinct_from(before.sent_at),
    )
    return row.correlate(None)


def create_of(row: Sequence[Any]) -> OpenCreate:
    """Return the create that a row of its table holds."""
    return OpenCreate(**dict(zip(OpenCreate.__slots__, row, strict=True)))
