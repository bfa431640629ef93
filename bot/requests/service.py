"""RequestService: sends the creates of requests, each exactly once."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.media.container import Container
from bot.media.image import fit_image
from bot.media.input_reference import InputReference
from bot.requests.admission import (
    Offer,
)
from bot.requests.lost_creates import LostCreates
from bot.runtime.background import Background
from bot.videos.client import VideosClient
from bot.videos.errors import OutcomeUnknown, VideosError
from bot.videos.models import CreateVideo
from bot.videos.spec import ImageSource

_log = logging.getLogger(__name__)

LAST_WORDS: Final = 4.0
"""Seconds a stopping bot waits for creates on the wire; Docker kills after ten."""
WRITE_AGAIN: Final = 30.0
"""Seconds between two tries to write down what the disk did not take."""
REPEATED_AFTER: Final = (1.0, 5.0)
"""Seconds before a create of unknown outcome is sent again under its key, where that is safe."""


@dataclass(eq=False, repr=False, kw_only=True)
class RequestService:
    """Requests films and writes down every step before the next is taken."""

    store: JobStore
    events: JobEvents
    videos: VideosClient
    films: FilmStore
    offer: Callable[[], Offer]
    """What may be chosen now: a server that was away may have more to offer than before."""
    poll_interval: float
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._background = Background()
        self._aside = Background()
        self._closing = False
        self._lost = LostCreates(
            store=self.store, events=self.events, videos=self.videos, clock=self.clock
        )

    async def shown(self, render: Render, message_id: int) -> Render:
        """Save which message is the card.

        Where our own disk fails, the returned job has ended and says so.
        """
        with_card = render.with_card(message_id=message_id)
        try:
            return await self.events.save(render, with_card)
        except StoreError as error:
            return self._unwritten(with_card, error)

    async def drop(self, render: Render) -> None:
        """Delete a request whose card was never seen, or that cannot be sent."""
        try:
            await self.store.accounting.delete(render, self.clock())
        except StoreError as error:
            _log.error("a request cannot be deleted yet: %s", error, extra=render.log_context())
            self._write_later(render, lambda: self.store.accounting.delete(render, self.clock()))

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
        origin = await self.store.get(source.request_id or "")
        image = None if origin is None else await self.store.image(origin.request.id)
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
            await self.store.put_image(render, with_image, image)
        except StoreError as error:
            return self._unwritten(render, error)
        return with_image

    async def send(self, render: Render) -> Render:
        """Create the film on the server, exactly once, and write down what came of it.

        Cancelling the caller does not cancel the create: its outcome is money. Where our own disk
        fails, the returned job says so. A service that is closing sends nothing more: the next
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
        await self._lost.close()
        await self._aside.close()
        await self._background.close(grace=LAST_WORDS)

    async def _send(self, render: Render) -> Render:
        try:
            image = await self.store.image(render.request.id)
            if image is None and render.spec.image is not None:
                return await self.give_up(render, Reason.IMAGE_LOST)
            request = self._request(render, image)
            sending = lifecycle.sending(render, self.clock())
            if not await self.store.save(render, sending):
                _log.error("this render was sent or ended already", extra=render.log_context())
                return render
        except StoreError as error:
            return self._unwritten(render, error)
        except Exception:  # noqa: BLE001 - it left us unsent, whatever it was
            _log.exception("a request cannot be sent", extra=render.log_context())
            return await self.give_up(render, Reason.UNFORESEEN)
        after = await self._create(sending, request)
        after = lifecycle.still_in_doubt(render, after, self.clock())
        try:
            return self._lost.reconciled(await self.events.save_surely(sending, after))
        except StoreError:
            lost = lifecycle.unconfirmed(after, Reason.DISK_FAILED, self.clock())
            self.events.changed(sending, lost)
            self._write_later(render, lambda: self._settle(sending, after))
            return lost

    async def _settle(self, sending: Render, after: Render) -> None:
        self._lost.reconciled(await self.events.save(sending, after))

    def _request(self, render: Render, image: InputReference | None) -> CreateVideo:
        return CreateVideo.of(
            render.spec, image=image, extra=self.offer().of(render.spec.model).extra
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
            self.videos.dialect.idempotent
            and render.request.parent_video_id is None
            and not self._closing
        )

    async def _create_once(self, render: Render, request: CreateVideo) -> Render:
        try:
            return await self._bought(render, request)
        except OutcomeUnknown as error:
            _log.error("the outcome of a create is unknown: %s", error, extra=render.log_context())
            return lifecycle.unconfirmed(render, Reason.OUTCOME_UNKNOWN, self.clock())
        except VideosError as error:
            _log.warning("a create was not accepted: %s", error.logged, extra=render.log_context())
            return lifecycle.refused(render, error, self.clock())
        except Exception:  # noqa: BLE001 - whatever it was, the request may have left us
            _log.exception("a create failed unexpectedly", extra=render.log_context())
            return lifecycle.unconfirmed(render, Reason.OUTCOME_UNKNOWN, self.clock())

    async def _bought(self, render: Render, request: CreateVideo) -> Render:
        if render.request.parent_video_id is None:
            reading = await self.videos.create(
                request, self.films.workspace(render.id), key=render.id
            )
        else:
            reading = await self.videos.remix(render.request.parent_video_id, render.spec.prompt)
        pause = self.poll_interval if reading.poll_after is None else reading.poll_after
        after = lifecycle.accepted(render, reading.video, self.clock(), pause)
        if reading.film is not None:
            after = await self._film_came_along(after, reading.film)
        _log.info(
            "the server has job %s as %s", render.id, after.video_id, extra=after.log_context()
        )
        return after

    async def _film_came_along(self, render: Render, container: Container) -> Render:
        """Keep the film that was inside the answer to the create."""
        try:
            film = f"{render.id}{container.extension}"
            await self.films.put(self.films.workspace(render.id), film)
        except OSError as error:
            _log.error(
                "the film of a create could not be kept: %s", error, extra=render.log_context()
            )
            return render
        return lifecycle.downloaded(render, film)

    def _unwritten(self, render: Render, error: StoreError) -> Render:
        """End, on the card alone, a request that our disk does not take and that is not sent."""
        _log.error(
            "a request could not be saved and was not sent: %s", error, extra=render.log_context()
        )
        after = lifecycle.fail_unsent(render, Reason.DISK_FAILED, self.clock())
        self.events.changed(render, after)
        self._write_later(render, lambda: self.store.save(render, after))
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
        await self._lost.resume()
        fresh: list[Render] = []
        for render in await self.store.interrupted():
            now = self.clock()
            in_doubt = render.status is RenderStatus.SENDING or render.sent_at is not None
            if in_doubt and self._may_repeat(render) and render.request.is_fresh(now):
                fresh.append(await self.events.save(render, lifecycle.requested_again(render)))
            elif in_doubt:
                after = lifecycle.unconfirmed(render, Reason.LOST_WHILE_SENDING, now)
                self._lost.reconciled(await self.events.save(render, after))
            elif not render.request.is_fresh(now):
                after = lifecycle.fail_unsent(render, Reason.NOT_SENT_BEFORE_RESTART, now)
                await self.events.save(render, after)
            else:
                fresh.append(render)
        return fresh

    async def give_up(self, render: Render, reason: Reason) -> Render:
        """End a request that was never sent; one that was sent meanwhile stays as it is."""
        try:
            current = await self.store.get(render.id)
            if current is None or current.status is not RenderStatus.REQUESTED:
                return current or render
            return await self.events.save(
                current, lifecycle.fail_unsent(current, reason, self.clock())
            )
        except StoreError as error:
            return self._unwritten(render, error)

    async def look_again(self, render: Render) -> Render:
        """Look for an unconfirmed create in the server's list; as LostCreates.look_again."""
        return await self._lost.look_again(render)

    async def was_sent_before(self, render: Render) -> bool:
        """Whether an earlier create of this job is still counted. Raises StoreError."""
        return await self.store.creates.was_sent_before(render)

    async def resume_polling(self, render: Render) -> Render:
        """Take one more look at a job that was given up at its deadline."""
        if render.reason != Reason.OVERDUE:
            return render
        return await self.events.save(render, lifecycle.polling_resumed(render, self.clock()))


def _image_of(render: Render) -> ImageSource:
    assert render.spec.image is not None, "asked only of one with an image"  # noqa: S101
    return render.spec.image
