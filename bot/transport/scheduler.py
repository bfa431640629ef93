"""EditScheduler: one newest-wins queue per message; it knows neither renders nor Discord."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from bot.runtime.background import Background
from bot.transport.rate_limits import RateLimits

Show = Callable[[Any], Awaitable[object]]
"""Sends one update of a message, given which: one function may serve thousands that wait."""

CALM: Final = 4.0
"""Updates a second of all messages together while there are few: then each card moves as its video
does."""
LEAST_PACE: Final = 0.5
"""Seconds between two updates of one message, at least: a token's bucket accepts 5 in 2 s."""
MOST_PACE: Final = 7.7
"""Seconds between two updates of one message while there are many: a card without a change for
eight looks dead."""
BUSY: Final = 150.0
"""Updates of progress a second, at most, however many messages there are."""
GLANCE: Final = 0.05
"""Seconds between two checks for what is due: what becomes due in between is sent together."""
AT_ONCE: Final = 12
"""Updates of progress begun in one check: nothing else that the bot does has to wait for more."""
IN_FLIGHT: Final = 64
"""Updates of progress in flight at the same time: where Discord or this machine is slow, more of
them would only take memory and be outdated when they arrive."""


@dataclass(slots=True, eq=False)
class _Turn:
    """A turn to send that somebody waits for, and holds until they release it."""

    granted: asyncio.Future[None]
    released: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True, eq=False)
class _MessageQueue:
    """What is sent to one message next: turns in order, or else its newest update."""

    message: Hashable
    shown_at: float
    bucket: Hashable = None
    newest: Show | None = None
    final: bool = False
    turns: tuple[_Turn, ...] = ()
    sending: bool = False
    in_turn: bool = False

    @property
    def urgent(self) -> bool:
        return self.final or bool(self.turns)


@dataclass(slots=True, eq=False)
class _Bucket:
    """The queues that share one rate limit, and the task that sends from them."""

    waiting: set[_MessageQueue] = field(default_factory=set[_MessageQueue])
    serving: asyncio.Task[None] | None = None
    wakes_at: float | None = None
    """When the task checks again; None while it is checking."""


class EditScheduler:
    """Sends updates to messages, one at a time per message.

    A newer update replaces one that still waits: a slow or rate-limited message shows the newest
    state next, never a row of old ones. `bucket` names the rate limit that a message shares with
    others (its channel, when it is edited through it); messages without one wait for nobody. In a
    bucket, final updates go before progress, and the message that was updated longest ago is first.
    """

    def __init__(
        self,
        *,
        rate_limits: RateLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate_limits = rate_limits or RateLimits(clock)
        self._clock = clock
        self._sleep = sleep
        self._queues: dict[Hashable, _MessageQueue] = {}
        self._buckets: dict[Hashable, _Bucket] = {}
        self._background = Background()
        self._in_flight = 0
        self._closing = False

    def show(
        self, message: Hashable, send: Show, *, bucket: Hashable = None, final: bool = False
    ) -> None:
        """Have `send` awaited when the message's turn comes, unless a newer update comes before.

        A `final` update waits for no pace, and the message is forgotten after it. A failure is
        logged: the next update says the same and more. While somebody waits for a `turn` or holds
        it, updates are dropped.
        """
        queue = self._queue(message)
        if not queue.turns and not queue.in_turn:
            queue.newest = send
            queue.final = final
            self._enter(queue, bucket)

    @asynccontextmanager
    async def turn(self, message: Hashable, *, bucket: Hashable = None) -> AsyncGenerator[None]:
        """Wait for the message's next turn, before any update, and hold it for the block."""
        turn = _Turn(asyncio.get_running_loop().create_future())
        queue = self._queue(message)
        queue.newest = None
        queue.turns = (*queue.turns, turn)
        self._enter(queue, bucket)
        try:
            await turn.granted
            try:
                yield
            finally:
                # Now, not when the scheduler notices: the holder may show an update at once.
                queue.in_turn = False
        finally:
            turn.released.set()

    async def close(self, *, grace: float) -> None:
        """Send what waits and let it arrive, `grace` seconds at most."""
        self._closing = True
        for key, bucket in self._buckets.items():
            self._wake(key, bucket)
        await self._background.close(grace=grace)
        for queue in self._queues.values():
            for turn in queue.turns:
                turn.granted.cancel()

    def _queue(self, message: Hashable) -> _MessageQueue:
        queue = self._queues.get(message)
        if queue is None:
            # The card has just been posted: a first update may follow at once while all is calm.
            queue = self._queues[message] = _MessageQueue(message, self._clock() - LEAST_PACE)
        return queue

    # ---------------------------------------------------------------- whose turn it is

    def _pace(self) -> float:
        """Seconds between two updates of one message, so that all together stay calm."""
        if self._closing:
            return 0.0
        many = len(self._queues)
        return max(LEAST_PACE, min(MOST_PACE, many / CALM), many / BUSY)

    @staticmethod
    def _due(queue: _MessageQueue, pace: float) -> float:
        return 0.0 if queue.urgent else queue.shown_at + pace

    def _enter(self, queue: _MessageQueue, key: Hashable) -> None:
        if queue.bucket != key and queue.bucket in self._buckets:
            self._buckets[queue.bucket].waiting.discard(queue)
        queue.bucket = key
        if queue.sending:
            return
        bucket = self._buckets.setdefault(key, _Bucket())
        bucket.waiting.add(queue)
        if bucket.wakes_at is None or self._due(queue, self._pace()) < bucket.wakes_at:
            self._wake(key, bucket)

    def _wake(self, key: Hashable, bucket: _Bucket) -> None:
        """Have the bucket checked now, unless its task is checking already."""
        if bucket.serving is not None:
            if bucket.wakes_at is None:
                return
            bucket.serving.cancel()
            bucket.wakes_at = None
        bucket.serving = self._background.spawn(self._serve(key, bucket), name=f"bucket {key}")

    async def _serve(self, key: Hashable, bucket: _Bucket) -> None:
        while bucket.waiting:
            wait = self._send_due(key, bucket)
            if bucket.waiting:
                bucket.wakes_at = self._clock() + wait
                await self._sleep(wait)
                bucket.wakes_at = None
        del self._buckets[key]

    def _send_due(self, key: Hashable, bucket: _Bucket) -> float:
        """Begin to send what is due; return the seconds until it is worth checking again."""
        now, pace = self._clock(), self._pace()
        soonest = MOST_PACE
        room = min(AT_ONCE, IN_FLIGHT - self._in_flight)
        # Where one is not due, those after it are not either.
        for queue in self._in_order(bucket):
            if (due := self._due(queue, pace)) > now:
                soonest = due - now
                break
            if full := self._rate_limit(key, queue):
                soonest = full
                break
            if room <= 0 and not queue.urgent:
                soonest = GLANCE
                break
            room -= not queue.urgent
            self._begin(queue, key, bucket)
        return max(min(soonest, MOST_PACE), GLANCE)

    def _rate_limit(self, key: Hashable, queue: _MessageQueue) -> float:
        return 0.0 if key is None else self._rate_limits.wait(key, spare=not queue.urgent)

    @staticmethod
    def _in_order(bucket: _Bucket) -> list[_MessageQueue]:
        """Urgent first, then the oldest update. Two sorts take a third of one by pairs."""
        queues = sorted(bucket.waiting, key=attrgetter("shown_at"))
        queues.sort(key=lambda queue: not queue.urgent)
        return queues

    def _begin(self, queue: _MessageQueue, key: Hashable, bucket: _Bucket) -> None:
        bucket.waiting.discard(queue)
        queue.sending = True
        if key is not None:
            self._rate_limits.take(key)
        self._background.spawn(self._send(queue, key), name=f"edit {queue.message}")

    # ---------------------------------------------------------------- sending

    async def _send(self, queue: _MessageQueue, key: Hashable) -> None:
        over = queue.urgent
        self._in_flight += not over
        queue.shown_at = self._clock()
        try:
            if queue.turns:
                await self._give_turn(queue)
            elif (send := queue.newest) is not None:
                queue.newest = None
                queue.final = False
                await send(queue.message)
        finally:
            queue.sending = False
            self._in_flight -= not over
            if key is not None:
                self._rate_limits.give(key)
            if over and not (queue.turns or queue.newest):
                del self._queues[queue.message]
            elif (queue.turns or queue.newest) and not _is_cancelled():
                self._enter(queue, queue.bucket)

    @staticmethod
    async def _give_turn(queue: _MessageQueue) -> None:
        turn, *rest = queue.turns
        queue.turns = tuple(rest)
        if not turn.granted.done():
            queue.in_turn = True
            turn.granted.set_result(None)
        try:
            await turn.released.wait()
        finally:
            queue.in_turn = False


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
