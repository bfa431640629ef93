"""The film's way from the server to the people: fetched, handed over, written down."""

import logging
import time
from collections.abc import Callable

from bot.jobs import lifecycle
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Fallback, Job, JobStatus
from bot.jobs.store import JobStore, StoreError
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


class DeliveryService:
    """Fetches films and writes down what becomes of them, and of the cards they belong to."""

    def __init__(
        self,
        *,
        store: JobStore,
        ledger: JobEvents,
        videos: VideosClient,
        films: FilmStore,
        poll_interval: float,
        has_room: HasRoom | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._events = ledger
        self._videos = videos
        self._films = films
        self._pause = poll_interval
        self._has_room = has_room
        self._told_of_key = False
        self._clock = clock
        # Films that are in the chat although our disk does not take that.
        self._delivered: dict[str, tuple[Job, Job]] = {}

    async def offer_kept(self, code: str, *, where: Callable[[Job], bool] | None = None) -> None:
        """Offer once more the films that were kept because of `code`; all, or `where` it is so."""
        for job in await self._store.undelivered(code):
            if where is None or where(job):
                await self.redeliver(job)

    async def left_cards(self, *, where: Callable[[Job], bool]) -> list[Job]:
        """Return the jobs whose card was closed and shows an earlier state, `where` it is so."""
        left = await self._store.left_cards(self._clock() + lifecycle.CARD_TRIED_FOR)
        return [job for job in left if job.road is Fallback.DIRECT and where(job)]

    async def film_lost(self, job: Job) -> Job:
        """The message was seen without the film that was delivered into it."""
        if job.status is not JobStatus.DELIVERED:
            return job
        _log.warning("a message has lost its film", extra=_of(job))
        return await self._events.save(job, lifecycle.film_lost(job, self._clock()))

    async def redeliver(self, job: Job, *, limit: int | None = None) -> Job:
        """Offer an undelivered film again; `limit` are the bytes the bot may upload there now."""
        if job.status is not JobStatus.UNDELIVERED:
            return job
        return await self._events.save(job, lifecycle.offered_again(job, self._clock(), limit))

    def has_arrived(self, job: Job) -> bool:
        """Whether the film is in the chat, although our disk does not take that yet."""
        return job.id in self._delivered

    async def fetch_film(self, job: Job) -> Job:
        """Download a completed job's film, unless it is here already.

        The returned job has `film` set, or waits for another try and says why, or is undelivered;
        or was delivered before, which could not be written down then.
        """
        if job.id in self._delivered:
            after = await self._events.save_surely(*self._delivered[job.id])
            del self._delivered[job.id]
            return after
        if job.film is not None and await self._films.size(job.film):
            return job
        assert job.video_id is not None, "a completed job has the id its create answered"  # noqa: S101
        raw = self._films.workspace(job.id)
        try:
            container = await self._videos.download(
                job.video_id, raw, film_url=job.film_url, has_room=self._has_room
            )
            film = f"{job.id}{container.extension}"
            await self._films.put(raw, film)
            after = lifecycle.downloaded(job, film)
        except VideosError as error:
            self._tell(job, error)
            wait = error.retry_after if isinstance(error, FilmNotReady | Unavailable) else None
            after = lifecycle.download_failed(job, error, self._clock(), self._pause, wait)
            return await self._events.save(job, after)
        except OSError as error:
            return await self.no_room(job, error)
        return await self._events.save(job, after)

    def _tell(self, job: Job, error: VideosError) -> None:
        """Log why a film did not arrive, as often as that is news."""
        if isinstance(error, FilmWithheld) and not self._told_of_key:
            self._told_of_key = True
            _log.error(
                "the Videos server shows jobs to VIDEOS_API_KEY and refuses it their videos (%s); "
                "look at what this key is allowed to do there",
                error,
            )
        is_away = isinstance(error, Unavailable | NotSent | Unauthorized)
        since = job.unreachable_since if is_away else job.film_late_since
        level = logging.WARNING if since is None else logging.DEBUG
        _log.log(level, "the film did not arrive: %s", error, extra=_of(job))

    async def delivered(
        self,
        job: Job,
        *,
        as_shown: Job | None = None,
        message_id: int | None = None,
        attachment_id: int | None = None,
        road: Fallback | None = None,
    ) -> Job:
        """Discord shows the film, or nobody wants it there: write it down.

        `as_shown` is the job as the message shows it, `message_id` the message that does so now,
        None where that is no message of the channel. `road` was taken instead of the card.
        """
        moved = (as_shown or job).evolve(message_id=message_id or job.message_id)
        after = lifecycle.delivered(moved, attachment_id, self._clock())
        if road is not None:
            after = lifecycle.card_left(after, road, self._clock())
        try:
            return await self._events.save_surely(job, after)
        except StoreError:
            self._delivered[job.id] = (job, after)
            raise

    async def found_too_large(self, job: Job, size: int) -> Job:
        """Discord did not take a file of `size` bytes; smaller ones may be tried."""
        _log.warning("Discord does not take a file of %d bytes", size, extra=_of(job))
        return await self._events.save(job, lifecycle.found_too_large(job, size))

    async def moved(self, job: Job, message_id: int | None, road: Fallback) -> None:
        """The end stands in another message now: of the channel, where its id is given."""
        left = lifecycle.card_left(job, road, self._clock())
        await self._store.save(job, left.evolve(message_id=message_id or job.message_id))

    async def card_failed(self, job: Job) -> None:
        """The card that was left behind takes no edit at the moment."""
        road = job.road or Fallback.DIRECT
        await self._store.save(job, lifecycle.card_left(job, road, self._clock()))

    async def card_closed(self, job: Job) -> None:
        """The bot may not change the card that was left behind."""
        await self._store.save(job, lifecycle.card_closed(job))

    async def card_settled(self, job: Job) -> None:
        """The card that was left behind says where the end stands, or is gone."""
        await self._store.save(job, lifecycle.card_settled(job))

    async def takes_road(self, job: Job, road: Fallback) -> Job:
        """Remember, before anything is sent there, that a picture goes another way than its card.

        `job` may be drawn as it will be: its row is found by its id.
        """
        now = self._clock()
        current = await self._store.get(job.id)
        if current is not None:
            await self._store.save(current, current.evolve(road=road, road_at=now))
        return job.evolve(road=road, road_at=now)

    async def token_died(self, job: Job) -> Job:
        """Discord takes the interaction's token no more: forget it before its time."""
        without = job.evolve(interaction_token=None)
        await self._store.save(job, without)
        return without

    async def undeliverable(self, job: Job, code: str) -> Job:
        """The film has no way into the chat; it stays on disk."""
        _log.warning("a film cannot be handed over and is kept: %s", code, extra=_of(job))
        return await self._events.save_surely(
            job, lifecycle.undeliverable(job, code, self._clock())
        )

    async def refused(self, job: Job, code: str) -> Job:
        """Discord takes the film on no road: it stays on disk, and its card says so.

        A road that was begun for it holds nothing, so the card is tried first again.
        """
        _log.warning("a film is refused and kept: %s", code, extra=_of(job))
        current = await self._store.get(job.id) or job
        after = lifecycle.undeliverable(current, code, self._clock())
        if job.road is None:
            after = after.evolve(road=None, road_at=None)
        return await self._events.save_surely(current, after)

    async def seen(self, job: Job) -> None:
        """People see this state (or nobody is left to see it): it need not be shown again."""
        if job.shown is not job.status:
            await self._store.save(job, job.evolve(shown=job.status))

    async def no_room(self, job: Job, error: Exception) -> Job:
        """Our disk does not take the film, or a copy of it that fits; the poller brings it up."""
        _log.error("the disk does not take a film: %s", error, extra=_of(job))
        return await self._events.save(job, lifecycle.no_room(job, self._clock(), self._pause))

    async def postpone(self, job: Job) -> Job:
        """Discord did not take the film this time; the poller brings the job up again."""
        after = lifecycle.postponed(job, self._clock(), self._pause)
        return await self._events.save(job, after)

    async def not_taken(self, job: Job, code: str) -> Job:
        """The film was refused, or could not be offered by a fault of ours: not for ever."""
        after = lifecycle.not_taken(job, code, self._clock(), self._pause)
        return await self._events.save(job, after)


def _of(job: Job) -> dict[str, object]:
    return job.log_context()
