"""JobTracker: looks after every job the server has, and announces what changed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from bot.background import Background
from bot.jobs import lifecycle
from bot.jobs.models import Job, JobChange, JobStatus
from bot.jobs.store import JobStore, StoreError
from bot.videos.client import VideosClient
from bot.videos.errors import NotFound, Unauthorized, Unavailable, VideosError
from bot.videos.models import Video

_log = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between two looks into the database, at the most."""
AT_ONCE: Final = 8
"""Polls on the wire at the same time: enough for a slow server, polite to a small one."""
TAKEN_PER_TICK: Final = 1000
WORTH_A_LIST: Final = 3
"""Due jobs from which on the server's list is asked instead of each job."""
PAGE: Final = 100
"""Jobs on a page of the list, the contract's most."""
SWEEP: Final = 60.0
"""Seconds between two sweeps: tokens that expired, ends that nobody was shown or told yet."""
SHOWN_BY_ITSELF: Final = 30.0
"""Seconds within which the end of a job is normally shown, without a sweep's help."""
SHOWN_AGAIN_FOR: Final = 24 * 3600.0
"""Seconds after which an end that could not be shown is left to the history."""


class JobTracker:
    """Takes due jobs, polls the server for each, saves and announces the outcome.

    A completed job is announced when it becomes so, and again at every `next_look_at` until its
    film is delivered: whoever delivers writes that down, and the tracker need not know how.
    Of one that has ended and whose watchers were not told, it reminds at every sweep.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        videos: VideosClient,
        announce: Callable[[JobChange], None],
        remind: Callable[[Job], None],
        poll_interval: float,
        deadline: float,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._videos = videos
        self._announce = announce
        self._remind = remind
        self._pause = poll_interval
        self._deadline = deadline
        self._clock = clock
        self._sleep = sleep
        self._background = Background()
        self._polling: set[str] = set()
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._next_sweep = 0.0

    async def catch_up(self) -> None:
        """Have what an earlier process ended and had no time to show announced at once.

        To be called before this process ends anything. Raises StoreError.
        """
        self._next_sweep = self._clock() + SWEEP
        await self._sweep(self._clock(), shortest=0.0)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="job tracker")

    async def close(self) -> None:
        """End at once; a job in the middle of a poll is polled again after the next start."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._take_due()
            except StoreError:
                _log.exception("the job store cannot be read; trying again")
            await self._sleep(min(TICK, self._pause))

    async def _take_due(self) -> None:
        now = self._clock()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP
            await self._sweep(now, shortest=SHOWN_BY_ITSELF)
        due: list[Job] = []
        for job in await self._store.due(now, limit=TAKEN_PER_TICK):
            if job.status is JobStatus.COMPLETED:
                self._announce(JobChange(job, job))
            elif job.id not in self._polling:
                self._polling.add(job.id)
                due.append(job)
        if len(due) >= WORTH_A_LIST and self._videos.dialect.lists:
            self._background.spawn(self._look_at_list(due), name="poll the list")
        else:
            self._look_at_each(due)

    def _look_at_each(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._background.spawn(self._look_at(job), name=f"poll {job.id}")

    async def _look_at_list(self, jobs: list[Job]) -> None:
        """Ask for many jobs at once; what the list does not hold is asked for by itself."""
        listed = await self._listed(jobs)
        found = [(job, listed[job.video_id]) for job in jobs if job.video_id in listed]
        self._look_at_each(job for job in jobs if job.video_id not in listed)
        now = self._clock()
        await asyncio.gather(
            *(
                self._write_down(job, lifecycle.advance(job, video, now, self._pause))
                for job, video in found
            )
        )

    async def _listed(self, jobs: list[Job]) -> dict[str | None, Video]:
        """Read as many pages, newest first, as these jobs fill, and one more."""
        missing = {job.video_id for job in jobs}
        listed: dict[str | None, Video] = {}
        after: str | None = None
        for _ in range(len(jobs) // PAGE + 2):
            try:
                page = await self._videos.list(after=after, limit=PAGE)
            except VideosError as error:
                _log.warning("the Videos server gave no list: %s", error)
                break
            listed |= {video.id: video for video in page.data}
            missing -= listed.keys()
            after = page.last_id
            if not missing or not page.has_more or after is None:
                break
        return listed

    async def _sweep(self, now: float, *, shortest: float) -> None:
        # Nothing is asked where it is known; a server that was away may come back as another.
        self._background.spawn(self._videos.find_out(), name="dialect")
        await self._store.forget_tokens(now)
        for job in await self._store.unshown(now, longest=SHOWN_AGAIN_FOR, shortest=shortest):
            self._announce(JobChange(job, job))
        for job in await self._store.untold():
            self._remind(job)

    async def _look_at(self, job: Job) -> None:
        try:
            async with self._slots:
                after = await self._poll(job)
        except BaseException:
            self._polling.discard(job.id)
            raise
        await self._write_down(job, after)

    async def _write_down(self, job: Job, told: Job) -> None:
        after = self._in_time(told)
        try:
            if await self._store.save(job, after):
                self._log_change(job, after)
                self._announce(JobChange(job, after))
        except StoreError:
            _log.exception("a poll could not be written down", extra=job.log_context())
        finally:
            self._polling.discard(job.id)

    async def _poll(self, job: Job) -> Job:
        assert job.video_id is not None, "a followed job has the id its create answered"  # noqa: S101
        try:
            reading = await self._videos.retrieve(job.video_id)
        except NotFound:
            return lifecycle.missing(job, self._clock(), self._pause)
        except VideosError as error:
            _log.warning("the Videos server gave no answer: %s", error, extra=job.log_context())
            wait = error.retry_after if isinstance(error, Unavailable | Unauthorized) else None
            return lifecycle.unreachable(job, self._clock(), self._pause, wait)
        pause = self._pause if reading.poll_after is None else reading.poll_after
        return lifecycle.advance(job, reading.video, self._clock(), pause)

    def _in_time(self, job: Job) -> Job:
        """Stop waiting for a job that this last look found running past its deadline."""
        now = self._clock()
        if not lifecycle.overdue(job, now, self._deadline):
            return job
        _log.warning("a job has not ended within its deadline", extra=job.log_context())
        return lifecycle.stopped_waiting(job, now)

    def _log_change(self, before: Job, job: Job) -> None:
        if before.status is not job.status:
            _log.info("job %s is %s", job.id, job.status, extra=job.log_context())
