"""A render with its request as rows of their tables: written and read."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from bot.jobs.models import (
    ACTIVE,
    Card,
    Fallback,
    Render,
    RenderStatus,
    Request,
    RequestState,
    Verb,
)
from bot.jobs.reasons import Reason
from bot.jobs.tables import open_creates, renders, requests
from bot.jobs.writer import Statement
from bot.videos.spec import ImageSource, VideoSpec


def _columns(kind: type[Render | Request | VideoSpec | Card], *others: str) -> tuple[str, ...]:
    """Return the fields that are columns of the same name; `others` are not."""
    return tuple(field.name for field in fields(kind) if field.name not in others)


_RENDER: Final = _columns(Render, "request")
_OWN: Final = _columns(Request, "spec", "card")
_SPEC: Final = _columns(VideoSpec, "image", "options")
_CARD: Final = _columns(Card, "retry_at")
_REQUEST: Final = tuple(column.name for column in requests.columns)
SELECTED: Final = (
    *(renders.c[name] for name in _RENDER),
    *(requests.c[name] for name in _REQUEST),
)
"""The columns that `render_of` reads, in this order."""

Row = dict[str, Any]
"""Values by column."""
RenderQuery = sa.Select[Any]
"""A query of `SELECTED`."""
Names = tuple[tuple[str, ...], tuple[str, ...]]
"""Columns of a render and of its request."""


def select_renders() -> RenderQuery:
    """Select renders with their requests, for `render_of`."""
    return sa.select(*SELECTED).join_from(renders, requests)


def render_row(render: Render) -> Row:
    """Return every column of a render's row."""
    return {name: getattr(render, name) for name in _RENDER} | {"request_id": render.request.id}


def request_row(request: Request) -> Row:
    """Return every column of a request's row."""
    spec, card, image = request.spec, request.card, request.spec.image
    row: Row = {name: getattr(request, name) for name in _OWN}
    row |= {name: getattr(spec, name) for name in _SPEC}
    row |= {name: getattr(card, name) for name in _CARD}
    return row | {
        "options": json.dumps(dict(spec.options)) if spec.options else None,
        "image_name": None if image is None else image.name,
        "image_url": None if image is None else image.url,
        "image_request_id": None if image is None else image.request_id,
        "image_resized": image is not None and image.resized,
        "card_retry_at": card.retry_at,
    }


def render_of(row: Sequence[Any]) -> Render:
    """Return the render that a row of `select_renders` holds."""
    values: Row = dict(zip(_RENDER, row, strict=False))
    values["status"] = RenderStatus(values["status"])
    values["reason"] = None if values["reason"] is None else Reason(values["reason"])
    request = _request_of(dict(zip(_REQUEST, row[len(_RENDER) :], strict=True)))
    return Render(request=request, **values)


def _request_of(row: Row) -> Request:
    card: Row = {name: row[name] for name in _CARD}
    card["shown"] = None if row["shown"] is None else RenderStatus(row["shown"])
    card["fallback"] = None if row["fallback"] is None else Fallback(row["fallback"])
    own: Row = {name: row[name] for name in _OWN}
    own["state"] = RequestState(row["state"])
    own["verb"] = Verb(row["verb"])
    return Request(spec=_spec_of(row), card=Card(retry_at=row["card_retry_at"], **card), **own)


def _spec_of(row: Row) -> VideoSpec:
    spec: Row = {name: row[name] for name in _SPEC}
    image = None
    if row["image_name"] is not None:
        image = ImageSource(
            name=row["image_name"],
            url=row["image_url"],
            request_id=row["image_request_id"],
            resized=row["image_resized"],
        )
    return VideoSpec(image=image, options=json.loads(row["options"] or "{}"), **spec)


def changed(before: Render, after: Render) -> Names:
    """Name only what changed: a token that was forgotten meanwhile stays forgotten."""
    own = tuple(name for name in _RENDER if getattr(before, name) != getattr(after, name))
    if before.request is after.request:
        return own, ()
    old, new = request_row(before.request), request_row(after.request)
    return own, tuple(name for name in _REQUEST if old[name] != new[name])


def changed_values(before: Render, after: Render) -> tuple[Row, Row]:
    """Return the new values of what changed, of a render and of its request."""
    own, of_request = changed(before, after)
    row, of_row = render_row(after), request_row(after.request)
    return {name: row[name] for name in own}, {name: of_row[name] for name in of_request}


def update(names: Names, changes: Sequence[tuple[Render, Render]]) -> list[Statement]:
    """Write these columns of each render that still has its status of before, and its request's.

    The last statement's count of rows tells how many had it.
    """
    own, of_request = names
    guards = [{"of_id": before.id, "of_status": before.status} for before, _ in changes]
    statements: list[Statement] = []
    if of_request:
        rows = [
            guard | {"of_request": after.request.id} | _new(of_request, request_row(after.request))
            for guard, (_, after) in zip(guards, changes, strict=True)
        ]
        statements.append((_update_requests(of_request), rows))
    if own or not of_request:
        rows = [
            guard | _new(own or ("id",), render_row(after))
            for guard, (_, after) in zip(guards, changes, strict=True)
        ]
        statements.append((_update_renders(own or ("id",)), rows))
    return statements


def updates(before: Render, after: Render) -> list[Statement]:
    """Write what changed of one render; as `update`."""
    return update(changed(before, after), [(before, after)])


def _new(names: tuple[str, ...], row: Row) -> Row:
    return {f"new_{name}": row[name] for name in names}


def _values(names: tuple[str, ...]) -> Row:
    return {name: sa.bindparam(f"new_{name}") for name in names}


@cache
def _update_renders(names: tuple[str, ...]) -> sa.Update:
    return (
        sa.update(renders)
        .where(renders.c.id == sa.bindparam("of_id"), renders.c.status == sa.bindparam("of_status"))
        .values(_values(names))
    )


@cache
def _update_requests(names: tuple[str, ...]) -> sa.Update:
    unmoved = sa.exists().where(
        renders.c.id == sa.bindparam("of_id"), renders.c.status == sa.bindparam("of_status")
    )
    return (
        sa.update(requests)
        .where(requests.c.id == sa.bindparam("of_request"), unmoved)
        .values(_values(names))
    )


@cache
def insert_request() -> sa.Insert:
    """Insert a request, its columns as parameters."""
    return sa.insert(requests)


@cache
def insert_render_within_limits() -> sa.Insert:
    """Insert a render, its columns as parameters, unless a limit is reached.

    An IN would be spelt out anew at each call, and could not be executed for many rows at once.
    """
    names = [*_RENDER, "request_id"]
    values = [sa.bindparam(name, type_=renders.c[name].type) for name in names]
    counted = {
        name: sa.bindparam(name, type_=sa.BigInteger)
        for name in ("of_requester", "of_account", "of_guild")
    }
    return sa.insert(renders).from_select(
        names, sa.select(*values).where(has_room(counted, sa.bindparam))
    )


@cache
def delete_request() -> sa.Delete:
    """Delete a request with all that belongs to it."""
    return sa.delete(requests).where(requests.c.id == sa.bindparam("of_request"))


def has_room(
    counted: Mapping[str, Any], limit: Callable[[str], sa.ColumnElement[Any]]
) -> sa.ColumnElement[bool]:
    """Whether one more create may be open: of everybody, of this person and of this community.

    `counted` gives `of_requester`, the `of_account` that the ledger knows them by, and `of_guild`,
    0 for none; `limit` gives `most`, `most_of_user`, `most_of_community`, `counts_since` and
    `counted_at`: values or parameters.
    """
    requester, guild, account = (
        counted[name] for name in ("of_requester", "of_guild", "of_account")
    )
    return sa.and_(
        number_open(limit) < limit("most"),
        number_open(limit, requester_id=requester, also=account) < limit("most_of_user"),
        sa.or_(guild == 0, number_open(limit, guild_id=guild) < limit("most_of_community")),
    )


def number_open(
    limit: Callable[[str], sa.ColumnElement[Any]],
    also: sa.ColumnElement[int] | int | None = None,
    **whose: sa.ColumnElement[int] | int,
) -> sa.ColumnElement[int]:
    """Count the creates that are open, of one person or community.

    `also` is the pseudonym by which the open creates of an erased person are known.

    The kinds are counted apart, since SQLite counts their union by looking up every row.
    """
    active = sa.or_(*(renders.c.status == status for status in sorted(ACTIVE)))
    sent_at = sa.func.coalesce(renders.c.sent_at, requests.c.created_at)
    maybe = sa.and_(renders.c.status == RenderStatus.UNCONFIRMED, sent_at > limit("counts_since"))
    theirs = [requests.c[name] == value for name, value in whose.items()]
    abandoned = [
        sa.or_(*(open_creates.c[name] == each for each in (value, also) if each is not None))
        for name, value in whose.items()
    ]
    joined = sa.join(renders, requests) if theirs else renders
    with_request = sa.select(sa.func.count()).select_from(sa.join(renders, requests))
    still_open = (
        sa.select(sa.func.count())
        .select_from(open_creates)
        .where(open_creates.c.expires_at > limit("counted_at"), *abandoned)
    )
    return (
        sa.select(sa.func.count()).select_from(joined).where(active, *theirs).scalar_subquery()
        + with_request.where(maybe, *theirs).scalar_subquery()
        + still_open.scalar_subquery()
    )
