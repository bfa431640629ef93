"""Accounts: what each create costs, held while it may be bought, and settled once it has ended.

The ledger is append-only: a `hold` for each create that was admitted, limited or not, and at most
one entry that finishes it. A meter counts one scope, unit and window for a limit; it is derived
from the ledger when it is first needed. All of it happens in the transaction of the request or of
the render.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, fields, replace
from functools import cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningInsert

from bot.jobs.meters import Cost, Denied, Entry, Grant, Limit, MeterKey, Scope, Unit, Usage
from bot.jobs.models import Request
from bot.jobs.tables import grants, holds, ledger, meters

KEY: Final = tuple(field.name for field in fields(MeterKey))
_UNITS: Final = tuple(Unit)
_SCOPED: Final = {
    Scope.PERSON: ledger.c.requester_id,
    Scope.CHANNEL: ledger.c.channel_id,
    Scope.COMMUNITY: ledger.c.guild_id,
}
"""The column that a scope's id is compared with."""
_COUNTED_BY: Final = ("guild_id", "channel_id", "requester_id", "at")
"""What of a ledger's entry decides which meters count it."""


def take(  # noqa: PLR0917 - what the entry of the ledger says
    connection: sa.Connection,
    request: Request,
    render_id: str,
    cost: Cost,
    limits: Sequence[Limit],
    channel_id: int | None = None,
) -> Denied | None:
    """Hold the cost of a create on every limit's meter, or on none; return the first without room.

    `channel_id` is the channel that counts where it is not the request's own: a thread's parent.
    The meters are taken in the order of their keys, so that two transactions cannot deadlock.
    """
    taken: list[MeterKey] = []
    for limit in sorted(limits, key=lambda each: each.key):
        if not _has_taken(connection, limit, cost.of(limit.key.unit)):
            for key in taken:
                connection.execute(_hold(), _bound(key) | {"amount": -cost.of(key.unit)})
            return Denied(limit, usage(connection, limit))
        taken.append(limit.key)
    entry = _hold_entry(request, render_id, cost)
    if channel_id is not None:
        entry["channel_id"] = channel_id
    hold_id = connection.execute(_insert_hold(), entry).scalar_one()
    for key in _idle(connection, entry, taken):
        connection.execute(_hold(), _bound(key) | {"amount": cost.of(key.unit)})
        taken.append(key)
    if taken:
        rows = [_named(key) | {"hold_id": hold_id, "amount": cost.of(key.unit)} for key in taken]
        connection.execute(_insert_holds(), rows)
    return None


def _has_taken(connection: sa.Connection, limit: Limit, amount: int) -> bool:
    """Hold an amount on a limit's meter, where it leaves room."""
    values = _bound(limit.key) | {"amount": amount, "most": limit.most}
    if connection.execute(_take(), values).rowcount == 1:
        return True
    is_new = _open_meter(connection, limit)
    return is_new and connection.execute(_take(), values).rowcount == 1


def _idle(
    connection: sa.Connection, entry: dict[str, Any], taken: Sequence[MeterKey]
) -> list[MeterKey]:
    """Return the other meters that count a create: their limits do not apply now, and may again.

    A limit that was removed is set once more, or somebody gets back a role.
    """
    found = connection.execute(_counting(), {f"of_{name}": entry[name] for name in _COUNTED_BY})
    keys = [MeterKey(*row) for row in found]
    return sorted(key for key in keys if key not in taken)


def settle(connection: sa.Connection, hold_id: int, cost: Cost, at: float) -> None:
    """Charge a create that was bought, whatever the limits say: an overrun blocks the next one."""
    _finish(connection, hold_id, Entry.SETTLE, cost, at)


def release(connection: sa.Connection, hold_id: int, at: float) -> None:
    """Give back all that is held for a create: surely nothing was bought."""
    _finish(connection, hold_id, Entry.RELEASE, Cost(money=0), at)


def grant(connection: sa.Connection, limit: Limit, given: Grant) -> None:
    """Raise a limit in its window. Raises IntegrityError where the interaction has done it."""
    _open_meter(connection, limit)
    amount = given.amount
    connection.execute(sa.insert(grants), _named(limit.key) | asdict(given))
    connection.execute(_raise(), _bound(limit.key) | {"amount": amount})


def unfinished(connection: sa.Connection, render_id: str) -> tuple[int, Cost] | None:
    """Return the newest unfinished hold of a render and what it holds, None where there is none."""
    row = connection.execute(_newest_unfinished(), {"of_render": render_id}).first()
    return None if row is None else (row[0], Cost(*row[1:]))


def held(connection: sa.Connection, hold_id: int) -> Cost:
    """Return what a hold holds, or held."""
    query = sa.select(*(ledger.c[unit] for unit in _UNITS)).where(ledger.c.id == hold_id)
    return Cost(*connection.execute(query).one())


def usage(connection: sa.Connection, limit: Limit) -> Usage:
    """Return what a meter has counted, also one that no limit has needed yet."""
    row = connection.execute(_read(), _bound(limit.key)).first()
    return Usage(*row) if row is not None else derived(connection, limit)


def _hold_entry(request: Request, render_id: str, cost: Cost) -> dict[str, Any]:
    return {
        "kind": Entry.HOLD,
        "render_id": render_id,
        "guild_id": request.guild_id or 0,
        "channel_id": request.channel_id,
        "requester_id": request.requester_id,
        "at": request.created_at,
        "model": request.spec.model,
        **{unit: getattr(cost, unit) for unit in _UNITS},
    }


@cache
def _insert_holds() -> sa.Insert:
    return sa.insert(holds)


@cache
def _insert_hold() -> ReturningInsert[int]:
    return sa.insert(ledger).returning(ledger.c.id)


def _finish(connection: sa.Connection, hold_id: int, kind: Entry, cost: Cost, at: float) -> None:
    """Finish a hold once: a second end of the same create changes nothing."""
    values = {"finished": hold_id, "new_kind": kind, "new_at": at}
    amounts = {f"new_{unit}": cost.of(unit) for unit in _UNITS}
    if connection.execute(_insert_finish(), values | amounts).rowcount != 1:
        return
    connection.execute(_charge_meters(), {"finished": hold_id} | amounts)
    connection.execute(sa.delete(holds).where(holds.c.hold_id == hold_id))


def _open_meter(connection: sa.Connection, limit: Limit) -> bool:
    """Make a meter with what the ledger says it has counted; False where it is there already."""
    key = limit.key
    if connection.execute(_read(), _bound(key)).first() is not None:
        return False
    counted = derived(connection, limit)
    row = _named(key) | asdict(counted) | {"ends_at": limit.ends_at}
    connection.execute(sa.insert(meters), row)
    literals = [sa.literal(value).label(name) for name, value in _named(key).items()]
    amount = sa.func.coalesce(ledger.c[key.unit], 0)
    live = sa.select(ledger.c.id, *literals, amount).where(*_counted(limit), ~_is_finished())
    connection.execute(sa.insert(holds).from_select(["hold_id", *KEY, "amount"], live))
    return True


def derived(connection: sa.Connection, limit: Limit) -> Usage:
    """Return what the ledger's entries and the grants add up to for a meter."""
    end = ledger.alias("end")
    unit = limit.key.unit
    amount, charged = sa.func.coalesce(ledger.c[unit], 0), sa.func.coalesce(end.c[unit], 0)
    live = sa.case((end.c.id.is_(None), amount), else_=0)
    sums = (sa.func.coalesce(sa.func.sum(each), 0) for each in (live, charged))
    query = sa.select(*sums).select_from(
        ledger.outerjoin(end, sa.and_(end.c.hold_id == ledger.c.id))
    )
    granted = sa.select(sa.func.coalesce(sa.func.sum(grants.c.amount), 0)).where(
        *(grants.c[name] == value for name, value in _named(limit.key).items())
    )
    counted = Usage(*connection.execute(query.where(*_counted(limit))).one())
    return replace(counted, granted=connection.execute(granted).scalar_one())


def _counted(limit: Limit) -> list[sa.ColumnElement[bool]]:
    """Return the conditions on the holds that a meter counts."""
    key = limit.key
    conditions = [ledger.c.kind == Entry.HOLD, ledger.c.at >= key.starts_at]
    if limit.ends_at is not None:
        conditions.append(ledger.c.at < limit.ends_at)
    if (column := _SCOPED.get(key.scope)) is not None:
        conditions.append(column == int(key.scope_id))
    if key.guild_id:
        conditions.append(ledger.c.guild_id == key.guild_id)
    return conditions


def _is_finished() -> sa.ColumnElement[bool]:
    end = ledger.alias("end")
    return sa.exists().where(end.c.hold_id == ledger.c.id)


def _named(key: MeterKey) -> dict[str, Any]:
    return dict(zip(KEY, astuple(key), strict=True))


def _bound(key: MeterKey) -> dict[str, Any]:
    """Return the parameters of `_is_key`; a column's own name is reserved for what is written."""
    return {f"of_{name}": value for name, value in _named(key).items()}


def _is_key() -> list[sa.ColumnElement[bool]]:
    return [meters.c[name] == sa.bindparam(f"of_{name}") for name in KEY]


@cache
def _read() -> sa.Select[int, int, int]:
    return sa.select(meters.c.held, meters.c.spent, meters.c.granted).where(*_is_key())


@cache
def _take() -> sa.Update:
    """Hold an amount where the limit leaves room for it."""
    amount = sa.bindparam("amount", type_=sa.BigInteger)
    after = meters.c.held + meters.c.spent + amount
    room = after <= sa.bindparam("most", type_=sa.BigInteger) + meters.c.granted
    return sa.update(meters).where(*_is_key(), room).values(held=meters.c.held + amount)


@cache
def _hold() -> sa.Update:
    """Hold an amount whatever the limit says; a negative one gives back."""
    amount = sa.bindparam("amount", type_=sa.BigInteger)
    return sa.update(meters).where(*_is_key()).values(held=meters.c.held + amount)


@cache
def _counting() -> sa.Select[Any]:
    """Select the keys of the meters in whose window and scope an entry of the ledger is."""
    at, guild = (
        sa.bindparam("of_at", type_=sa.Float),
        sa.bindparam("of_guild_id", type_=sa.BigInteger),
    )
    scopes = [meters.c.scope == Scope.EVERYONE]
    for scope, column in _SCOPED.items():
        number = sa.bindparam(f"of_{column.name}", type_=sa.BigInteger)
        scopes.append(
            sa.and_(meters.c.scope == scope, meters.c.scope_id == sa.cast(number, sa.Text))
        )
    return sa.select(*(meters.c[name] for name in KEY)).where(
        sa.or_(meters.c.guild_id == 0, meters.c.guild_id == guild),
        sa.or_(*scopes),
        meters.c.starts_at <= at,
        sa.or_(meters.c.ends_at.is_(None), at < meters.c.ends_at),
    )


@cache
def _raise() -> sa.Update:
    amount = sa.bindparam("amount", type_=sa.BigInteger)
    return sa.update(meters).where(*_is_key()).values(granted=meters.c.granted + amount)


@cache
def _newest_unfinished() -> sa.Select[Any]:
    return (
        sa.select(ledger.c.id, *(ledger.c[unit] for unit in _UNITS))
        .where(
            ledger.c.render_id == sa.bindparam("of_render"),
            ledger.c.kind == Entry.HOLD,
            ~_is_finished(),
        )
        .order_by(ledger.c.id.desc())
        .limit(1)
    )


@cache
def _insert_finish() -> sa.Insert:
    """Insert the entry that finishes a hold, where none has."""
    copied = ("render_id", "guild_id", "channel_id", "requester_id", "model")
    names = ["hold_id", "kind", "at", *_UNITS, *copied]
    values = (
        ledger.c.id,
        sa.bindparam("new_kind", type_=sa.Text),
        sa.bindparam("new_at", type_=sa.Float),
        *(sa.bindparam(f"new_{unit}", type_=sa.BigInteger) for unit in _UNITS),
        *(ledger.c[name] for name in copied),
    )
    chosen = sa.select(*values).where(ledger.c.id == sa.bindparam("finished"), ~_is_finished())
    return sa.insert(ledger).from_select(names, chosen)


@cache
def _charge_meters() -> sa.Update:
    """Let a hold go on each of its meters, and count what was charged instead."""
    charged = sa.case(
        *(
            (holds.c.unit == unit, sa.bindparam(f"new_{unit}", type_=sa.BigInteger))
            for unit in _UNITS
        )
    )
    same = (meters.c[name] == holds.c[name] for name in KEY)
    return (
        sa.update(meters)
        .where(*same, holds.c.hold_id == sa.bindparam("finished"))
        .values(held=meters.c.held - holds.c.amount, spent=meters.c.spent + charged)
    )
