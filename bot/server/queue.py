"""The queue: jobs are rendered in the order of arrival, a few at a time, and none is lost.

Memory answers every question; the disk is written before a create is answered and when a job
ends. So after a crash each job has either ended or is queued again.
"""

import asyncio
import itertools
import logging
import time
import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from bot.server.bodies import CreateRequest
from bot.server.config import ServerConfig
from bot.server.errors import ApiError
from bot.server.job import VideoJob
from bot.server.pace import Pace
from bot.server.render_process import RENDERER, RenderFailedError, RenderInterruptedError, render
from bot.server.renderer import FilmFiles
from bot.server.store import JobStore

logger = logging.getLogger(__name__)

_SWEEP_SECONDS: Final = 60.0
"""Longest time from a film's expiry, when it is no longer served, to its removal."""

_SWEEP_LEAST: Final = 0.1

_RETRY_AFTER: Final = 15
"""Seconds until a client that found the queue full may ask again; some videos are rendered then."""


class RenderQueue:
    """All jobs of one server, their renders, and the sweeper that removes expired films."""

    def __init__(self, config: ServerConfig, command: Sequence[str] = RENDERER) -> None:
        """`command` is the renderer's program."""
        self._config = config
        self._command = command
        self._store = JobStore(config.folder)
        # Jobs that are being written to the disk, and then wait.
        self._arriving = 0
        self._pace = Pace()
        self._jobs: dict[str, VideoJob] = {}
        # Numbers and ids in the order of arrival: of all jobs, and of those that wait.
        self._order: list[tuple[int, str]] = []
        self._waiting: list[tuple[int, str]] = []
        self._by_key: dict[str, str] = {}
        self._key_locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._numbers = itertools.count(1)
        self._renders: dict[str, asyncio.Task[None]] = {}
        # One task per job at work: it renders the job and writes its outcome.
        self._working: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Read the disk, queue again what had not ended, and begin. May raise OSError."""
        known = await asyncio.to_thread(self._store.open)
        for job in known:
            ended = job.status.is_final
            self._remember(job if ended else job.queued())
            if not ended:
                self._enqueue(job)
        self._numbers = itertools.count(known[-1].number + 1 if known else 1)
        self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self) -> None:
        """End all renders; unfinished jobs stay queued on the disk."""
        self._stopping = True
        if self._sweeper:
            self._sweeper.cancel()
            await asyncio.wait([self._sweeper])
        for rendering in self._renders.values():
            rendering.cancel()
        # These are never cancelled themselves: an outcome being written is written.
        await asyncio.gather(*self._working, return_exceptions=True)
        await asyncio.to_thread(self._store.close)

    def get(self, job_id: str) -> VideoJob | None:
        """Return a job as it is now."""
        return self._jobs.get(job_id)

    def page(self, *, after: VideoJob | None, count: int, newest_first: bool) -> list[VideoJob]:
        """Return so many jobs by age, those that follow `after` or the first."""
        start = bisect_right(self._order, _place(after)) if after else 0
        end = bisect_left(self._order, _place(after)) if after else len(self._order)
        newer, older = self._order[start : start + count], self._order[max(0, end - count) : end]
        found = reversed(older) if newest_first else newer
        return [self._jobs[job_id] for _, job_id in found]

    @property
    def waiting(self) -> int:
        """How many jobs wait for a worker."""
        return len(self._waiting)

    @property
    def rendering(self) -> int:
        """How many jobs are being rendered."""
        return len(self._renders)

    def poll_after(self, job: VideoJob) -> float | None:
        """Seconds until it is worth asking for a job again; None once it has ended."""
        if job.status.is_final:
            return None
        ahead = bisect_left(self._waiting, _place(job)) / self._config.workers
        return self._pace.poll_after(job, ahead=ahead)

    def files(self, job: VideoJob) -> FilmFiles:
        """Where a completed job's film and pictures are."""
        return self._store.files(job.id)

    async def add(self, request: CreateRequest, key: str | None) -> VideoJob:
        """Add a job; it is on the disk before this returns.

        With a key seen before, returns the job it made then. Raises ApiError when that was for
        another request (409) or too many jobs wait (429), and OSError when the disk is full.
        """
        digest = await asyncio.to_thread(request.digest)
        if key is None:
            return await self._add(request, digest, None)
        # Two sends of one request at once must not both find the key unused.
        lock = self._key_locks.setdefault(key, asyncio.Lock())
        async with lock:
            known = self._jobs.get(self._by_key.get(key, ""))
            if known is None:
                return await self._add(request, digest, key)
        if known.digest != digest:
            raise ApiError("idempotency_key_reused")
        return known

    async def remove(self, job_id: str) -> bool:
        """Cancel a job and remove its files; False if there is no such job. May raise OSError."""
        job = self._jobs.get(job_id)
        if job is None:
            return False
        self._forget(job)
        if rendering := self._renders.get(job_id):
            rendering.cancel()
            await asyncio.wait([rendering])
        await asyncio.to_thread(self._store.discard, job_id)
        return True

    async def _add(self, request: CreateRequest, digest: str, key: str | None) -> VideoJob:
        job = VideoJob(
            **request.spec.model_dump(),
            id=f"video_{uuid.uuid4().hex}",
            number=next(self._numbers),
            reference=f"reference{request.image.suffix}" if request.image else None,
            digest=digest,
            idempotency_key=key,
            created_at=int(time.time()),
        )
        if self.waiting + self._arriving >= self._config.queue_limit:
            raise ApiError("too_many_waiting", headers={"Retry-After": str(_RETRY_AFTER)})
        self._arriving += 1
        try:
            await asyncio.to_thread(self._store.add, job, request.image)
        finally:
            self._arriving -= 1
        self._remember(job)
        self._enqueue(job)
        return job

    def _enqueue(self, job: VideoJob) -> None:
        insort(self._waiting, _place(job))
        self._start_waiting()

    def _start_waiting(self) -> None:
        """Start as many of the jobs that wait as there are workers free."""
        while self._waiting and len(self._working) < self._config.workers and not self._stopping:
            _, job_id = self._waiting.pop(0)
            task = asyncio.create_task(self._attempt(self._jobs[job_id]))
            self._working.add(task)
            task.add_done_callback(self._end_work)

    def _end_work(self, task: asyncio.Task[None]) -> None:
        self._working.discard(task)
        self._start_waiting()

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

    async def _attempt(self, job: VideoJob) -> None:
        """Render one job to its end, whatever goes wrong."""
        self._report(job.id, 0)
        attempt: Path | None = None
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

    async def _render(self, job: VideoJob, attempt: Path) -> bool:
        """Run the renderer; False if it was cancelled, by a removal or by the server's end."""
        # Both may have changed while a thread created the folder.
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
        self._renders[job.id] = rendering
        started = time.monotonic()
        try:
            await asyncio.wait([rendering])
        finally:
            del self._renders[job.id]
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
            self._enqueue(job)

    async def _complete(self, job_id: str) -> None:
        if job := self._jobs.get(job_id):
            done = job.completed(time.time(), self._config.keep_seconds)
            await asyncio.to_thread(self._store.save, done)
            await self._finish(job, done)

    async def _fail(self, job_id: str, message: str) -> None:
        job = self._jobs.get(job_id)
        # A removal deletes the folder of a running render: that is no failure of the job.
        if job is None:
            return
        failed = job.failed(time.time(), message)
        try:
            await asyncio.to_thread(self._store.save, failed)
        except OSError:
            logger.exception("%s not written", job_id, extra={"action": "outcome_not_written"})
        await self._finish(job, failed)

    async def _finish(self, job: VideoJob, ended: VideoJob) -> None:
        """Publish an outcome that is on the disk; its job may have been removed meanwhile."""
        if job.id in self._jobs:
            self._jobs[job.id] = ended
        logger.info("%s %s", job.id, ended.status, extra={"action": "job_ended"})
        await asyncio.to_thread(self._store.remove_reference, job)

    async def _sweep(self) -> None:
        while True:
            for job in list(self._jobs.values()):
                try:
                    await self._retire(job, time.time())
                except OSError:
                    logger.exception("%s not swept", job.id, extra={"action": "sweep_failed"})
            await asyncio.sleep(min(_SWEEP_SECONDS, max(_SWEEP_LEAST, self._config.keep_seconds)))

    async def _retire(self, job: VideoJob, now: float) -> None:
        """Remove an expired film, and its record after as long again."""
        if job.is_forgotten(now, self._config.keep_seconds):
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
