"""The films on our disk: how long each is kept, and how much room they may take together."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.background import Background
from bot.jobs import lifecycle
from bot.jobs.models import Job, JobChange, JobStatus
from bot.jobs.store import JobStore, StoreError

_log = logging.getLogger(__name__)

ROUND: Final = 60.0
"""Seconds between two rounds through the films."""
NOBODYS: Final = 3600.0
"""Seconds after its last change before a file that no job knows counts as left over."""


@dataclass(frozen=True, kw_only=True)
class Keep:
    """How long films stay after their job ended, in seconds, and their room together, in bytes."""

    delivered: float
    undelivered: float
    budget: int


class FilmKeeper:
    """Lets go of films whose time is over or that there is no room for, delivered ones only.

    A film that nobody has seen goes when its own, longer time is over, and then its card says so.
    One that people were given a link to stays as long as the link lives.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        films: Path,
        keep: Keep,
        announce: Callable[[JobChange], None],
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._films = films
        self._keep = keep
        self._announce = announce
        self._clock = clock
        self._sleep = sleep
        self._background = Background()
        self._told = False

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="film keeper")

    async def close(self) -> None:
        """End at once; what was left undone is done in the next round."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            try:
                await self.tidy()
            except (StoreError, OSError) as error:
                _log.error("the films could not be tidied; trying again: %s", error)
            await self._sleep(ROUND)

    async def tidy(self) -> None:
        """Go through the films once. Raises StoreError and OSError."""
        now = self._clock()
        kept: list[Job] = []
        for job in await self._store.kept_films():
            ended = job.ended_at
            if ended is None or now - ended <= self._time_of(job) or _is_linked(job, now):
                kept.append(job)
            else:
                await self._let_go(job, now)
        sizes = await asyncio.to_thread(_sizes, self._films)
        await self._make_room([job for job in kept if job.film in sizes], sizes, now)
        await self._clear_up(kept, sizes)

    def _time_of(self, job: Job) -> float:
        unseen = job.status is JobStatus.UNDELIVERED
        return self._keep.undelivered if unseen else self._keep.delivered

    async def _let_go(self, job: Job, now: float) -> None:
        after = lifecycle.let_go(job, now)
        if not await self._store.save(job, after):
            return
        await self._unlink([str(job.film), job.film_copy])
        if after.status is not job.status:
            _log.warning("an undelivered film's time is over", extra=job.log_context())
            self._announce(JobChange(job, after))

    async def _make_room(self, kept: list[Job], sizes: dict[str, int], now: float) -> None:
        """Let go of the films that were delivered longest ago, until the rest has room."""
        taken = sum(sizes.values())
        for job in kept:
            if taken <= self._keep.budget:
                self._told = False
                return
            seen = job.ended_at is not None and job.status is not JobStatus.UNDELIVERED
            if seen and not _is_linked(job, now):
                await self._let_go(job, now)
                taken -= sizes[str(job.film)]
        if taken > self._keep.budget and not self._told:
            self._told = True
            _log.warning(
                "films that could not be delivered yet or that have a link take %d MB, more than "
                "FILMS_MAX_GB allows; none of them is deleted before its time",
                taken // 10**6,
            )

    async def _clear_up(self, kept: list[Job], sizes: dict[str, int]) -> None:
        """Remove what a stopped process left in the folder and no job knows."""
        known = {job.film for job in kept}
        known |= {job.film_copy for job in kept if job.status is JobStatus.UNDELIVERED}
        strange = [name for name in sizes if name not in known]
        if not strange:
            return
        running = await self._store.followed_ids()
        left = [name for name in strange if name.partition(".")[0] not in running]
        old = await asyncio.to_thread(_untouched, self._films, left, time.time() - NOBODYS)
        await self._unlink(old)

    async def _unlink(self, names: Iterable[str]) -> None:
        for name in names:
            await asyncio.to_thread((self._films / name).unlink, missing_ok=True)


def _is_linked(job: Job, now: float) -> bool:
    return job.link_expires_at is not None and now < job.link_expires_at


def _sizes(folder: Path) -> dict[str, int]:
    """Return the bytes that each file takes."""
    sizes: dict[str, int] = {}
    for path in folder.iterdir():
        try:
            sizes[path.name] = path.stat().st_size
        except FileNotFoundError:
            continue
    return sizes


def _untouched(folder: Path, names: list[str], since: float) -> list[str]:
    """Return the files that nobody has written to since a time, as the disk's clock says."""
    found: list[str] = []
    for name in names:
        try:
            if (folder / name).stat().st_mtime < since:
                found.append(name)
        except FileNotFoundError:
            continue
    return found
