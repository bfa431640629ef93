"""The waiting line: first come first served, a few at a time, and nothing forgotten.

Memory answers every question; the disk is written before a create is answered and when a job
ends. So after a death, by whatever cause, each job is either ended or queued again.
"""

import asyncio
import itertools
import logging
import time
import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from typing import Final
from weakref import WeakValueDictionary

from bot.server.bodies import CreateRequest
from bot.server.job import VideoJob
from bot.server.pace import Pace
from bot.server.renderer import FilmFiles
from bot.server.rendering import RENDERER, RenderFailedError, RenderInterruptedError, render
from bot.server.store import Attempt, JobStore

logger = logging.getLogger(__name__)

_SWEEP_SECONDS: Final = 60.0
"""At most so long after its time an expired film is removed; it is not served in between."""

_SWEEP_LEAST: Final = 0.1

_TRY_AGAIN: Final = 15
"""Seconds after which who found the line full may ask again: some videos are rendered then."""


class KeyReusedError(Exception):
    """An idempotency key came back with another request."""


class FullError(Exception):
    """Too many jobs wait already; `seconds` until it is worth trying again."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds


class RenderQueue:
    """All jobs of one server, the workers that render them and the sweeper that ends them."""

    def __init__(
        self,
        store: JobStore,
        *,
        workers: int,
        line: int,
        keep_seconds: float,
        command: Sequence[str] = RENDERER,
    ) -> None:
        self._store = store
        self._workers = workers
        self._most = line
        # Jobs that are being written to the disk, and will wait then.
        self._arriving = 0
        self._keep_seconds = keep_seconds
        self._command = command
        self._pace = Pace()
        self._jobs: dict[str, VideoJob] = {}
        # Numbers and ids in the order of arrival: of all jobs, and of those that wait.
        self._order: list[tuple[int, str]] = []
        self._waiting: list[tuple[int, str]] = []
        self._by_key: dict[str, str] = {}
        self._key_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._numbers = itertools.count(1)
        # None tells a worker to go home.
        self._line: asyncio.Queue[str | None] = asyncio.Queue()
        self._renderings: dict[str, asyncio.Task[None]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._sweeper: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Read the disk, queue again what had not ended, and begin. May raise OSError."""
        known = await asyncio.to_thread(self._store.open)
        for job in known:
            ended = job.status.is_final
            self._remember(job if ended else job.queued())
            if not ended:
                self._line_up(job)
        self._numbers = itertools.count(known[-1].number + 1 if known else 1)
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self._workers)]
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """End renderings and workers; unfinished jobs stay queued on the disk."""
        self._stopping = True
        if self._sweeper:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        while not self._line.empty():
            self._line.get_nowait()
        for _ in self._tasks:
            self._line.put_nowait(None)
        for rendering in self._renderings.values():
            rendering.cancel()
        # Workers are never cancelled themselves: an outcome being written is written.
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._store.close)

    def get(self, job_id: str) -> VideoJob | None:
        """Give a job as it stands."""
        return self._jobs.get(job_id)

    def page(self, *, after: VideoJob | None, count: int, newest_first: bool) -> list[VideoJob]:
        """Give so many jobs by age, those that follow `after` or the first."""
        if newest_first:
            end = bisect_left(self._order, _place(after)) if after else len(self._order)
            found = self._order[max(0, end - count) : end][::-1]
        else:
            start = bisect_right(self._order, _place(after)) if after else 0
            found = self._order[start : start + count]
        return [self._jobs[job_id] for _, job_id in found]

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._waiting)

    @property
    def rendering(self) -> int:
        """How many jobs are being rendered."""
        return len(self._renderings)

    def poll_after(self, job: VideoJob) -> float | None:
        """Seconds until it is worth asking for a job again; None once it has ended."""
        if job.status.is_final:
            return None
        ahead = bisect_left(self._waiting, _place(job)) / self._workers
        return self._pace.poll_after(job, ahead=ahead)

    def files(self, job: VideoJob) -> FilmFiles:
        """Where a completed job's film and pictures are."""
        return self._store.files(job.id)

    async def add(self, order: CreateRequest, key: str | None) -> VideoJob:
        """Put an order in the line, on the disk before this returns.

        With a key seen before, gives the job it made then. Raises KeyReusedError when that was
        for something else, FullError when too many wait, OSError when the disk takes nothing.
        """
        digest = await asyncio.to_thread(order.digest)
        if key is None:
            return await self._add(order, digest, None)
        # Two sends of one request at once must not both find the key unused.
        lock = self._key_locks.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._jobs.get(self._by_key.get(key, ""))
            if known is None:
                return await self._add(order, digest, key)
        if known.digest != digest:
            raise KeyReusedError
        return known

    async def remove(self, job_id: str) -> bool:
        """Cancel a job and remove all it has; False if there is none. May raise OSError."""
        job = self._jobs.get(job_id)
        if job is None:
            return False
        self._forget(job)
        if rendering := self._renderings.get(job_id):
            rendering.cancel()
            await asyncio.wait([rendering])
        await asyncio.to_thread(self._store.discard, job_id)
        return True

    async def _add(self, order: CreateRequest, digest: str, key: str | None) -> VideoJob:
        job = VideoJob(
            id=f"video_{uuid.uuid4().hex}",
            number=next(self._numbers),
            model=order.model,
            prompt=order.prompt,
            scene=order.scene,
            remixed_from_video_id=order.remixed_from_video_id,
            size=order.size,
            seconds=order.seconds,
            reference=f"reference{order.image.suffix}" if order.image else None,
            digest=digest,
            idempotency_key=key,
            created_at=int(time.time()),
        )
        if self.waiting + self._arriving >= self._most:
            raise FullError(_TRY_AGAIN)
        self._arriving += 1
        try:
            await asyncio.to_thread(self._store.add, job, order.image)
        finally:
            self._arriving -= 1
        self._remember(job)
        self._line_up(job)
        return job

    def _line_up(self, job: VideoJob) -> None:
        insort(self._waiting, _place(job))
        self._line.put_nowait(job.id)

    def _remember(self, job: VideoJob) -> None:
        self._jobs[job.id] = job
        insort(self._order, _place(job))
        if job.idempotency_key:
            self._by_key[job.idempotency_key] = job.id

    def _forget(self, job: VideoJob) -> None:
        self._jobs.pop(job.id, None)
        _discard(self._order, job)
        _discard(self._waiting, job)
        if job.idempotency_key:
            self._by_key.pop(job.idempotency_key, None)

    async def _work(self) -> None:
        while (job_id := await self._line.get()) is not None:
            # One that was removed while it waited is not there any more.
            if job := self._jobs.get(job_id):
                await self._attempt(job)

    async def _attempt(self, job: VideoJob) -> None:
        """Render one job to its end; whatever goes wrong, the worker lives on."""
        _discard(self._waiting, job)
        self._report(job.id, 0)
        attempt: Attempt | None = None
        try:
            attempt = await asyncio.to_thread(self._store.begin)
            if await self._render(job, attempt):
                await asyncio.to_thread(self._store.keep, job.id, attempt)
                await self._complete(job.id)
        except RenderInterruptedError:
            self._requeue(job.id)
        except RenderFailedError as failure:
            await self._fail(job.id, str(failure))
        except OSError as error:
            await self._fail(job.id, f"The film could not be stored: {error.strerror or error}.")
        except Exception:
            logger.exception("%s broke", job.id, extra={"action": "render_broke"})
            await self._fail(job.id, "The renderer could not be run.")
        finally:
            if attempt:
                await asyncio.to_thread(self._store.end, attempt)

    async def _render(self, job: VideoJob, attempt: Attempt) -> bool:
        """Run the renderer; False if it was cancelled, by a removal or by the server's end."""
        # The thread that made room took its time.
        if self._stopping or job.id not in self._jobs:
            return False
        rendering = asyncio.create_task(
            render(
                job,
                self._store.reference(job),
                attempt,
                command=self._command,
                report=lambda percent: self._report(job.id, percent),
            )
        )
        self._renderings[job.id] = rendering
        started = time.monotonic()
        try:
            await asyncio.wait([rendering])
        finally:
            del self._renderings[job.id]
        if rendering.cancelled():
            return False
        rendering.result()
        self._pace.learn(job, time.monotonic() - started)
        return True

    def _report(self, job_id: str, percent: int) -> None:
        if job := self._jobs.get(job_id):
            self._jobs[job_id] = job.at(percent)

    def _requeue(self, job_id: str) -> None:
        if job := self._jobs.get(job_id):
            self._jobs[job_id] = job.queued()
            self._line_up(job)

    async def _complete(self, job_id: str) -> None:
        if job := self._jobs.get(job_id):
            done = job.completed(time.time(), self._keep_seconds)
            await asyncio.to_thread(self._store.save, done)
            await self._finish(job, done)

    async def _fail(self, job_id: str, message: str) -> None:
        job = self._jobs.get(job_id)
        # A removal during a rendering takes the folder away under it: no failure of the job's.
        if job is None:
            return
        failed = job.failed(time.time(), message)
        try:
            await asyncio.to_thread(self._store.save, failed)
        except OSError:
            logger.exception("%s not written", job_id, extra={"action": "outcome_not_written"})
        await self._finish(job, failed)

    async def _finish(self, job: VideoJob, ended: VideoJob) -> None:
        """Show an outcome that is on the disk; it may have been removed meanwhile."""
        if job.id in self._jobs:
            self._jobs[job.id] = ended
        logger.info("%s %s", job.id, ended.status, extra={"action": "job_ended"})
        await asyncio.to_thread(self._store.remove_reference, job)

    async def _sweep(self) -> None:
        while True:
            for job in list(self._jobs.values()):
                try:
                    await self._retire(job, time.time())
                except Exception:
                    logger.exception("%s not swept", job.id, extra={"action": "sweep_failed"})
            await asyncio.sleep(min(_SWEEP_SECONDS, max(_SWEEP_LEAST, self._keep_seconds)))

    async def _retire(self, job: VideoJob, now: float) -> None:
        """Remove a film whose time is over, and after as long again its record."""
        if job.is_forgotten(now, self._keep_seconds):
            self._forget(job)
            await asyncio.to_thread(self._store.discard, job.id)
        elif job.has_film and job.is_expired(now) and job.id in self._jobs:
            swept = self._jobs[job.id] = job.without_film()
            await asyncio.to_thread(self._store.remove_film, swept)


def _place(job: VideoJob) -> tuple[int, str]:
    return job.number, job.id


def _discard(places: list[tuple[int, str]], job: VideoJob) -> None:
    index = bisect_left(places, _place(job))
    if index < len(places) and places[index] == _place(job):
        del places[index]
