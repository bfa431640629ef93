"""OldRequests: finished requests whose time is over, and communities that the bot has left."""

from collections.abc import Collection
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.copies import COPYING
from bot.jobs.database import Database
from bot.jobs.models import ENDED, Render, RenderStatus
from bot.jobs.rows import render_of, select_renders
from bot.jobs.tables import audit, departures, guild_settings, renders, requests

_FINISHED: Final = sorted(ENDED - {RenderStatus.UNDELIVERED})
"""States of what may go: a film that nobody has seen has a time of its own."""


class OldRequests:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ended_before(self, at: float, now: float, *, limit: int) -> list[Render]:
        """Return finished renders that ended before a time, oldest first.

        One that another was made from stays as long as that one, which has its prompt and image.
        """
        child = requests.alias("child")
        is_parent = sa.exists().where(
            child.c.parent_render_id == renders.c.id, child.c.verb.in_(COPYING)
        )
        ended = sa.func.coalesce(renders.c.ended_at, requests.c.created_at) < at
        oldest = requests.c.created_at
        return await self._finished(now, limit, oldest, ended, ~is_parent)

    async def of_left(self, before: float, now: float, *, limit: int) -> list[Render]:
        """Return finished renders of communities that the bot left before a time.

        Newest first: nothing that is left was made from them, and no card there can be edited.
        """
        newest = requests.c.created_at.desc()
        is_older = sa.exists().where(
            departures.c.guild_id == requests.c.guild_id,
            departures.c.at < before,
            requests.c.created_at <= departures.c.at,
        )
        return await self._finished(now, limit, newest, requests.c.is_member, is_older)

    async def _finished(
        self,
        now: float,
        limit: int,
        first: sa.ColumnElement[Any],
        *conditions: sa.ColumnElement[bool],
    ) -> list[Render]:
        link = renders.c.link_expires_at
        query = select_renders().where(
            renders.c.status.in_(_FINISHED), sa.or_(link.is_(None), link <= now), *conditions
        )
        return await self._database.fetch(query.order_by(first).limit(limit), render_of)

    async def forget_left(self, before: float) -> None:
        """Remove the settings and the audit of communities that the bot left before a time."""
        left = _left(before)
        is_empty = ~sa.exists().where(requests.c.guild_id == departures.c.guild_id)
        await self._database.execute(
            sa.delete(guild_settings).where(guild_settings.c.guild_id.in_(left)),
            sa.delete(audit).where(audit.c.guild_id.in_(left)),
            sa.delete(departures).where(departures.c.at < before, is_empty),
        )

    async def left(self, guild_id: int, at: float) -> None:
        """Remember that the bot has left a community; the first time counts."""
        await self._database.run(lambda connection: _leave(connection, [guild_id], at))

    async def joined(self, guild_id: int) -> None:
        """Forget that the bot had left a community."""
        await self._database.execute(sa.delete(departures).where(departures.c.guild_id == guild_id))

    async def are_in(self, guild_ids: Collection[int], at: float) -> None:
        """Compare with the communities that the bot is in: it may have left some while stopped."""

        def work(connection: sa.Connection) -> None:
            known = connection.execute(_known()).scalars()
            gone = [guild_id for guild_id in known if guild_id not in guild_ids]
            _leave(connection, gone, at)
            back = departures.c.guild_id.in_(guild_ids)
            connection.execute(sa.delete(departures).where(back))

        await self._database.run(work)

    async def empty_log(self) -> None:
        """Leave nothing of what was removed in SQLite's log."""
        await self._database.empty_log()


def _left(before: float) -> sa.Select[int]:
    return sa.select(departures.c.guild_id).where(departures.c.at < before)


def _known() -> sa.CompoundSelect[int]:
    """Select the communities that have rows here and that the bot has been in."""
    asked_in = sa.select(requests.c.guild_id).where(
        requests.c.guild_id.is_not(None), requests.c.is_member
    )
    return sa.union(asked_in, sa.select(guild_settings.c.guild_id))


def _leave(connection: sa.Connection, guild_ids: Collection[int], at: float) -> None:
    known = set(connection.execute(sa.select(departures.c.guild_id)).scalars())
    rows = [{"guild_id": guild_id, "at": at} for guild_id in guild_ids if guild_id not in known]
    if rows:
        connection.execute(sa.insert(departures), rows)
