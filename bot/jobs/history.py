"""Questions about what was rendered: lists, counts and durations, as SQL."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.jobs.models import ACTIVE, Render, RenderStatus
from bot.jobs.rows import RenderQuery, select_renders
from bot.jobs.tables import renders, requests


@dataclass(frozen=True, kw_only=True)
class Search:
    """What somebody looks for in the history; None does not narrow it."""

    requester_id: int | None = None
    guild_id: int | None = None
    channel_ids: frozenset[int] | None = frozenset()
    """Channels whose renders are shown beside those of `requester_id`; None is every one."""
    statuses: frozenset[RenderStatus] | None = None
    words: str = ""
    """Words that the prompt contains, in any case."""


def found_by(search: Search, *, limit: int, offset: int) -> RenderQuery:
    """Select the renders that fit, newest first."""
    return (
        select_renders()
        .where(*_conditions(search))
        .order_by(requests.c.created_at.desc(), renders.c.id)
        .limit(limit)
        .offset(offset)
    )


def number_found_by(search: Search) -> sa.Select[int]:
    """Select how many renders fit."""
    joined = sa.join(renders, requests)
    return sa.select(sa.func.count()).select_from(joined).where(*_conditions(search))


def _conditions(search: Search) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [requests.c.message_id.is_not(None)]
    if search.requester_id is not None and search.channel_ids is not None:
        theirs = requests.c.requester_id == search.requester_id
        found.append(sa.or_(theirs, requests.c.channel_id.in_(search.channel_ids)))
    if search.guild_id is not None:
        found.append(requests.c.guild_id == search.guild_id)
    if search.statuses is not None:
        found.append(renders.c.status.in_(search.statuses))
    words = search.words.split()
    return found + [requests.c.prompt.icontains(word, autoescape=True) for word in words]


def durations_of(render: Render, *, limit: int) -> sa.Select[float]:
    """Select the seconds that the last renders of the same kind took, newest first."""
    spec = render.spec
    return (
        sa.select(renders.c.completed_at - renders.c.sent_at)
        .join_from(renders, requests)
        .where(
            requests.c.size == spec.size,
            requests.c.seconds == spec.seconds,
            requests.c.model.is_not_distinct_from(spec.model),
            renders.c.completed_at.is_not(None),
        )
        .order_by(renders.c.completed_at.desc())
        .limit(limit)
    )


def ended_with_film(now: float) -> RenderQuery:
    """Select ended renders whose film is kept and has no link that works, longest ended first."""
    link = renders.c.link_expires_at
    return (
        select_renders()
        .where(
            renders.c.film.is_not(None),
            renders.c.status.not_in(ACTIVE),
            renders.c.ended_at.is_not(None),
            sa.or_(link.is_(None), link <= now),
        )
        .order_by(renders.c.ended_at)
    )
