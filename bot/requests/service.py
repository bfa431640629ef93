"""The use cases: what can be asked of a film studio, whoever asks and wherever it is shown."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.history import Search
from bot.jobs.models import Render, RenderStatus
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR, OpenCreate, of_running, of_unknown
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.media.container import Container
from bot.media.image import fit_image
from bot.media.input_reference import InputReference
from bot.requests.order import Beside, DiskFull, Limits, Offer, Order, OverLimit, first_render
from bot.runtime.background import Background
from bot.videos.client import VideosClient
from bot.videos.errors import OutcomeUnknown, VideosError
from bot.videos.models import CreateVideo, Video
from bot.videos.spec import ImageSource

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
CANCELLABLE: Final = frozenset(
    {RenderStatus.REQUESTED, RenderStatus.QUEUED, RenderStatus.IN_PROGRESS}
)
"""Not while the create is on the wire: what came of it has to be written down first."""


class RequestService:
    """Requests films and writes down every step before the next is taken."""

    def __init__(
        self,
        *,
        store: JobStore,
        events: JobEvents,
        videos: VideosClient,
        films: FilmStore,
        offer: Callable[[], Offer],
        limits: Limits,
        poll_interval: float,
        deadline: float,
        disk_full: Callable[[], bool],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._offer = offer
        self._deadline = deadline
        self._disk_full = disk_full
        self._store = store
        self._events = events
        self._videos = videos
        self._films = films
        self._limits = limits
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

    async def admit(self, order: Order) -> Render:
        """Write down the intent, before anything is shown or sent.

        Raises PromptProblem, NotOffered, OverLimit, DiskFull, StoreError; then nothing was written.
        """
        render = first_render(order, self.offer, self._clock())
        limits = self._limits
        if self._disk_full():
            raise DiskFull
        if not await self._store.admit(
            render, most_of_user=limits.per_user, most=limits.all_together
        ):
            raise await self._over_limit(order.requester_id)
        return render

    async def _over_limit(self, requester_id: int) -> OverLimit:
        own = await self._store.active_of(requester_id)
        creates, unconfirmed = await self._store.creates.counted_of(requester_id, self._clock())
        cancelled = sum(each.video_id is not None for each in creates)
        unknown = len(creates) - cancelled + unconfirmed
        beside = Beside(cancelled=cancelled, unknown=unknown)
        return OverLimit(own, beside, most_of_user=self._limits.per_user)

    async def shown(self, render: Render, message_id: int) -> Render:
        """The card stands in the channel, as this message.

        Where our own disk fails, the returned job has ended and says so.
        """
        with_card = render.with_card(message_id=message_id)
        try:
            return await self._events.save(render, with_card)
        except StoreError as error:
            return self._unwritten(with_card, error)

    async def drop(self, render: Render) -> None:
        """Forget an intent whose card nobody saw, or of which nothing can come."""
        try:
            await self._store.delete_row(render)
        except StoreError as error:
            _log.error("an intent cannot be dropped yet: %s", error, extra=_of(render))
            self._write_later(render, lambda: self._store.delete_row(render))

    async def attach_image(self, render: Render, data: bytes) -> Render:
        """Bring the reference image to the exact frame and keep its bytes with the job.

        Raises BadImage. Where our own disk fails, the returned job has ended and says so.
        """
        source = _image_of(render)
        fitted = await fit_image(data, name=source.name, size=render.spec.size)
        return await self._keep_image(render, fitted.image, resized=fitted.changed)

    async def copy_image(self, render: Render) -> Render:
        """Keep with this request the image of the one it comes from.

        Raises BadImage. Where the image is gone or our own disk fails, the returned render has
        ended and says so.
        """
        source = _image_of(render)
        origin = await self._store.get(source.request_id or "")
        image = None if origin is None else await self._store.image(origin.request.id)
        if origin is None or image is None:
            return await self.give_up(render, Reason.IMAGE_LOST)
        resized = source.resized
        if origin.spec.size != render.spec.size:
            fitted = await fit_image(image.data, name=image.filename, size=render.spec.size)
            image, resized = fitted.image, resized or fitted.changed
        return await self._keep_image(render, image, resized=resized)

    async def _keep_image(self, render: Render, image: InputReference, *, resized: bool) -> Render:
        source = ImageSource(name=_image_of(render).name, resized=resized)
        with_image = render.with_spec(image=source)
        try:
            await self._store.put_image(render, with_image, image)
        except StoreError as error:
            return self._unwritten(render, error)
        return with_image

    async def send(self, render: Render) -> Render:
        """Create the film on the server, exactly once, and write down what came of it.

        Cancelling the caller does not cancel the create: its outcome is money. Where our own disk
        fails, the returned job says so. A studio that is closing sends nothing more: the next
        start does.
        """
        if self._closing:
            return render
        return await asyncio.shield(
            self._background.spawn(self._send(render), name=f"send {render.id}")
        )

    async def close(self) -> None:
        """Give creates on the wire a moment to be answered and written down."""
        self._closing = True
        await self._aside.close()
        await self._background.close(grace=LAST_WORDS)

    async def _send(self, render: Render) -> Render:
        try:
            request = self._request(render, await self._store.image(render.request.id))
            sending = lifecycle.sending(render, self._clock())
            if not await self._store.save(render, sending):
                _log.error("somebody else has sent this job or ended it", extra=_of(render))
                return render
        except StoreError as error:
            return self._unwritten(render, error)
        except Exception:  # noqa: BLE001 - a request that cannot be built ends in words
            _log.exception("a request cannot be sent", extra=_of(render))
            return await self.give_up(render, Reason.UNFORESEEN)
        after = await self._create(sending, request)
        after = lifecycle.still_in_doubt(render, after, self._clock())
        try:
            return self._reconciled(await self._events.save_surely(sending, after))
        except StoreError:
            lost = lifecycle.unconfirmed(after, Reason.DISK_FAILED, self._clock())
            self._events.changed(sending, lost)
            self._write_later(render, lambda: self._settle(sending, after))
            return lost

    async def _settle(self, sending: Render, after: Render) -> None:
        self._reconciled(await self._events.save(sending, after))

    def _request(self, render: Render, image: InputReference | None) -> CreateVideo:
        return CreateVideo.of(
            render.spec, image=image, extra=self.offer.of(render.spec.model).extra
        )

    async def _create(self, render: Render, request: CreateVideo) -> Render:
        """Create; where the server knows a create by its key, an unanswered one is sent again."""
        for pause in REPEATED_AFTER:
            after = await self._create_once(render, request)
            if after.status is not RenderStatus.UNCONFIRMED or not self._may_repeat(render):
                return after
            await asyncio.sleep(pause)
        return await self._create_once(render, request)

    def _may_repeat(self, render: Render) -> bool:
        """Whether the server answers a create that it knows instead of making a second film."""
        return (
            self._videos.dialect.idempotent
            and render.request.parent_video_id is None
            and not self._closing
        )

    async def _create_once(self, render: Render, request: CreateVideo) -> Render:
        try:
            return await self._bought(render, request)
        except OutcomeUnknown as error:
            _log.error("nobody knows whether a create was taken: %s", error, extra=_of(render))
            return lifecycle.unconfirmed(render, Reason.OUTCOME_UNKNOWN, self._clock())
        except VideosError as error:
            _log.warning("the Videos server took no job: %s", error, extra=_of(render))
            return lifecycle.refused(render, error, self._clock())
        except Exception:  # noqa: BLE001 - whatever it was, the request may have left us
            _log.exception("a create failed in a way nobody foresaw", extra=_of(render))
            return lifecycle.unconfirmed(render, Reason.OUTCOME_UNKNOWN, self._clock())

    async def _bought(self, render: Render, request: CreateVideo) -> Render:
        if render.request.parent_video_id is None:
            reading = await self._videos.create(
                request, self._films.workspace(render.id), key=render.id
            )
        else:
            reading = await self._videos.remix(render.request.parent_video_id, render.spec.prompt)
        pause = self._pause if reading.poll_after is None else reading.poll_after
        after = lifecycle.accepted(render, reading.video, self._clock(), pause)
        if reading.film is not None:
            after = await self._film_came_along(after, reading.film)
        _log.info("the server has job %s as %s", render.id, after.video_id, extra=_of(after))
        return after

    async def _film_came_along(self, render: Render, container: Container) -> Render:
        """Keep the film that was inside the answer to the create."""
        try:
            film = f"{render.id}{container.extension}"
            await self._films.put(self._films.workspace(render.id), film)
        except OSError as error:
            _log.error("the film of a create could not be kept: %s", error, extra=_of(render))
            return render
        return lifecycle.downloaded(render, film)

    def _unwritten(self, render: Render, error: StoreError) -> Render:
        """End, on the card alone, a request that our disk does not take and that is not sent."""
        _log.error("a job is not written down and not sent: %s", error, extra=_of(render))
        after = lifecycle.fail_unsent(render, Reason.DISK_FAILED, self._clock())
        self._events.changed(render, after)
        self._write_later(render, lambda: self._store.save(render, after))
        return after

    def _write_later(self, render: Render, write: Callable[[], Awaitable[object]]) -> None:
        """Write what the disk does not take now once it does; a stop ends the trying."""
        self._aside.spawn(self._until_written(write), name=f"write {render.id}")

    async def _until_written(self, write: Callable[[], Awaitable[object]]) -> None:
        while True:
            await asyncio.sleep(WRITE_AGAIN)
            with suppress(StoreError):
                await write()
                return

    async def resume(self) -> list[Render]:
        """Judge what a stopped process left half-way; return the requests that may still be sent.

        What was on the wire is never sent again by itself, nor is what was to be sent a second
        time: nobody knows what became of the first. A request is sent only while it is fresh;
        whether its card stands is for the caller to find out. Raises StoreError; then it can be
        repeated.
        """
        await self._go_on_looking()
        fresh: list[Render] = []
        for render in await self._store.interrupted():
            now = self._clock()
            in_doubt = render.status is RenderStatus.SENDING or render.sent_at is not None
            if in_doubt and self._may_repeat(render) and lifecycle.is_fresh(render, now):
                fresh.append(await self._events.save(render, lifecycle.requested_again(render)))
            elif in_doubt:
                after = lifecycle.unconfirmed(render, Reason.LOST_WHILE_SENDING, now)
                self._reconciled(await self._events.save(render, after))
            elif not lifecycle.is_fresh(render, now):
                after = lifecycle.fail_unsent(render, Reason.NOT_SENT_BEFORE_RESTART, now)
                await self._events.save(render, after)
            else:
                fresh.append(render)
        return fresh

    async def _go_on_looking(self) -> None:
        """Look for the lost creates of late that a stopped process did not look for to the end."""
        lost = Search(statuses=frozenset({RenderStatus.UNCONFIRMED}))
        for render in await self._store.history(lost, limit=LOOKED_FOR, offset=0):
            if (
                self._clock() - (render.sent_at or render.request.created_at)
                < UNCONFIRMED_COUNTS_FOR
            ):
                self._reconciled(render)

    async def give_up(self, render: Render, reason: Reason) -> Render:
        """End a request that was never sent; one that was sent meanwhile stays as it is."""
        try:
            current = await self._store.get(render.id)
            if current is None or current.status is not RenderStatus.REQUESTED:
                return current or render
            return await self._events.save(
                current, lifecycle.fail_unsent(current, reason, self._clock())
            )
        except StoreError as error:
            return self._unwritten(render, error)

    async def cancel(self, render: Render) -> Render:
        """Stop following a job, and end it on the server where that can be done.

        Returns the job as it stands then: unchanged where it has moved on meanwhile.
        """
        if render.status not in CANCELLABLE:
            return render
        now = self._clock()
        here = lifecycle.cancelled(render, Reason.CANCELLED_HERE, now)
        create = None if render.video_id is None else of_running(render, self._deadline)
        if not await self._end_here(render, here, create):
            return await self._store.get(render.id) or render
        if await self._stopped(render):
            everywhere = here.evolve(reason=Reason.CANCELLED_EVERYWHERE)
            await self._store.save(here, everywhere)
            here = everywhere
            if create is not None:
                await self._store.creates.close([create.id], now)
        self._events.changed(render, here)
        return here

    async def _end_here(self, render: Render, here: Render, create: OpenCreate | None) -> bool:
        """Write an end that the server has not heard of, its create counting on if there is one."""
        if create is None:
            return await self._store.save(render, here)
        return await self._store.abandon(render, here, create)

    async def _stopped(self, render: Render) -> bool:
        """Whether nothing is rendered any more once a cancelled job was deleted on the server.

        A delete that only forgets the job leaves it rendering: it is deleted once it has ended,
        since until then nothing else tells how long it takes up a place.
        """
        if render.video_id is None:
            return render.sent_at is None
        return self._videos.dialect.stops and await self._delete(render.video_id)

    async def delete_upstream(self, render: Render) -> bool:
        """Delete a job on the server; False where it could not be done, or not yet."""
        if render.video_id is None:
            return True
        if await self._store.creates.is_open(render.video_id, self._clock()):
            return False
        return await self._delete(render.video_id)

    async def _delete(self, video_id: str) -> bool:
        try:
            await self._videos.delete(video_id)
        except VideosError as error:
            _log.warning("the server did not delete job %s: %s", video_id, error)
            return False
        return True

    def _reconciled(self, render: Render) -> Render:
        """Have a create of unknown outcome looked for, without anybody having to ask."""
        if render.status is RenderStatus.UNCONFIRMED and not self._closing:
            if (before := self._looking.get(render.id)) is not None:
                before.cancel()
            looking = self._aside.spawn(self._look_for(render), name=f"look for {render.id}")
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
                current = await self._store.get(render.id)
                if current is None or current.status is not RenderStatus.UNCONFIRMED:
                    return
                found = await self.look_again(current)
            except (VideosError, StoreError) as error:
                _log.info("a lost create cannot be looked for: %s", error, extra=_of(render))
                continue
            if found.status is not RenderStatus.UNCONFIRMED:
                _log.info("a lost create was found as %s", found.video_id, extra=_of(found))
                return

    async def look_again(self, render: Render) -> Render:
        """Look for an unconfirmed job in the server's list; take it up where exactly one fits.

        Not while another request for the same film is on its way: the one found may be its own.
        Raises VideosError where the server does not list.
        """
        on_the_way = await self._store.interrupted()
        if any(other.spec.prompt == render.spec.prompt for other in on_the_way):
            return render
        found: list[Video] = []
        after: str | None = None
        for _ in range(LOOK_PAGES):
            page = await self._videos.list(after=after)
            found += [video for video in page.data if lifecycle.may_be(render, video)]
            after = page.last_id
            if not page.has_more or after is None:
                break
        known = await self._store.are_known([video.id for video in found])
        unknown = [video for video in found if video.id not in known]
        if len(unknown) != 1:
            return render
        return await self._events.save(render, lifecycle.found(render, unknown[0], self._clock()))

    async def admit_again(self, render: Render) -> Render | None:
        """Write down that an unconfirmed request is to be sent once more; for `send`.

        Once per unknown outcome: None where the job has moved on meanwhile. The first create goes
        on counting beside the second. Raises OverLimit, DiskFull, StoreError; then it stands as it
        did.
        """
        if render.status is not RenderStatus.UNCONFIRMED:
            return None
        if self._disk_full():
            raise DiskFull
        again = lifecycle.requested_again(render)
        limits = self._limits
        if await self._store.admit_again(
            render,
            again,
            of_unknown(render),
            now=self._clock(),
            most_of_user=limits.per_user,
            most=limits.all_together,
        ):
            return again
        current = await self._store.get(render.id)
        if current is None or (current.status, current.sent_at) != (render.status, render.sent_at):
            return None
        raise await self._over_limit(render.request.requester_id)

    async def was_sent_before(self, render: Render) -> bool:
        """Whether an earlier create of this job is still counted. Raises StoreError."""
        return await self._store.creates.was_sent_before(render)

    async def abandon(self, render: Render) -> Render:
        """Drop an unconfirmed request: whatever the server does, nobody waits for it.

        It goes on counting as long as it would have: the server may be rendering it.
        """
        if render.status is not RenderStatus.UNCONFIRMED:
            return render
        dropped = lifecycle.cancelled(render, Reason.ABANDONED, self._clock())
        if not await self._store.abandon(render, dropped, of_unknown(render)):
            return await self._store.get(render.id) or render
        self._events.changed(render, dropped)
        return dropped

    async def resume_polling(self, render: Render) -> Render:
        """Take one more look at a job that was given up at its deadline."""
        if render.reason != Reason.OVERDUE:
            return render
        return await self._events.save(render, lifecycle.polling_resumed(render, self._clock()))


def _image_of(render: Render) -> ImageSource:
    assert render.spec.image is not None, "asked only of one with an image"  # noqa: S101
    return render.spec.image


def _of(render: Render) -> dict[str, object]:
    return render.log_context()
