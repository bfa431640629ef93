"""Copies: the prompt and the image of a request live on in those that others made from it.

*Again* and *Edit prompt* copy both; `parent_render_id` says from where.
"""

from typing import Final

import sqlalchemy as sa

from bot.jobs.models import Request, Verb
from bot.jobs.tables import renders, request_images, requests

COPYING: Final = (Verb.AGAIN, Verb.EDIT)


def forget_copies(connection: sa.Connection, request: Request) -> list[str]:
    """Take a request's prompt and image out of others' requests; return the ids of these.

    A prompt that somebody has edited is theirs and stays. What is made from the request comes from
    its own parent then, so that the parent's deletion finds it.
    """
    found = connection.execute(_copies(request)).scalars().all()
    is_copy = requests.c.id.in_(found)
    connection.execute(
        sa.update(requests)
        .where(is_copy, requests.c.prompt == request.spec.prompt)
        .values(prompt="", options=None)
    )
    connection.execute(
        sa.update(requests)
        .where(is_copy, requests.c.image_name.is_not(None))
        .values(image_name="", image_url=None)
    )
    connection.execute(sa.delete(request_images).where(request_images.c.request_id.in_(found)))
    parent = request.parent_render_id if request.verb in COPYING else None
    connection.execute(
        sa.update(requests).where(_is_made_from(request)).values(parent_render_id=parent)
    )
    return list(found)


def _is_made_from(request: Request) -> sa.ColumnElement[bool]:
    own = sa.select(renders.c.id).where(renders.c.request_id == request.id)
    return requests.c.parent_render_id.in_(own)


def _copies(request: Request) -> sa.Select[str]:
    """Select the requests of other people that have its prompt or image, however far removed."""
    copied = (requests.c.verb.in_(COPYING), requests.c.requester_id != request.requester_id)
    chain = (
        sa.select(requests.c.id).where(_is_made_from(request), *copied).cte("chain", recursive=True)
    )
    further = (
        sa.select(requests.c.id)
        .join(renders, requests.c.parent_render_id == renders.c.id)
        .join(chain, renders.c.request_id == chain.c.id)
        .where(*copied)
    )
    every = chain.union(further)
    has_any = sa.or_(requests.c.prompt == request.spec.prompt, requests.c.image_name.is_not(None))
    return sa.select(requests.c.id).where(requests.c.id.in_(sa.select(every.c.id)), has_any)
