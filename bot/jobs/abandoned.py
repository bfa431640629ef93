"""AbandonedRenders: follows what the server may still render although nobody waits for it."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from bot.jobs.charges import CHARGED, STOPPED, Charge
from bot.jobs.database import StoreError
from bot.jobs.lifecycle import MISSING_POLLS
from bot.jobs.open_creates import OpenCreate
from bot.jobs.store import JobStore
from bot.runtime.background import Background, faults_logged
from bot.videos.client import VideosClient
from bot.videos.errors import NotFound, VideosError
from bot.videos.models import VideoStatus

_log = logging.getLogger(__name__)

AT_ONCE: Final = 4
"""Polls on the wire at the same time, beside those of the jobs that people wait for."""
_RUNNING: Final = frozenset({VideoStatus.QUEUED, VideoStatus.IN_PROGRESS})


@dataclass(eq=False, repr=False, kw_only=True)
class AbandonedRenders:
    """Polls cancelled renders, so that they count against the limits until they have ended.

    Each is deleted on the server then. A server whose delete stops a render is asked to delete it
    at once, again and again until it takes that.
    """

    store: JobStore
    videos: VideosClient
    poll_interval: float
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._background = Background()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._missing = Counter[str]()

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="abandoned renders")

    async def close(self) -> None:
        """End at once; the next start goes on."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            await self.sleep(self.poll_interval)
            with faults_logged(
                _log, "abandoned renders cannot be followed; trying again", StoreError
            ):
                await self.look()

    async def look(self) -> None:
        """Poll each once, and let go of those that have ended. Raises StoreError."""
        creates = await self.store.creates.all(self.clock())
        known = [create for create in creates if create.video_id is not None]
        charges = await asyncio.gather(*(self._end_of(create) for create in known))
        ends = {
            create.id: charge
            for create, charge in zip(known, charges, strict=True)
            if charge is not None
        }
        for create_id in ends:
            self._missing.pop(create_id, None)
        if ends or await self.store.creates.any_over(self.clock()):
            await self.store.accounting.close_creates(ends, self.clock())

    async def _end_of(self, create: OpenCreate) -> Charge | None:
        """Return what a create costs that has ended; None while it is being rendered."""
        video_id = str(create.video_id)
        async with self._slots:
            try:
                if self.videos.dialect.stops:
                    await self.videos.delete(video_id)
                    return STOPPED
                reading = await self.videos.retrieve(video_id)
                if reading.video.status in _RUNNING:
                    return None
            except NotFound:
                self._missing[create.id] += 1
                return CHARGED if self._missing[create.id] >= MISSING_POLLS else None
            except VideosError as error:
                _log.info("an abandoned render gave no answer: %s", error)
                return None
            await self._delete(video_id)
        return CHARGED if reading.video.status is VideoStatus.COMPLETED else STOPPED

    async def _delete(self, video_id: str) -> None:
        try:
            await self.videos.delete(video_id)
        except VideosError as error:
            _log.info("the server keeps an abandoned render: %s", error)
