"""JobPoller: polls the Videos server for every running render, saves and announces the answers."""

import asyncio
import logging
import math
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.listing import walk
from bot.jobs.models import RUNNING, Fallback, Render
from bot.jobs.store import JobStore
from bot.runtime.background import Background, faults_logged
from bot.videos.client import VideosClient
from bot.videos.errors import NotFound, NotSent, Unauthorized, Unavailable, VideosError
from bot.videos.models import Video, VideoStatus

_log = logging.getLogger(__name__)

TICK: Final = 1.0
"""Seconds between two reads of what is due, at most."""
AT_ONCE: Final = 8
"""Polls on the wire at the same time: enough for a slow server, polite to a small one."""
READ_PER_TICK: Final = 1000
WORTH_A_LIST: Final = 3
"""Due renders from which on the server's list is asked instead of each job."""
REDRAWN: Final = 20.0
"""Cards of unchanged renders that are redrawn in one round: places in line move, times pass."""
UNSURE_POLLS: Final = 3
"""Polls of an unknown status after which, and after twice as many each time, its film is asked
for."""
MOST_UNSURE_POLLS: Final = 24
"""Polls between two such attempts, at most."""
SHORTEST_TICK: Final = 0.05
SWEEP: Final = 60.0
"""Seconds between two sweeps: expired tokens, ends that nobody was shown or notified of."""
SHOWN_BY_ITSELF: Final = 30.0
"""Seconds within which the end of a render is normally shown, without a sweep's help."""
SHOWN_AGAIN_FOR: Final = 24 * 3600.0
"""Seconds after which an end that could not be shown is left to the history."""


@dataclass(eq=False, repr=False, kw_only=True)
class JobPoller:
    """Polls each due render, or the server's list for all of them.

    A completed render is announced when it becomes so, and again at every `next_delivery_at` until
    its film is delivered: whoever delivers saves that, and the poller need not know how. At every
    sweep it reminds of ended renders whose subscribers were not notified.
    """

    store: JobStore
    videos: VideosClient
    events: JobEvents
    poll_interval: float
    """Seconds, like the next."""
    deadline: float
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._background = Background()
        self._polling: set[str] = set()
        # Polls in a row of renders whose status is a word that is known nowhere.
        self._unsure: dict[str, int] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._by_list = False
        self._walking = False
        self._next_round = 0.0
        self._next_sweep = 0.0
        # What cannot be saved need not be asked for at every tick.
        self._stuck_until = 0.0

    async def catch_up(self) -> None:
        """Announce at once what an earlier process ended and had no time to show.

        Call it before this process ends anything. What an earlier process waited for is not waited
        for again: its clock may have been another. Raises StoreError.
        """
        await self.store.make_all_due(self.clock())
        self._next_sweep = self.clock() + SWEEP
        await self._sweep(self.clock(), shortest=0.0)

    async def redraw(self) -> None:
        """Redraw the cards of all running renders. Raises StoreError."""
        for render in await self.store.running(await self.store.running_videos()):
            self.events.redraw(render)

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="job poller")

    async def close(self) -> None:
        """End at once; a render in the middle of a poll is polled again after the next start."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            with faults_logged(_log, "the jobs cannot be read; trying again", StoreError):
                await self._look_after_due()
            await self.sleep(self._tick())

    def _tick(self) -> float:
        """Return the seconds until the next read: the next round's beginning is not slept over."""
        tick = min(TICK, self.poll_interval)
        if self._by_list and not self._walking:
            return min(tick, max(SHORTEST_TICK, self._next_round - self.clock()))
        return tick

    async def _look_after_due(self) -> None:
        now = self.clock()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP
            await self._sweep(now, shortest=SHOWN_BY_ITSELF)
        for render in await self.store.due_deliveries(now, limit=READ_PER_TICK):
            self.events.redraw(render)
        if now < self._stuck_until:
            return
        if not await self._polls_by_list(now):
            self._poll_each(await self.store.due_polls(now, limit=READ_PER_TICK))

    async def _polls_by_list(self, now: float) -> bool:
        """Whether the list answers for the running renders; begins a round where one is due."""
        if not self.videos.dialect.lists:
            return False
        if now >= self._next_round and not self._walking:
            running = await self.store.running_videos()
            self._next_round = now + self.poll_interval
            self._by_list = len(running) >= WORTH_A_LIST
            if self._by_list:
                self._walking = True
                self._background.spawn(self._poll_list(running), name="poll the list")
        return self._by_list

    # ---------------------------------------------------------------- each by itself

    def _poll_each(self, renders: Iterable[Render]) -> None:
        for render in renders:
            if render.id not in self._polling:
                self._polling.add(render.id)
                self._background.spawn(self._poll_and_save(render), name=f"poll {render.id}")

    async def _poll_and_save(self, render: Render) -> None:
        try:
            async with self._slots:
                # A fault of ours counts as no answer, and the card says so.
                after = lifecycle.unreachable(render, self.clock(), self.poll_interval)
                context = render.log_context()
                with faults_logged(_log, "a poll failed unexpectedly", extra=context):
                    after = await self._poll(render)
            await self._save([(render, self._within_deadline(after))])
            if after.status not in RUNNING:
                self._unsure.pop(render.id, None)
        finally:
            self._polling.discard(render.id)

    async def _poll(self, render: Render) -> Render:
        assert render.video_id is not None, "a tracked render has the id its create answered"  # noqa: S101
        try:
            reading = await self.videos.retrieve(render.video_id)
        except NotFound:
            return lifecycle.missing(render, self.clock(), self.poll_interval)
        except VideosError as error:
            _log.warning("the Videos server gave no answer: %s", error, extra=render.log_context())
            return lifecycle.unreachable(
                render, self.clock(), self.poll_interval, _retry_after(error)
            )
        video = await self._judged(render, reading.video)
        now = self.clock()
        pause = reading.poll_after
        if pause is None:
            # A little chance keeps renders that began together from being polled together.
            pause = lifecycle.pace(render, now, self.poll_interval) * random.uniform(0.9, 1.1)  # noqa: S311
        return lifecycle.advance(render, video, now, pause)

    async def _judged(self, render: Render, video: Video) -> Video:
        """Judge a status that is known nowhere, once it lasts, by whether the film is served."""
        if video.is_certain:
            self._unsure.pop(render.id, None)
            return video
        polls = self._unsure[render.id] = self._unsure.get(render.id, 0) + 1
        if not _is_film_asked_for(polls):
            return video
        try:
            is_film = await self.videos.serves_film(video_id=str(render.video_id))
        except VideosError:
            return video
        if not is_film:
            return video
        _log.info("a job of an unknown status has its film", extra=render.log_context())
        return video.model_copy(update={"status": VideoStatus.COMPLETED, "is_certain": True})

    # ---------------------------------------------------------------- many by one list

    async def _poll_list(self, running: set[str]) -> None:
        """Ask for all jobs at once; what the list does not hold is polled by itself."""
        try:
            # What breaks in one list need not break in each job's own answer.
            missing = running
            with faults_logged(_log, "the list cannot be applied", StoreError):
                missing = await self._walk(running)
            await self._poll_missing(missing)
        finally:
            self._walking = False

    async def _walk(self, running: set[str]) -> set[str]:
        """Apply the server's list; return the jobs that are to be polled by themselves."""
        began = self.clock()
        missing = set(running)
        pace = math.inf
        try:
            async for met in walk(self.videos, missing):
                pace = min(pace, await self._apply(met, len(running)))
        except NotSent as error:
            _log.warning("the Videos server cannot be reached: %s", error)
            await self._save_unreachable()
            return set()
        except VideosError as error:
            _log.warning("the Videos server gave no list: %s", error)
            wait = _retry_after(error) or self.poll_interval
            self._next_round = self.clock() + min(wait, lifecycle.LONGEST_WAIT)
        else:
            self._next_round = began + (self.poll_interval if pace == math.inf else pace)
        return missing

    async def _apply(self, met: dict[str, Video], many: int) -> float:
        """Apply one page's jobs; return the seconds until one of them is worth a poll.

        Infinite where none of them runs any more.
        """
        now = self.clock()
        changes: list[tuple[Render, Render]] = []
        soonest = math.inf
        for render in await self.store.running(met.keys()):
            video = met[str(render.video_id)]
            if not video.is_certain:
                self._poll_each([render])
                soonest = min(soonest, lifecycle.pace(render, now, self.poll_interval))
                continue
            after = self._within_deadline(lifecycle.advance(render, video, now, 0.0))
            if after.status in RUNNING:
                # The round's own clock says when it is polled again; nothing need be saved.
                after = after.evolve(next_poll_at=render.next_poll_at)
                soonest = min(soonest, lifecycle.pace(after, now, self.poll_interval))
            if after != render:
                changes.append((render, after))
            elif random.random() * many < REDRAWN:  # noqa: S311 - chance, not secrecy
                self.events.redraw(render)
        await self._save(changes)
        return soonest

    async def _poll_missing(self, missing: set[str]) -> None:
        if missing:
            due = await self.store.due_polls(self.clock(), limit=READ_PER_TICK)
            self._poll_each(render for render in due if render.video_id in missing)

    async def _save_unreachable(self) -> None:
        """Save of every due render that the server is away, without asking it once for each."""
        now = self.clock()
        self._next_round = now + self.poll_interval
        due = await self.store.due_polls(now, limit=READ_PER_TICK)
        await self._save(
            [(one, lifecycle.unreachable(one, now, self.poll_interval)) for one in due]
        )

    # ---------------------------------------------------------------- what came of it

    async def _save(self, changes: Sequence[tuple[Render, Render]]) -> None:
        try:
            saved = await self.store.save_all(changes)
        except StoreError as error:
            _log.debug("what %d renders have become is not saved: %s", len(changes), error)
            self._stuck_until = self.clock() + self.poll_interval
            for before, _ in changes:
                self.events.redraw(before)
            return
        for before, after in saved:
            if before.status is not after.status:
                _log.info("job %s is %s", after.id, after.status, extra=after.log_context())
            self.events.changed(before, after)

    def _within_deadline(self, render: Render) -> Render:
        """Stop waiting for a render that this last poll found running past its deadline."""
        now = self.clock()
        if not lifecycle.is_overdue(render, now, self.deadline):
            return render
        _log.warning("a job has not ended within its deadline", extra=render.log_context())
        return lifecycle.overdue(render, now)

    # ---------------------------------------------------------------- now and then

    async def _sweep(self, now: float, *, shortest: float) -> None:
        # Nothing is asked where it is known; a server that was away may come back as another.
        self._background.spawn(self.videos.find_out(), name="dialect")
        await self.store.forget_tokens(now)
        for render in await self.store.unshown(now, longest=SHOWN_AGAIN_FOR, shortest=shortest):
            self.events.redraw(render)
        await self._redraw_outdated(now, starting=shortest == 0.0)
        for render in await self.store.unnotified():
            self.events.remind(render)

    async def _redraw_outdated(self, now: float, *, starting: bool) -> None:
        """Redraw the cards whose end is elsewhere; a start also tries those that were closed.

        Their channels may be open again by now.
        """
        until = now + lifecycle.CARD_RETRIED_FOR if starting else now
        for render in await self.store.outdated_cards(until):
            if render.card.fallback is Fallback.DIRECT or (render.card.retry_at or 0.0) <= now:
                self.events.redraw(render)


def _retry_after(error: VideosError) -> float | None:
    return error.retry_after if isinstance(error, Unavailable | Unauthorized) else None


def _is_film_asked_for(polls: int) -> bool:
    """Whether the film of a render of unknown status is asked for now: 3, 6, 12, 24, 48."""
    if polls >= MOST_UNSURE_POLLS:
        return polls % MOST_UNSURE_POLLS == 0
    return polls % UNSURE_POLLS == 0 and (polls // UNSURE_POLLS).bit_count() == 1
