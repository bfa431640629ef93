"""Cancellations: ends and deletes renders that nobody wants, here and on the server."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.charges import REFUNDED, STOPPED
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.open_creates import OpenCreate, of_running, of_unknown
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.videos.client import VideosClient
from bot.videos.errors import VideosError

_log = logging.getLogger(__name__)

CANCELLABLE: Final = frozenset(
    {RenderStatus.REQUESTED, RenderStatus.QUEUED, RenderStatus.IN_PROGRESS}
)
"""Not while the create is on the wire: what came of it has to be written down first."""
PAUSE: Final = 0.1
LOOKS: Final = 600
"""Seconds between two looks whether a create is answered, and how many: a minute in all."""


@dataclass(eq=False, repr=False, kw_only=True)
class Cancellations:
    """Every method raises StoreError where the database fails."""

    store: JobStore
    events: JobEvents
    videos: VideosClient
    films: FilmStore
    deadline: float
    """Seconds for which an abandoned render may go on at most."""
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def cancel(self, render: Render) -> Render:
        """Stop following a job, and end it on the server where that can be done.

        What moves on at the same time is cancelled as it is then, and a create on the wire once it
        is answered: nobody who cancels has to find the right moment. Returns the render as it is
        then.
        """
        for _ in range(LOOKS):
            if render.status is RenderStatus.SENDING:
                await self.sleep(PAUSE)
            elif render.status not in CANCELLABLE:
                return render
            elif (cancelled := await self._cancel(render)) is not None:
                return cancelled
            current = await self.store.get(render.id)
            if current is None:
                return render
            render = current
        return render

    async def _cancel(self, render: Render) -> Render | None:
        """Cancel a render as it is; None where it has moved on meanwhile."""
        now = self.clock()
        here = lifecycle.cancelled(render, Reason.CANCELLED_HERE, now)
        create = None if render.video_id is None else of_running(render, self.deadline)
        if not await self._end_here(render, here, create):
            return None
        if await self._stopped(render):
            everywhere = here.evolve(reason=Reason.CANCELLED_EVERYWHERE)
            await self.store.save(here, everywhere)
            here = everywhere
            if create is not None:
                queued = render.status is RenderStatus.QUEUED
                charge = REFUNDED if queued else STOPPED
                await self.store.accounting.close_creates({create.id: charge}, now)
        self.events.changed(render, here)
        return here

    async def _end_here(self, render: Render, here: Render, create: OpenCreate | None) -> bool:
        """Write an end that the server has not heard of, its create counting on if there is one."""
        if create is None:
            return await self.store.save(render, here)
        return await self.store.accounting.abandon(render, here, create)

    async def _stopped(self, render: Render) -> bool:
        """Whether nothing is rendered any more once a cancelled job was deleted on the server.

        A delete that only forgets the job leaves it rendering: it is deleted once it has ended,
        since until then nothing else tells how long it takes up a place.
        """
        if render.video_id is None:
            return render.sent_at is None
        return self.videos.dialect.stops and await self._delete(render.video_id)

    async def delete_here(self, render: Render) -> None:
        """Delete a job for good: our row, then our film. Raises OSError, too.

        A row that our disk does not let go keeps its film; a film without a row is tidied away.
        Others' cards that had the prompt or the image from it are drawn without them.
        """
        copies = await self.store.accounting.delete(render, self.clock())
        await self.films.remove(
            name for name in (render.film, render.transcoded_name) if name is not None
        )
        for copy in await self.store.with_ids(copies):
            self.events.redraw(copy)

    async def delete_upstream(self, render: Render) -> bool:
        """Delete a job on the server; False where it could not be done, or not yet."""
        if render.video_id is None:
            return True
        if await self.store.creates.is_open(render.video_id, self.clock()):
            return False
        return await self._delete(render.video_id)

    async def _delete(self, video_id: str) -> bool:
        try:
            await self.videos.delete(video_id)
        except VideosError as error:
            _log.warning("the server did not delete job %s: %s", video_id, error)
            return False
        return True

    async def abandon(self, render: Render) -> Render:
        """Drop an unconfirmed request: whatever the server does, nobody waits for it.

        It goes on counting as long as it would have: the server may be rendering it.
        """
        if render.status is not RenderStatus.UNCONFIRMED:
            return render
        dropped = lifecycle.cancelled(render, Reason.ABANDONED, self.clock())
        if not await self.store.accounting.abandon(render, dropped, of_unknown(render)):
            return await self.store.get(render.id) or render
        self.events.changed(render, dropped)
        return dropped
