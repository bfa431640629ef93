"""LostCreates: looks in the server's list for creates whose answer never came."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.history import Search
from bot.jobs.models import Render, RenderStatus
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR
from bot.jobs.store import JobStore
from bot.runtime.background import Background
from bot.videos.client import VideosClient
from bot.videos.errors import VideosError
from bot.videos.models import Video

_log = logging.getLogger(__name__)

LOOKS_AFTER: Final = (1.0, 5.0, 30.0)
"""Seconds between the looks for a create of unknown outcome in the server's list, by itself."""
LOOKED_FOR: Final = 20
"""Creates of unknown outcome that a start looks for, at the most: the newest."""
LOOK_PAGES: Final = 3
"""Pages of the server's list that a lost create is looked for in: the newest 300 jobs."""
MATCH_BEFORE: Final = 60.0
"""Seconds a server's clock may be behind ours when a lost create is looked for."""


@dataclass(eq=False, repr=False, kw_only=True)
class LostCreates:
    """Finds renders of unknown outcome, without anybody having to ask."""

    store: JobStore
    events: JobEvents
    videos: VideosClient
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._background = Background()
        self._closing = False
        self._looking: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """End at once; the next start looks again."""
        self._closing = True
        await self._background.close()

    async def resume(self) -> None:
        """Look for the lost creates of late that a stopped process did not look for to the end."""
        lost = Search(statuses=frozenset({RenderStatus.UNCONFIRMED}))
        for render in await self.store.history(lost, limit=LOOKED_FOR, offset=0):
            age = self.clock() - (render.sent_at or render.request.created_at)
            if age < UNCONFIRMED_COUNTS_FOR:
                self.reconciled(render)

    def reconciled(self, render: Render) -> Render:
        """Have a create of unknown outcome looked for in the background."""
        if render.status is RenderStatus.UNCONFIRMED and not self._closing:
            if (before := self._looking.get(render.id)) is not None:
                before.cancel()
            looking = self._background.spawn(self._look_for(render), name=f"look for {render.id}")
            self._looking[render.id] = looking
            looking.add_done_callback(partial(self._has_looked, render.id))
        return render

    def _has_looked(self, render_id: str, looking: asyncio.Task[None]) -> None:
        if self._looking.get(render_id) is looking:
            del self._looking[render_id]

    async def _look_for(self, render: Render) -> None:
        for wait in LOOKS_AFTER:
            await asyncio.sleep(wait)
            try:
                current = await self.store.get(render.id)
                if current is None or current.status is not RenderStatus.UNCONFIRMED:
                    return
                found = await self.look_again(current)
            except (VideosError, StoreError) as error:
                _log.info(
                    "a lost create cannot be looked for: %s", error, extra=render.log_context()
                )
                continue
            if found.status is not RenderStatus.UNCONFIRMED:
                _log.info(
                    "a lost create was found as %s", found.video_id, extra=found.log_context()
                )
                return

    async def look_again(self, render: Render) -> Render:
        """Look for an unconfirmed job in the server's list; take it up where exactly one fits.

        Not while another request for the same film is on its way: the one found may be its own.
        Raises VideosError where the server does not list.
        """
        on_the_way = await self.store.interrupted()
        if any(other.spec.prompt == render.spec.prompt for other in on_the_way):
            return render
        found: list[Video] = []
        after: str | None = None
        for _ in range(LOOK_PAGES):
            page = await self.videos.list(after=after)
            found += [video for video in page.data if may_be(render, video)]
            after = page.last_id
            if not page.has_more or after is None:
                break
        known = await self.store.are_known([video.id for video in found])
        unknown = [video for video in found if video.id not in known]
        if len(unknown) != 1:
            return render
        return await self.events.save(render, lifecycle.found(render, unknown[0], self.clock()))


def may_be(render: Render, video: Video) -> bool:
    """Whether a job in the server's list can be this render, whose create was never answered.

    A field that the server leaves out proves nothing; the prompt has to be there and the same. A
    job that has ended may name what was made instead of what was asked for.
    """
    spec, length = render.spec, video.made.seconds
    stated = [(video.model, spec.model)]
    if not video.status.is_final:
        stated.append((video.made.size, spec.size))
        stated.append((None if length is None else f"{length:g}", spec.seconds))
    same = all(theirs is None or ours is None or theirs == ours for theirs, ours in stated)
    since = (render.sent_at or render.request.created_at) - MATCH_BEFORE
    new = video.created_at is None or video.created_at >= since
    return video.prompt == spec.prompt and same and new
