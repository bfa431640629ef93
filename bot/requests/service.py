"""The use cases: what can be asked of a film studio, whoever asks and wherever it is shown."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final, cast

from bot.jobs import lifecycle
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Job, JobChange, JobStatus
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR, OpenCreate, of_running, of_unknown
from bot.jobs.store import JobStore, Search, StoreError
from bot.media.container import Container
from bot.media.image import fit_image
from bot.media.input_reference import InputReference
from bot.requests.order import Beside, DiskFull, Limits, Offer, Order, OverLimit, job_of
from bot.runtime.background import Background
from bot.videos.client import VideosClient
from bot.videos.errors import OutcomeUnknown, VideosError
from bot.videos.models import CreateVideo, Video

_log = logging.getLogger(__name__)

LAST_WORDS: Final = 4.0
"""Seconds a stopping bot waits for creates on the wire; Docker kills after ten."""
WRITE_AGAIN: Final = 30.0
"""Seconds between two tries to write down what the disk did not take."""
LOOKS_AFTER: Final = (1.0, 5.0, 30.0)
"""Seconds between the looks for a create of unknown outcome in the server's list, by itself."""
REPEATED_AFTER: Final = (1.0, 5.0)
"""Seconds before a create of unknown outcome is sent again under its key, where that is safe."""
LOOKED_FOR: Final = 20
"""Creates of unknown outcome that a start looks for, at the most: the newest."""
LOOK_PAGES: Final = 3
"""Pages of the server's list that a lost create is looked for in: the newest 300 jobs."""
CANCELLABLE: Final = frozenset({JobStatus.REQUESTED, JobStatus.QUEUED, JobStatus.IN_PROGRESS})
"""Not while the create is on the wire: what came of it has to be written down first."""


class RequestService:
    """Requests films and writes down every step before the next is taken."""

    def __init__(
        self,
        *,
        store: JobStore,
        ledger: JobEvents,
        videos: VideosClient,
        films: FilmStore,
        offer: Callable[[], Offer],
        limits: Limits,
        announce: Callable[[JobChange], None],
        poll_interval: float,
        deadline: float,
        disk_full: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._offer = offer
        self._deadline = deadline
        self._disk_full = disk_full
        self._store = store
        self._events = ledger
        self._videos = videos
        self._films = films
        self._limits = limits
        self._announce = announce
        self._pause = poll_interval
        self._clock = clock
        self._background = Background()
        self._aside = Background()
        self._closing = False
        self._looking: dict[str, asyncio.Task[None]] = {}

    @property
    def offer(self) -> Offer:
        """What may be chosen now: a server that was away may have more to offer than before."""
        return self._offer()

    async def admit(self, order: Order) -> Job:
        """Write down the intent, before anything is shown or sent.

        Raises PromptProblem, NotOffered, OverLimit, DiskFull, StoreError; then nothing was written.
        """
        job = job_of(order, self.offer, self._clock())
        limits = self._limits
        if self._disk_full():
            raise DiskFull
        if not await self._store.admit(job, most_of_user=limits.per_user, most=limits.all_together):
            raise await self._over_limit(order.requester_id)
        return job

    async def _over_limit(self, requester_id: int) -> OverLimit:
        own = await self._store.active_of(requester_id)
        creates, unconfirmed = await self._store.counted_of(requester_id, self._clock())
        cancelled = sum(each.video_id is not None for each in creates)
        unknown = len(creates) - cancelled + unconfirmed
        beside = Beside(cancelled=cancelled, unknown=unknown)
        return OverLimit(own, beside, most_of_user=self._limits.per_user)

    async def shown(self, job: Job, message_id: int) -> Job:
        """The card stands in the channel, as this message.

        Where our own disk fails, the returned job has ended and says so.
        """
        with_card = job.evolve(message_id=message_id)
        try:
            return await self._events.save(job, with_card)
        except StoreError as error:
            return self._unwritten(with_card, error)

    async def drop(self, job: Job) -> None:
        """Forget an intent whose card nobody saw, or of which nothing can come."""
        try:
            await self._store.drop(job)
        except StoreError as error:
            _log.error("an intent cannot be dropped yet: %s", error, extra=_of(job))
            self._write_later(job, lambda: self._store.drop(job))

    async def attach_image(self, job: Job, data: bytes) -> Job:
        """Bring the reference image to the exact frame and keep its bytes with the job.

        Raises BadImage. Where our own disk fails, the returned job has ended and says so.
        """
        fitted = await fit_image(data, name=job.image_name or "image", size=job.size)
        with_image = job.evolve(image_url=None, image_fitted=fitted.changed)
        try:
            await self._store.put_image(job, with_image, fitted.image)
        except StoreError as error:
            return self._unwritten(job, error)
        return with_image

    async def copy_image(self, job: Job) -> Job:
        """Keep with this job the image of the one it came from, if that had one.

        Raises BadImage. Where the image is gone or our own disk fails, the returned job has ended
        and says so.
        """
        origin = await self._store.get(cast("str", job.image_of))
        image = None if origin is None else await self._store.image(origin)
        if origin is None or image is None:
            if job.image_name is not None:
                return await self.give_up(job, lifecycle.IMAGE_LOST)
            return job.evolve(image_of=None)
        changed = origin.image_fitted
        if origin.size != job.size:
            fitted = await fit_image(image.data, name=image.filename, size=job.size)
            image, changed = fitted.image, changed or fitted.changed
        with_image = job.evolve(image_of=None, image_fitted=changed)
        try:
            await self._store.put_image(job, with_image, image)
        except StoreError as error:
            return self._unwritten(job, error)
        return with_image

    async def send(self, job: Job) -> Job:
        """Create the film on the server, exactly once, and write down what came of it.

        Cancelling the caller does not cancel the create: its outcome is money. Where our own disk
        fails, the returned job says so. A studio that is closing sends nothing more: the next
        start does.
        """
        if self._closing:
            return job
        return await asyncio.shield(self._background.spawn(self._send(job), name=f"send {job.id}"))

    async def close(self) -> None:
        """Give creates on the wire a moment to be answered and written down."""
        self._closing = True
        await self._aside.close()
        await self._background.close(grace=LAST_WORDS)

    async def _send(self, job: Job) -> Job:
        try:
            request = self._request(job, await self._store.image(job))
            sending = lifecycle.sending(job, self._clock())
            if not await self._store.save(job, sending):
                _log.error("somebody else has sent this job or ended it", extra=_of(job))
                return job
        except StoreError as error:
            return self._unwritten(job, error)
        except Exception:  # noqa: BLE001 - a request that cannot be built ends in words
            _log.exception("a request cannot be sent", extra=_of(job))
            return await self.give_up(job, lifecycle.UNFORESEEN)
        after = await self._create(sending, request)
        after = lifecycle.still_in_doubt(job, after, self._clock())
        try:
            return self._reconciled(await self._events.save_surely(sending, after))
        except StoreError:
            lost = lifecycle.unconfirmed(after, lifecycle.DISK_FAILED, self._clock())
            self._announce(JobChange(sending, lost))
            self._write_later(job, lambda: self._settle(sending, after))
            return lost

    async def _settle(self, sending: Job, after: Job) -> None:
        self._reconciled(await self._events.save(sending, after))

    def _request(self, job: Job, image: InputReference | None) -> CreateVideo:
        return CreateVideo(
            prompt=job.prompt,
            model=job.model,
            size=job.size,
            seconds=job.seconds,
            input_reference=image,
            extra=self.offer.of(job.model).extra,
        )

    async def _create(self, job: Job, request: CreateVideo) -> Job:
        """Create; where the server knows a create by its key, an unanswered one is sent again."""
        for pause in REPEATED_AFTER:
            after = await self._create_once(job, request)
            if after.status is not JobStatus.UNCONFIRMED or not self._may_repeat(job):
                return after
            await asyncio.sleep(pause)
        return await self._create_once(job, request)

    def _may_repeat(self, job: Job) -> bool:
        """Whether the server answers a create that it knows instead of making a second film."""
        return self._videos.dialect.idempotent and job.remix_of is None and not self._closing

    async def _create_once(self, job: Job, request: CreateVideo) -> Job:
        try:
            return await self._bought(job, request)
        except OutcomeUnknown as error:
            _log.error("nobody knows whether a create was taken: %s", error, extra=_of(job))
            return lifecycle.unconfirmed(job, error.code, self._clock())
        except VideosError as error:
            _log.warning("the Videos server took no job: %s", error, extra=_of(job))
            return lifecycle.refused(job, error, self._clock())
        except Exception:  # noqa: BLE001 - whatever it was, the request may have left us
            _log.exception("a create failed in a way nobody foresaw", extra=_of(job))
            return lifecycle.unconfirmed(job, OutcomeUnknown.code, self._clock())

    async def _bought(self, job: Job, request: CreateVideo) -> Job:
        if job.remix_of is None:
            reading = await self._videos.create(request, self._films.workspace(job.id), key=job.id)
        else:
            reading = await self._videos.remix(job.remix_of, job.prompt)
        pause = self._pause if reading.poll_after is None else reading.poll_after
        after = lifecycle.accepted(job, reading.video, self._clock(), pause)
        if reading.film is not None:
            after = await self._film_came_along(after, reading.film)
        _log.info("the server has job %s as %s", job.id, after.video_id, extra=_of(after))
        return after

    async def _film_came_along(self, job: Job, container: Container) -> Job:
        """Keep the film that was inside the answer to the create."""
        try:
            film = f"{job.id}{container.extension}"
            await self._films.put(self._films.workspace(job.id), film)
        except OSError as error:
            _log.error("the film of a create could not be kept: %s", error, extra=_of(job))
            return job
        return lifecycle.downloaded(job, film)

    def _unwritten(self, job: Job, error: StoreError) -> Job:
        """End, on the card alone, a request that our disk does not take and that is not sent."""
        _log.error("a job is not written down and not sent: %s", error, extra=_of(job))
        after = lifecycle.not_sent(job, lifecycle.DISK_FAILED, self._clock())
        self._announce(JobChange(job, after))
        self._write_later(job, lambda: self._store.save(job, after))
        return after

    def _write_later(self, job: Job, write: Callable[[], Awaitable[object]]) -> None:
        """Write what the disk does not take now once it does; a stop ends the trying."""
        self._aside.spawn(self._until_written(write), name=f"write {job.id}")

    async def _until_written(self, write: Callable[[], Awaitable[object]]) -> None:
        while True:
            await asyncio.sleep(WRITE_AGAIN)
            with suppress(StoreError):
                await write()
                return

    async def resume(self) -> list[Job]:
        """Judge what a stopped process left half-way; return the requests that may still be sent.

        What was on the wire is never sent again by itself, nor is what was to be sent a second
        time: nobody knows what became of the first. A request is sent only while it is fresh;
        whether its card stands is for the caller to find out. Raises StoreError; then it can be
        repeated.
        """
        await self._go_on_looking()
        fresh: list[Job] = []
        for job in await self._store.interrupted():
            now = self._clock()
            in_doubt = job.status is JobStatus.SENDING or job.sent_at is not None
            if in_doubt and self._may_repeat(job) and lifecycle.fresh(job, now):
                fresh.append(await self._events.save(job, lifecycle.requested_again(job)))
            elif in_doubt:
                after = lifecycle.unconfirmed(job, lifecycle.LOST_WHILE_SENDING, now)
                self._reconciled(await self._events.save(job, after))
            elif not lifecycle.fresh(job, now):
                after = lifecycle.not_sent(job, lifecycle.NOT_SENT_BEFORE_RESTART, now)
                await self._events.save(job, after)
            else:
                fresh.append(job)
        return fresh

    async def _go_on_looking(self) -> None:
        """Look for the lost creates of late that a stopped process did not look for to the end."""
        lost = Search(statuses=frozenset({JobStatus.UNCONFIRMED}))
        for job in await self._store.history(lost, limit=LOOKED_FOR, offset=0):
            if self._clock() - (job.sent_at or job.created_at) < UNCONFIRMED_COUNTS_FOR:
                self._reconciled(job)

    async def give_up(self, job: Job, code: str) -> Job:
        """End a request that was never sent; one that was sent meanwhile stays as it is."""
        try:
            current = await self._store.get(job.id)
            if current is None or current.status is not JobStatus.REQUESTED:
                return current or job
            return await self._events.save(
                current, lifecycle.not_sent(current, code, self._clock())
            )
        except StoreError as error:
            return self._unwritten(job, error)

    async def cancel(self, job: Job) -> Job:
        """Stop following a job, and end it on the server where that can be done.

        Returns the job as it stands then: unchanged where it has moved on meanwhile.
        """
        if job.status not in CANCELLABLE:
            return job
        now = self._clock()
        here = lifecycle.cancelled(job, lifecycle.CANCELLED_HERE, now)
        create = None if job.video_id is None else of_running(job, self._deadline)
        if not await self._end_here(job, here, create):
            return await self._store.get(job.id) or job
        if await self._stopped(job):
            everywhere = here.evolve(error_code=lifecycle.CANCELLED_EVERYWHERE)
            await self._store.save(here, everywhere)
            here = everywhere
            if create is not None:
                await self._store.close_creates([create.id], now)
        self._announce(JobChange(job, here))
        return here

    async def _end_here(self, job: Job, here: Job, create: OpenCreate | None) -> bool:
        """Write an end that the server has not heard of, its create counting on if there is one."""
        if create is None:
            return await self._store.save(job, here)
        return await self._store.abandon(job, here, create)

    async def _stopped(self, job: Job) -> bool:
        """Whether nothing is rendered any more once a cancelled job was deleted on the server.

        A delete that only forgets the job leaves it rendering: it is deleted once it has ended,
        since until then nothing else tells how long it takes up a place.
        """
        if job.video_id is None:
            return job.sent_at is None
        return self._videos.dialect.stops and await self._delete(job.video_id)

    async def delete_upstream(self, job: Job) -> bool:
        """Delete a job on the server; False where it could not be done, or not yet."""
        if job.video_id is None:
            return True
        if await self._store.is_open(job.video_id, self._clock()):
            return False
        return await self._delete(job.video_id)

    async def _delete(self, video_id: str) -> bool:
        try:
            await self._videos.delete(video_id)
        except VideosError as error:
            _log.warning("the server did not delete job %s: %s", video_id, error)
            return False
        return True

    def _reconciled(self, job: Job) -> Job:
        """Have a create of unknown outcome looked for, without anybody having to ask."""
        if job.status is JobStatus.UNCONFIRMED and not self._closing:
            if (before := self._looking.get(job.id)) is not None:
                before.cancel()
            looking = self._aside.spawn(self._look_for(job), name=f"look for {job.id}")
            self._looking[job.id] = looking
            looking.add_done_callback(partial(self._has_looked, job.id))
        return job

    def _has_looked(self, job_id: str, looking: asyncio.Task[None]) -> None:
        if self._looking.get(job_id) is looking:
            del self._looking[job_id]

    async def _look_for(self, job: Job) -> None:
        for wait in LOOKS_AFTER:
            await asyncio.sleep(wait)
            try:
                current = await self._store.get(job.id)
                if current is None or current.status is not JobStatus.UNCONFIRMED:
                    return
                found = await self.look_again(current)
            except (VideosError, StoreError) as error:
                _log.info("a lost create cannot be looked for: %s", error, extra=_of(job))
                continue
            if found.status is not JobStatus.UNCONFIRMED:
                _log.info("a lost create was found as %s", found.video_id, extra=_of(found))
                return

    async def look_again(self, job: Job) -> Job:
        """Look for an unconfirmed job in the server's list; take it up where exactly one fits.

        Not while another request for the same film is on its way: the one found may be its own.
        Raises VideosError where the server does not list.
        """
        on_the_way = await self._store.interrupted()
        if any(other.prompt == job.prompt for other in on_the_way):
            return job
        found: list[Video] = []
        after: str | None = None
        for _ in range(LOOK_PAGES):
            page = await self._videos.list(after=after)
            found += [video for video in page.data if lifecycle.may_be(job, video)]
            after = page.last_id
            if not page.has_more or after is None:
                break
        known = await self._store.are_known([video.id for video in found])
        unknown = [video for video in found if video.id not in known]
        if len(unknown) != 1:
            return job
        return await self._events.save(job, lifecycle.found(job, unknown[0], self._clock()))

    async def admit_again(self, job: Job) -> Job | None:
        """Write down that an unconfirmed request is to be sent once more; for `send`.

        Once per unknown outcome: None where the job has moved on meanwhile. The first create goes
        on counting beside the second. Raises OverLimit, DiskFull, StoreError; then it stands as it
        did.
        """
        if job.status is not JobStatus.UNCONFIRMED:
            return None
        if self._disk_full():
            raise DiskFull
        again = lifecycle.requested_again(job)
        limits = self._limits
        if await self._store.admit_again(
            job,
            again,
            of_unknown(job),
            now=self._clock(),
            most_of_user=limits.per_user,
            most=limits.all_together,
        ):
            return again
        current = await self._store.get(job.id)
        if current is None or (current.status, current.sent_at) != (job.status, job.sent_at):
            return None
        raise await self._over_limit(job.requester_id)

    async def was_sent_before(self, job: Job) -> bool:
        """Whether an earlier create of this job is still counted. Raises StoreError."""
        return await self._store.was_sent_before(job)

    async def abandon(self, job: Job) -> Job:
        """Drop an unconfirmed request: whatever the server does, nobody waits for it.

        It goes on counting as long as it would have: the server may be rendering it.
        """
        if job.status is not JobStatus.UNCONFIRMED:
            return job
        dropped = lifecycle.cancelled(job, lifecycle.DROPPED, self._clock())
        if not await self._store.abandon(job, dropped, of_unknown(job)):
            return await self._store.get(job.id) or job
        self._announce(JobChange(job, dropped))
        return dropped

    async def resume_polling(self, job: Job) -> Job:
        """Take one more look at a job that was given up at its deadline."""
        if job.error_code != lifecycle.OVERDUE:
            return job
        return await self._events.save(job, lifecycle.watched_again(job, self._clock()))


def _of(job: Job) -> dict[str, object]:
    return job.log_context()
