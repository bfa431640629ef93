"""StoredThumbnails: a small JPEG of each delivered film, for the list; it outlives the film."""

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from bot.jobs.database import Database
from bot.jobs.models import Render, RenderStatus
from bot.jobs.rows import render_of, select_renders
from bot.jobs.tables import renders, thumbnails

_NONE: Final = ~sa.exists().where(thumbnails.c.render_id == renders.c.id)
"""Nobody has tried to take the thumbnail of the film."""


class StoredThumbnails:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missing(self, *, limit: int) -> list[Render]:
        """Return delivered renders whose film is kept and has no thumbnail, newest first."""
        kept = renders.c.status == RenderStatus.DELIVERED, renders.c.film.is_not(None)
        query = select_renders().where(*kept, _NONE).order_by(renders.c.ended_at.desc())
        return await self._database.fetch(query.limit(limit), render_of)

    async def put(self, render: Render, jpeg: bytes) -> None:
        """Store a thumbnail unless its render has one or is gone; empty where none can be taken."""
        values = sa.select(renders.c.id, sa.literal(jpeg, sa.LargeBinary)).where(
            renders.c.id == render.id, _NONE
        )
        put = sa.insert(thumbnails).from_select(["render_id", "data"], values)
        await self._database.execute(put)

    async def of(self, renders_shown: Sequence[Render]) -> dict[str, bytes]:
        """Return the thumbnails of these renders, by the renders' ids."""
        ids = [render.id for render in renders_shown]
        taken = sa.func.length(thumbnails.c.data) > 0
        query = sa.select(thumbnails).where(thumbnails.c.render_id.in_(ids), taken)
        return await self._database.mapping(query)
