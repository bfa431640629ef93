"""A small picture of each delivered film, for the list; it outlives the film on our disk."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from bot.jobs.models import Job
from bot.jobs.store import JobStore, StoreError
from bot.videos.stills import NoStill

_log = logging.getLogger(__name__)

Take = Callable[[Path], Awaitable[bytes]]
"""Takes the picture of a film on disk; raises NoStill."""


class Stills:
    """Keeps one picture of each film, taken one after the other.

    A film is whole without its picture: where none can be taken, the log says so, and the list
    shows none.
    """

    def __init__(self, *, store: JobStore, films: Path, take: Take | None) -> None:
        """Take no pictures at all where `take` is None."""
        self._store = store
        self._films = films
        self._take = take
        self._one_at_a_time = asyncio.Lock()

    async def keep(self, job: Job) -> None:
        """Take the picture of a film that lies on our disk, and store it beside its job."""
        if self._take is None or job.film is None:
            return
        try:
            async with self._one_at_a_time:
                jpeg = await self._take(self._films / job.film)
            await self._store.put_still(job, jpeg)
        except (NoStill, StoreError) as error:
            _log.warning("no still of a film: %s", error, extra=job.log_context())
