"""Accounting: admits creates, ends them, and charges for them, each in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.jobs import accounts
from bot.jobs.charges import CHARGED, REFUNDED, Charge
from bot.jobs.copies import forget_copies
from bot.jobs.database import Database
from bot.jobs.meters import Cost, Denied, Entry, Grant, Limit, MeterKey, Usage
from bot.jobs.models import Render, RenderStatus, Request
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR, OpenCreate, insert, is_unchanged
from bot.jobs.pseudonyms import Pseudonyms, of_account
from bot.jobs.rows import (
    changed_values,
    delete_request,
    has_room,
    insert_render_within_limits,
    insert_request,
    number_open,
    render_row,
    request_row,
    updates,
)
from bot.jobs.tables import holds, ledger, meters, open_creates, renders, requests


@dataclass(frozen=True, kw_only=True)
class OpenLimits:
    """How many creates may be open at once: of this person, of their community, of everybody."""

    of_user: int
    of_community: int
    of_all: int

    def at(self, now: float) -> dict[str, Any]:
        """Return the parameters of `has_room`."""
        return {
            "counts_since": now - UNCONFIRMED_COUNTS_FOR,
            "counted_at": now,
            "most": self.of_all,
            "most_of_user": self.of_user,
            "most_of_community": self.of_community,
        }


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What admits a create: room among the open ones, and on the meter of every limit."""

    open: OpenLimits
    cost: Cost
    limits: Sequence[Limit] = ()
    channel_id: int | None = None
    """The channel that counts, where it is not the request's own: a thread's parent."""


Admission = bool | Denied
"""True where it is admitted. False where too many creates are open; a Denied, which is false, names
another limit."""


class Accounting:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database, pseudonyms: Pseudonyms) -> None:
        self._database = database
        self._pseudonyms = pseudonyms

    async def admit(self, render: Render, terms: Terms) -> Admission:
        """Insert a request with its render, and hold its cost, unless a limit is reached.

        False where too many creates are open; a Denied, which is false, names another limit.
        """
        return await self._database.run(lambda connection: self._admit(connection, render, terms))

    async def would_admit(self, render: Render, terms: Terms) -> Admission:
        """Return what `admit` would, and change nothing."""

        def work(connection: sa.Connection) -> Admission:
            with connection.begin_nested() as savepoint:
                admitted = self._admit(connection, render, terms)
                savepoint.rollback()
            return admitted

        return await self._database.run(work)

    async def admit_again(
        self, before: Render, after: Render, first: OpenCreate, terms: Terms, now: float
    ) -> Admission:
        """Count a create of unknown outcome beside a second one, where the limits leave room.

        False where too many are open, or where the row is no longer as `before`.
        """
        counts = terms.open.at(now)
        is_first = (is_unchanged(before), sa.exists().where(open_creates.c.id == first.id))
        of_render, of_request = changed_values(before, after)
        request = sa.update(requests).where(requests.c.id == before.request.id, *is_first)
        render = sa.update(renders).where(renders.c.id == before.id, *is_first)

        def work(connection: sa.Connection) -> Admission:
            hold = accounts.unfinished(connection, before.id)
            asked = replace(before.request, created_at=now)
            account = self._pseudonyms.account_of(connection, asked.requester_id)
            denied = _take(connection, asked, account, before.id, terms)
            if denied is not None:
                return denied
            room = has_room(_counted(before, account), lambda name: sa.literal(counts[name]))
            connection.execute(insert(first, before, room, hold_id=hold and hold[0]))
            if of_request:
                connection.execute(request.values(of_request))
            if connection.execute(render.values(of_render)).rowcount == 1:
                return True
            second = accounts.unfinished(connection, before.id)
            if second is not None:
                accounts.release(connection, second[0], now)
            return False

        return await self._database.run(work)

    async def abandon(self, before: Render, after: Render, create: OpenCreate) -> bool:
        """Replace `before` by `after`, whose create goes on counting and holding; False as save."""

        def work(connection: sa.Connection) -> bool:
            hold = accounts.unfinished(connection, before.id)
            connection.execute(insert(create, before, hold_id=hold and hold[0]))
            return _update(connection, before, after)

        return await self._database.run(work)

    async def end(self, before: Render, after: Render, charge: Charge, at: float) -> bool:
        """Replace `before` by `after`, whose create has ended so; False as save."""

        def work(connection: sa.Connection) -> bool:
            if not _update(connection, before, after):
                return False
            _finish(connection, before.id, charge, at)
            return True

        return await self._database.run(work)

    async def close_creates(self, ends: Mapping[str, Charge], now: float) -> None:
        """Forget the open creates that have ended so, and charge those whose time is over."""

        def work(connection: sa.Connection) -> None:
            is_over = sa.or_(open_creates.c.id.in_(ends), open_creates.c.expires_at <= now)
            query = sa.select(open_creates.c.id, open_creates.c.hold_id).where(is_over)
            for create_id, hold_id in connection.execute(query).all():
                if hold_id is not None:
                    charge = ends.get(create_id, CHARGED)
                    _charge(connection, hold_id, accounts.held(connection, hold_id), charge, now)
            connection.execute(sa.delete(open_creates).where(is_over))

        await self._database.run(work)

    async def delete(self, render: Render, at: float) -> list[str]:
        """Remove a request with all that belongs to it; one that was never sent is refunded.

        Returns the ids of others' requests that lost the prompt or the image they had from it.
        """

        def work(connection: sa.Connection) -> list[str]:
            if render.status is RenderStatus.REQUESTED and render.sent_at is None:
                _finish(connection, render.id, REFUNDED, at)
            copies = forget_copies(connection, render.request)
            connection.execute(delete_request(), {"of_request": render.request.id})
            return copies

        return await self._database.run(work)

    async def is_community_full(self, render: Render, most: OpenLimits, now: float) -> bool:
        """Whether the community of a request has as many creates open as it may."""
        guild = render.request.guild_id
        if guild is None:
            return False
        counts = most.at(now)
        number = number_open(lambda name: sa.literal(counts[name]), guild_id=sa.literal(guild))
        return (await self._database.column(sa.select(number)))[0] >= most.of_community

    async def usage(self, limits: Sequence[Limit]) -> list[Usage]:
        """Return what each limit's meter has counted."""

        def work(connection: sa.Connection) -> list[Usage]:
            resolved = self._pseudonyms.counted(connection, limits)
            return [accounts.usage(connection, limit) for limit in resolved]

        return await self._database.read(work)

    async def grant(self, limits: Sequence[Limit], given: Grant) -> None:
        """Raise limits, each in its window. Raises DuplicateError where that was done already."""

        def work(connection: sa.Connection) -> None:
            for limit in self._pseudonyms.counted(connection, limits):
                accounts.grant(connection, limit, given)

        await self._database.run(work)

    async def forget_meters(self, before: float) -> None:
        """Remove meters whose window ended before a time: nobody asks for them any more.

        One that is asked for all the same is derived anew; one that holds something stays.
        """
        is_over = (meters.c.ends_at < before, meters.c.held == 0)
        await self._database.execute(sa.delete(meters).where(*is_over))

    async def faults(self) -> list[str]:
        """Check that meters add up to the ledger and holds to open creates; name what does not."""
        return await self._database.read(faults)

    def _admit(self, connection: sa.Connection, render: Render, terms: Terms) -> Admission:
        request = render.request
        account = self._pseudonyms.account_of(connection, request.requester_id)
        connection.execute(insert_request(), request_row(request))
        row = render_row(render) | _counted(render, account) | terms.open.at(request.created_at)
        admitted: Admission = connection.execute(insert_render_within_limits(), row).rowcount == 1
        if admitted:
            denied = _take(connection, request, account, render.id, terms)
            admitted = True if denied is None else denied
        if not admitted:
            connection.execute(delete_request(), {"of_request": request.id})
        return admitted


def _take(
    connection: sa.Connection, request: Request, account: int, render_id: str, terms: Terms
) -> Denied | None:
    """Hold what a request costs for its requester's account; all limits on people are on them."""
    asked = replace(request, requester_id=account)
    limits = [of_account(each, account) for each in terms.limits]
    return accounts.take(connection, asked, render_id, terms.cost, limits, terms.channel_id)


def _counted(render: Render, account: int) -> dict[str, Any]:
    return {
        "of_requester": render.request.requester_id,
        "of_account": account,
        "of_guild": render.request.guild_id or 0,
    }


def _update(connection: sa.Connection, before: Render, after: Render) -> bool:
    count = 0
    for statement, rows in updates(before, after):
        count = connection.execute(statement, rows).rowcount
    return count == 1


def _finish(connection: sa.Connection, render_id: str, charge: Charge, at: float) -> None:
    """Finish a render's newest create; a second one's refund leaves the first, if it is there."""
    hold = accounts.unfinished(connection, render_id)
    if hold is None or (charge.second and not _has_open_create(connection, render_id)):
        return
    _charge(connection, *hold, charge, at)


def _charge(connection: sa.Connection, hold_id: int, held: Cost, charge: Charge, at: float) -> None:
    if charge.bought:
        accounts.settle(connection, hold_id, charge.of(held), at)
    else:
        accounts.release(connection, hold_id, at)


def _has_open_create(connection: sa.Connection, render_id: str) -> bool:
    query = sa.select(open_creates.c.id).where(open_creates.c.render_id == render_id)
    return connection.execute(query).first() is not None


def faults(connection: sa.Connection) -> list[str]:
    """Name the meters that do not add up to the ledger, and holds without a create."""
    found: list[str] = []
    for row in connection.execute(sa.select(meters)).all():
        limit = Limit(MeterKey(*row[:6]), 0, row.ends_at)
        counted = Usage(row.held, row.spent, row.granted)
        derived = accounts.derived(connection, limit)
        if counted != derived:
            found.append(f"{limit.key} has {counted}, its ledger entries add up to {derived}")
    finished = sa.select(ledger.c.hold_id).where(ledger.c.hold_id.is_not(None))
    leaked = sa.select(holds.c.hold_id).where(holds.c.hold_id.in_(finished))
    found += [f"hold {each} outlived its create" for each in connection.execute(leaked).scalars()]
    live = sa.select(renders.c.id).where(renders.c.status.in_(_LIVE))
    opened = sa.select(open_creates.c.hold_id).where(open_creates.c.hold_id.is_not(None))
    ended = sa.select(ledger.c.id).where(
        ledger.c.kind == Entry.HOLD,
        ledger.c.id.not_in(finished),
        ledger.c.id.not_in(opened),
        ledger.c.render_id.not_in(live),
    )
    found += [f"hold {each} has no create" for each in connection.execute(ended).scalars()]
    return found


_LIVE = sorted(
    {
        RenderStatus.REQUESTED,
        RenderStatus.SENDING,
        RenderStatus.UNCONFIRMED,
        RenderStatus.QUEUED,
        RenderStatus.IN_PROGRESS,
    }
)
"""States in which a create may still be bought or is being rendered."""
