"""The film's way from the server to the people: fetched, handed over, written down."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Fallback, Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from bot.transport.result import Outcome, PutResult
from bot.videos.client import VideosClient
from bot.videos.errors import (
    FilmNotReady,
    FilmWithheld,
    NotSent,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.wire import HasRoom

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, kw_only=True)
class DeliveryService:
    """Fetches films and writes down what becomes of them, and of the cards they belong to."""

    store: JobStore
    events: JobEvents
    videos: VideosClient
    films: FilmStore
    poll_interval: float
    has_room: HasRoom | None = None
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        self._told_of_key = False
        # Films that are in the chat although our disk does not take that.
        self._delivered: dict[str, tuple[Render, Render]] = {}

    async def offer_kept(
        self, reason: Reason, *, where: Callable[[Render], bool] | None = None
    ) -> None:
        """Deliver again what was kept because of `reason`; all, or `where` it is so."""
        for render in await self.store.undelivered(reason):
            if where is None or where(render):
                await self.redeliver(render)

    async def outdated_cards(self, *, where: Callable[[Render], bool]) -> list[Render]:
        """Return the jobs whose card was closed and shows an earlier state, `where` it is so."""
        outdated = await self.store.outdated_cards(self.clock() + lifecycle.CARD_RETRIED_FOR)
        return [
            render
            for render in outdated
            if render.card.fallback is Fallback.DIRECT and where(render)
        ]

    async def film_lost(self, render: Render) -> Render:
        """The message was seen without the film that was delivered into it."""
        if render.status is not RenderStatus.DELIVERED:
            return render
        _log.warning("a message has lost its film", extra=render.log_context())
        return await self.events.save(render, lifecycle.film_lost(render, self.clock()))

    async def redeliver(self, render: Render, *, limit: int | None = None) -> Render:
        """Offer an undelivered film again; `limit` are the bytes the bot may upload there now."""
        if render.status is not RenderStatus.UNDELIVERED:
            return render
        return await self.events.save(render, lifecycle.offered_again(render, self.clock(), limit))

    def has_arrived(self, render: Render) -> bool:
        """Whether the film is in the chat, although our disk does not take that yet."""
        return render.id in self._delivered

    async def fetch_film(self, render: Render) -> Render:
        """Download a completed job's film, unless it is here already.

        The returned job has `film` set, or waits for another try and says why, or is undelivered;
        or was delivered before, which could not be written down then.
        """
        if render.id in self._delivered:
            after = await self.events.save_surely(*self._delivered[render.id])
            del self._delivered[render.id]
            return after
        if render.film is not None and await self.films.size(render.film):
            return render
        assert render.video_id is not None, "a completed job has the id its create answered"  # noqa: S101
        raw = self.films.workspace(render.id)
        try:
            container = await self.videos.download(
                render.video_id, raw, film_url=render.film_url, has_room=self.has_room
            )
            film = f"{render.id}{container.extension}"
            await self.films.put(raw, film)
            after = lifecycle.downloaded(render, film)
        except VideosError as error:
            self._tell(render, error)
            wait = error.retry_after if isinstance(error, FilmNotReady | Unavailable) else None
            after = lifecycle.download_failed(render, error, self.clock(), self.poll_interval, wait)
            return await self.events.save(render, after)
        except OSError as error:
            return await self.disk_full(render, error)
        return await self.events.save(render, after)

    def _tell(self, render: Render, error: VideosError) -> None:
        """Log why a film did not arrive, as often as that is news."""
        if isinstance(error, FilmWithheld) and not self._told_of_key:
            self._told_of_key = True
            _log.error(
                "VIDEOS_API_KEY opens jobs on the Videos server but not their videos (%s); "
                "check what this key is allowed to do there",
                error,
            )
        is_away = isinstance(error, Unavailable | NotSent | Unauthorized)
        since = render.unreachable_since if is_away else render.film_late_since
        level = logging.WARNING if since is None else logging.DEBUG
        _log.log(level, "the film did not arrive: %s", error.logged, extra=render.log_context())

    async def delivered(
        self,
        render: Render,
        *,
        as_shown: Render | None = None,
        result: PutResult | None = None,
    ) -> Render:
        """Save that Discord shows the film, as `result` says; without one, nobody wants it there.

        `as_shown` is the render as the message shows it.
        """
        result = result or PutResult(outcome=Outcome.GONE)
        message_id = result.message_id or render.card.message_id
        moved = (as_shown or render).with_card(message_id=message_id)
        after = lifecycle.delivered(moved, result.attachment_id, self.clock())
        if result.fallback is not None:
            after = lifecycle.card_outdated(after, result.fallback, self.clock())
        try:
            return await self.events.save_surely(render, after)
        except StoreError:
            self._delivered[render.id] = (render, after)
            raise

    async def found_too_large(self, render: Render, size: int) -> Render:
        """Discord did not take a file of `size` bytes; smaller ones may be tried."""
        _log.warning("Discord does not accept a file of %d bytes", size, extra=render.log_context())
        return await self.events.save(render, lifecycle.found_too_large(render, size))

    async def fallback_begun(self, render: Render, fallback: Fallback) -> Render:
        """Save which message replaces an edit of the card, before anything is sent there.

        `render` may be as it will be: its row is found by its id.
        """
        now = self.clock()
        current = await self.store.get(render.id)
        if current is not None:
            await self.store.save(current, current.with_card(fallback=fallback, fallback_at=now))
        return render.with_card(fallback=fallback, fallback_at=now)

    async def token_died(self, render: Render) -> Render:
        """Discord no longer accepts the interaction's token: forget it before its time."""
        without = render.with_card(interaction_token=None)
        await self.store.save(render, without)
        return without

    async def undeliverable(self, render: Render, reason: Reason) -> Render:
        """The film has no way into the chat; it stays on disk."""
        _log.warning("a film cannot be posted and is kept: %s", reason, extra=render.log_context())
        return await self.events.save_surely(
            render, lifecycle.undeliverable(render, reason, self.clock())
        )

    async def refused(self, render: Render, reason: Reason, cause: str) -> Render:
        """Discord refuses the film everywhere: it stays on disk, and its card says so.

        A fallback that was begun for it holds nothing, so the card is tried first again.
        """
        _log.warning("a film is refused and kept: %s", cause, extra=render.log_context())
        current = await self.store.get(render.id) or render
        after = lifecycle.undeliverable(current, reason, self.clock())
        if render.card.fallback is None:
            after = after.with_card(fallback=None, fallback_at=None)
        return await self.events.save_surely(current, after)

    async def disk_full(self, render: Render, error: Exception) -> Render:
        """Our disk does not take the film, or a copy of it that fits; the poller brings it up."""
        _log.error("a film cannot be written to disk: %s", error, extra=render.log_context())
        return await self.events.save(
            render, lifecycle.disk_full(render, self.clock(), self.poll_interval)
        )

    async def postpone(self, render: Render) -> Render:
        """Discord did not take the film this time; the poller brings the job up again."""
        after = lifecycle.postponed(render, self.clock(), self.poll_interval)
        return await self.events.save(render, after)

    async def failed(self, render: Render, reason: Reason) -> Render:
        """The film was refused, or could not be offered by a fault of ours: not for ever."""
        after = lifecycle.delivery_failed(render, reason, self.clock(), self.poll_interval)
        return await self.events.save(render, after)
