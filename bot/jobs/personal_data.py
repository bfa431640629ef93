"""PersonalData: everything that the database has about one person, to be read or erased."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from bot.jobs.database import Database
from bot.jobs.meters import Scope
from bot.jobs.models import Render
from bot.jobs.pseudonyms import Pseudonyms
from bot.jobs.rows import render_of, select_renders
from bot.jobs.tables import (
    audit,
    grants,
    guild_settings,
    holds,
    ledger,
    meters,
    open_creates,
    renders,
    request_images,
    requests,
    subscriptions,
    thumbnails,
)

NOT_GIVEN: Final = frozenset({"interaction_token", "film_url"})
"""Columns that are keys to something, and say nothing about a person."""

_T = TypeVar("_T")
Rows = dict[str, list[dict[str, Any]]]
"""Rows by table, as JSON has them."""
Files = Iterator[tuple[str, bytes]]
"""The bytes of each image and thumbnail by a name."""


class PersonalData:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def renders_of(self, person: int, until: float) -> list[Render]:
        """Return a person's renders that were asked for until a time, oldest first."""
        query = select_renders().where(
            requests.c.requester_id == person, requests.c.created_at <= until
        )
        return await self._database.fetch(query.order_by(requests.c.created_at), render_of)

    async def read(self, person: int, write: Callable[[Rows, Files], _T]) -> _T:
        """Hand everything about a person to `write`, which runs in a reader's thread."""

        def work(connection: sa.Connection) -> _T:
            known = {person, self._pseudonyms.account_of(connection, person)}
            rows = {
                table.name: [
                    _given(row) for row in connection.execute(_chosen(table, of)).mappings()
                ]
                for table, of in _conditions(person, known).items()
            }
            rows["guild_settings"] = [
                dict(row) for row in connection.execute(sa.select(guild_settings)).mappings()
            ]
            return write(rows, _files(connection, person))

        return await self._database.read(work)

    async def erase(self, person: int) -> None:
        """Remove a person's subscriptions, and have all that stays name their pseudonym instead.

        Their requests are deleted before, each by itself. Meters are derived anew from the ledger
        when they are needed.
        """
        await self._database.run(lambda connection: self._erase(connection, person))
        await self._database.empty_log()

    def _erase(self, connection: sa.Connection, person: int) -> None:
        account = self._pseudonyms.pseudonym(connection, person)
        connection.execute(sa.delete(subscriptions).where(subscriptions.c.user_id == person))
        for column in (ledger.c.requester_id, open_creates.c.requester_id):
            _rename(connection, column, person, account)
        for column in (audit.c.actor_id, grants.c.actor_id):
            _rename(connection, column, person, account)
        connection.execute(
            sa.update(grants).where(*_is_scope(grants, {person})).values(scope_id=str(account))
        )
        for table in (meters, holds):
            connection.execute(sa.delete(table).where(*_is_scope(table, {person})))


def _rename(connection: sa.Connection, column: sa.Column[int], person: int, account: int) -> None:
    statement = sa.update(column.table).where(column == person)
    connection.execute(statement.values({column.name: account}))


def _is_scope(table: sa.Table, known: set[int]) -> list[sa.ColumnElement[bool]]:
    ids = [str(each) for each in sorted(known)]
    return [table.c.scope == Scope.PERSON, table.c.scope_id.in_(ids)]


def _conditions(person: int, known: set[int]) -> Mapping[sa.Table, list[sa.ColumnElement[bool]]]:
    """Return which rows of each table are about a person."""
    theirs = sa.select(requests.c.id).where(requests.c.requester_id == person)
    named = sa.and_(*_is_scope(grants, known))
    return {
        requests: [requests.c.requester_id == person],
        renders: [renders.c.request_id.in_(theirs)],
        subscriptions: [subscriptions.c.user_id == person],
        open_creates: [open_creates.c.requester_id.in_(known)],
        ledger: [ledger.c.requester_id.in_(known)],
        meters: _is_scope(meters, known),
        holds: _is_scope(holds, known),
        grants: [sa.or_(named, grants.c.actor_id.in_(known))],
        audit: [audit.c.actor_id.in_(known)],
    }


def _chosen(table: sa.Table, conditions: list[sa.ColumnElement[bool]]) -> sa.Select[Any]:
    return sa.select(*(each for each in table.c if each.name not in NOT_GIVEN)).where(*conditions)


def _given(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def _files(connection: sa.Connection, person: int) -> Files:
    """Yield a person's images and thumbnails, one in memory at a time."""
    theirs = requests.c.requester_id == person
    images = sa.select(
        request_images.c.request_id, request_images.c.content_type, request_images.c.data
    ).join_from(request_images, requests)
    for request_id, content_type, data in connection.execute(images.where(theirs)).yield_per(1):
        yield f"images/{request_id}.{content_type.rpartition('/')[2]}", data
    small = (
        sa.select(thumbnails.c.render_id, thumbnails.c.data)
        .join_from(thumbnails, renders)
        .join(requests)
    )
    for render_id, data in connection.execute(small.where(theirs)).yield_per(1):
        if data:
            yield f"thumbnails/{render_id}.jpg", data
