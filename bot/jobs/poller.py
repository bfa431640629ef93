"""JobPoller: looks after every job the server has, and announces what changed."""

import asyncio
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.listing import walk
from bot.jobs.models import RUNNING, Fallback, Job, JobChange, JobStatus
from bot.jobs.store import JobStore, StoreError
from bot.runtime.background import Background
from bot.videos.client import VideosClient
from bot.videos.errors import NotFound, NotSent, Unauthorized, Unavailable, VideosError
from bot.videos.models import Video, VideoStatus

_log = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between two looks into the database, at the most."""
AT_ONCE: Final = 8
"""Polls on the wire at the same time: enough for a slow server, polite to a small one."""
TAKEN_PER_TICK: Final = 1000
WORTH_A_LIST: Final = 3
"""Due jobs from which on the server's list is asked instead of each job."""
DRAWN_ANEW: Final = 20.0
"""Cards of unchanged jobs that are drawn anew in one round: places in line move, times pass."""
UNSURE_LOOKS: Final = 3
"""Looks at a job of an unknown status after which, and after twice as many each time, its film is
asked for."""
UNSURE_AT_MOST: Final = 24
"""Looks between two such tries, at the most."""
SHORTEST_TICK: Final = 0.05
SWEEP: Final = 60.0
"""Seconds between two sweeps: tokens that expired, ends that nobody was shown or told yet."""
SHOWN_BY_ITSELF: Final = 30.0
"""Seconds within which the end of a job is normally shown, without a sweep's help."""
SHOWN_AGAIN_FOR: Final = 24 * 3600.0
"""Seconds after which an end that could not be shown is left to the history."""


class JobPoller:
    """Takes due jobs, polls the server for each, saves and announces the outcome.

    A completed job is announced when it becomes so, and again at every `next_look_at` until its
    film is delivered: whoever delivers writes that down, and the poller need not know how.
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
        # Looks at jobs whose status is a word that is known nowhere.
        self._unsure: dict[str, int] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._by_list = False
        self._walking = False
        self._next_round = 0.0
        self._next_sweep = 0.0
        # What cannot be written down need not be asked for at every tick.
        self._stuck_until = 0.0

    async def catch_up(self) -> None:
        """Have what an earlier process ended and had no time to show announced at once.

        To be called before this process ends anything. What an earlier process waited for is not
        waited for again: its clock may have been another. Raises StoreError.
        """
        await self._store.look_at_all(self._clock())
        self._next_sweep = self._clock() + SWEEP
        await self._sweep(self._clock(), shortest=0.0)

    async def redraw(self) -> None:
        """Have the cards of all running jobs drawn anew. Raises StoreError."""
        for job in await self._store.running(await self._store.running_videos()):
            self._announce(JobChange(job, job))

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="job poller")

    async def close(self) -> None:
        """End at once; a job in the middle of a poll is polled again after the next start."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._take_due()
            except StoreError as error:
                _log.error("the jobs cannot be read; trying again: %s", error)
            except Exception:  # noqa: BLE001 - every job waits for the next round
                _log.exception("the jobs could not be looked after; trying again")
            await self._sleep(self._tick())

    def _tick(self) -> float:
        """Seconds until it is worth looking again: the next round's beginning is not slept over."""
        tick = min(TICK, self._pause)
        if self._by_list and not self._walking:
            return min(tick, max(SHORTEST_TICK, self._next_round - self._clock()))
        return tick

    async def _take_due(self) -> None:
        now = self._clock()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP
            await self._sweep(now, shortest=SHOWN_BY_ITSELF)
        for job in await self._store.due(now, limit=TAKEN_PER_TICK, statuses={JobStatus.COMPLETED}):
            self._announce(JobChange(job, job))
        if now < self._stuck_until:
            return
        if not await self._goes_by_list(now):
            due = await self._store.due(now, limit=TAKEN_PER_TICK, statuses=RUNNING)
            self._look_at_each(due)

    async def _goes_by_list(self, now: float) -> bool:
        """Whether the list answers for the running jobs; begins a round where one is due."""
        if not self._videos.dialect.lists:
            return False
        if now >= self._next_round and not self._walking:
            running = await self._store.running_videos()
            self._next_round = now + self._pause
            self._by_list = len(running) >= WORTH_A_LIST
            if self._by_list:
                self._walking = True
                self._background.spawn(self._look_at_list(running), name="poll the list")
        return self._by_list

    # ---------------------------------------------------------------- each by itself

    def _look_at_each(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if job.id not in self._polling:
                self._polling.add(job.id)
                self._background.spawn(self._look_at(job), name=f"poll {job.id}")

    async def _look_at(self, job: Job) -> None:
        try:
            async with self._slots:
                after = await self._surely(job)
            await self._write_down([(job, self._in_time(after))])
            if after.status not in RUNNING:
                self._unsure.pop(job.id, None)
        finally:
            self._polling.discard(job.id)

    async def _surely(self, job: Job) -> Job:
        try:
            return await self._poll(job)
        except Exception:  # noqa: BLE001 - said on the card as of a server that is away
            _log.exception("a poll failed in a way nobody foresaw", extra=job.log_context())
            return lifecycle.unreachable(job, self._clock(), self._pause)

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
        video = await self._made_sure(job, reading.video)
        now = self._clock()
        pause = reading.poll_after
        if pause is None:
            # A little chance keeps jobs that began together from being asked for together.
            pause = lifecycle.pace(job, now, self._pause) * random.uniform(0.9, 1.1)  # noqa: S311
        return lifecycle.advance(job, video, now, pause)

    async def _made_sure(self, job: Job, video: Video) -> Video:
        """Judge a status that is known nowhere, once it lasts, by whether the film is served."""
        if video.is_certain:
            self._unsure.pop(job.id, None)
            return video
        looks = self._unsure[job.id] = self._unsure.get(job.id, 0) + 1
        if not _worth_a_try(looks):
            return video
        try:
            is_film = await self._videos.serves_film(video_id=str(job.video_id))
        except VideosError:
            return video
        if not is_film:
            return video
        _log.info("a job of an unknown status has its film", extra=job.log_context())
        return video.model_copy(update={"status": VideoStatus.COMPLETED, "is_certain": True})

    # ---------------------------------------------------------------- many by one list

    async def _look_at_list(self, running: set[str]) -> None:
        """Ask for all jobs at once; what the list does not hold is asked for by itself."""
        began = self._clock()
        missing = set(running)
        pace = math.inf
        try:
            async for met in walk(self._videos, missing):
                pace = min(pace, await self._take_over(met, len(running)))
            self._next_round = began + (self._pause if pace == math.inf else pace)
        except NotSent as error:
            _log.warning("the Videos server is away: %s", error)
            await self._wait_for_server()
        except VideosError as error:
            _log.warning("the Videos server gave no list: %s", error)
            wait = error.retry_after if isinstance(error, Unavailable | Unauthorized) else None
            self._next_round = self._clock() + min(wait or self._pause, lifecycle.LONGEST_WAIT)
            await self._look_at_missing(missing)
        except Exception:  # noqa: BLE001 - what one answer breaks, each job's own may not
            _log.exception("the list could not be taken over")
            await self._look_at_missing(running)
        else:
            await self._look_at_missing(missing)
        finally:
            self._walking = False

    async def _take_over(self, met: dict[str, Video], many: int) -> float:
        """Take over what one page told; return the seconds until one of its jobs is worth a look.

        Infinite where none of them runs any more.
        """
        now = self._clock()
        changes: list[tuple[Job, Job]] = []
        soonest = math.inf
        for job in await self._store.running(met.keys()):
            video = met[str(job.video_id)]
            if not video.is_certain:
                self._look_at_each([job])
                soonest = min(soonest, lifecycle.pace(job, now, self._pause))
                continue
            after = self._in_time(lifecycle.advance(job, video, now, 0.0))
            if after.status in RUNNING:
                # The round's own clock says when it is looked at again; nothing need be written.
                after = after.evolve(next_look_at=job.next_look_at)
                soonest = min(soonest, lifecycle.pace(after, now, self._pause))
            if after != job:
                changes.append((job, after))
            elif random.random() * many < DRAWN_ANEW:  # noqa: S311 - chance, not secrecy
                self._announce(JobChange(job, job))
        await self._write_down(changes)
        return soonest

    async def _look_at_missing(self, missing: set[str]) -> None:
        if missing:
            due = await self._store.due(self._clock(), limit=TAKEN_PER_TICK, statuses=RUNNING)
            self._look_at_each(job for job in due if job.video_id in missing)

    async def _wait_for_server(self) -> None:
        """Say of every job that is due that the server is away, without asking it once for each."""
        now = self._clock()
        self._next_round = now + self._pause
        due = await self._store.due(now, limit=TAKEN_PER_TICK, statuses=RUNNING)
        await self._write_down([(job, lifecycle.unreachable(job, now, self._pause)) for job in due])

    # ---------------------------------------------------------------- what came of it

    async def _write_down(self, changes: Sequence[tuple[Job, Job]]) -> None:
        try:
            saved = await self._store.save_all(changes)
        except StoreError as error:
            _log.debug("what %d jobs have become is not written down: %s", len(changes), error)
            self._stuck_until = self._clock() + self._pause
            for before, _ in changes:
                self._announce(JobChange(before, before))
            return
        for before, job in saved:
            if before.status is not job.status:
                _log.info("job %s is %s", job.id, job.status, extra=job.log_context())
            self._announce(JobChange(before, job))

    def _in_time(self, job: Job) -> Job:
        """Stop waiting for a job that this last look found running past its deadline."""
        now = self._clock()
        if not lifecycle.overdue(job, now, self._deadline):
            return job
        _log.warning("a job has not ended within its deadline", extra=job.log_context())
        return lifecycle.stopped_waiting(job, now)

    # ---------------------------------------------------------------- now and then

    async def _sweep(self, now: float, *, shortest: float) -> None:
        # Nothing is asked where it is known; a server that was away may come back as another.
        self._background.spawn(self._videos.find_out(), name="dialect")
        await self._store.forget_tokens(now)
        for job in await self._store.unshown(now, longest=SHOWN_AGAIN_FOR, shortest=shortest):
            self._announce(JobChange(job, job))
        await self._try_left_cards(now, starting=shortest == 0.0)
        for job in await self._store.untold():
            self._remind(job)

    async def _try_left_cards(self, now: float, *, starting: bool) -> None:
        """Have the cards tried whose end stands elsewhere; a start tries those that were closed.

        Their channels may be open again by now.
        """
        until = now + lifecycle.CARD_TRIED_FOR if starting else now
        for job in await self._store.left_cards(until):
            if job.road is Fallback.DIRECT or (job.next_look_at or 0.0) <= now:
                self._announce(JobChange(job, job))


def _worth_a_try(looks: int) -> bool:
    """Whether the film of a job of unknown status is asked for at this look: 3, 6, 12, 24, 48."""
    if looks >= UNSURE_AT_MOST:
        return looks % UNSURE_AT_MOST == 0
    return looks % UNSURE_LOOKS == 0 and (looks // UNSURE_LOOKS).bit_count() == 1
