"""EditScheduler: one newest-wins lane per message; knows nothing of jobs or of Discord."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final, TypeVar

from bot.runtime.background import Background
from bot.transport.rate_limits import RateLimits

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
Show = Callable[[Any], Awaitable[object]]
"""Sends a message's picture, told which message: one function may serve thousands that wait."""
Send = Callable[[], Awaitable[object]]

CALM: Final = 4.0
"""Pictures a second that all messages together are sent while there are few: then each card moves
as its film does."""
LEAST_PACE: Final = 0.5
"""Seconds between two pictures of one message, at the least: a token's bucket takes 5 in 2 s."""
MOST_PACE: Final = 7.7
"""Seconds between two pictures of one message while there are many: a card that stands still for
eight looks dead."""
BUSY: Final = 150.0
"""Pictures of progress a second at the most, however many messages there are."""
GLANCE: Final = 0.05
"""Seconds between two looks at what is due: what comes due in between goes together."""
AT_ONCE: Final = 12
"""Pictures of progress that are begun in one look: what else the bot does is not kept waiting."""
ON_THE_WAY: Final = 64
"""Pictures of progress that are on their way at the same time: where Discord or this machine is
slow, more of them would only take memory and be old when they arrive."""


@dataclass(slots=True, eq=False)
class _MessageQueue:
    """What is sent to one message next: its last pictures in order, or else the newest other."""

    message: Hashable
    shown_at: float
    road: Hashable = None
    newest: Show | None = None
    final: bool = False
    last: tuple[tuple[Send, asyncio.Future[Any]], ...] = ()
    sending: bool = False
    finishing: bool = False

    @property
    def urgent(self) -> bool:
        return self.final or bool(self.last)


@dataclass(slots=True, eq=False)
class _Road:
    """The lanes that wait for one way into Discord, and the task that lets them go."""

    waiting: set[_MessageQueue] = field(default_factory=set[_MessageQueue])
    serving: asyncio.Task[None] | None = None
    wakes_at: float | None = None
    """When the task looks again; None while it is looking."""


class EditScheduler:
    """Sends pictures to messages, one at a time per message.

    A picture that still waits is replaced by a newer one: a slow or rate-limited message shows the
    newest state next, never a row of old ones. `road` names the limit that a message shares with
    others (its channel, once it is edited through it); messages without one wait for nobody. On a
    road, ends go before progress, and the oldest picture is renewed first.
    """

    def __init__(
        self,
        *,
        buckets: RateLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._buckets = buckets or RateLimits(clock)
        self._clock = clock
        self._sleep = sleep
        self._lanes: dict[Hashable, _MessageQueue] = {}
        self._roads: dict[Hashable, _Road] = {}
        self._background = Background()
        self._on_the_way = 0
        self._closing = False

    def show(
        self, message: Hashable, send: Show, *, road: Hashable = None, final: bool = False
    ) -> None:
        """Have `send` awaited when the message's turn comes, unless a newer picture comes before.

        A `final` picture waits for no pace, and the message is forgotten after it. A failure is
        logged: the next picture tells the same and more. While the picture of `finish` waits or is
        on its way, nothing else is taken.
        """
        lane = self._lane(message)
        if not lane.last and not lane.finishing:
            lane.newest = send
            lane.final = final
            self._enter(lane, road)

    async def finish(
        self, message: Hashable, send: Callable[[], Awaitable[Result]], *, road: Hashable = None
    ) -> Result:
        """Send a picture that nothing replaces, before anything that waits; return its outcome.

        Raises what `send` raises.
        """
        outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        lane = self._lane(message)
        lane.newest = None
        lane.last = (*lane.last, (send, outcome))
        self._enter(lane, road)
        return await outcome

    async def close(self, *, grace: float) -> None:
        """Send what waits and let it arrive, `grace` seconds at the most."""
        self._closing = True
        for key, road in self._roads.items():
            self._wake(key, road)
        await self._background.close(grace=grace)
        for lane in self._lanes.values():
            for _, outcome in lane.last:
                outcome.cancel()

    def _lane(self, message: Hashable) -> _MessageQueue:
        lane = self._lanes.get(message)
        if lane is None:
            # The card has just been posted: a first picture may follow at once while all is calm.
            lane = self._lanes[message] = _MessageQueue(message, self._clock() - LEAST_PACE)
        return lane

    # ---------------------------------------------------------------- whose turn it is

    def _pace(self) -> float:
        """Seconds between two pictures of one message, so that all together stay calm."""
        if self._closing:
            return 0.0
        many = len(self._lanes)
        return max(LEAST_PACE, min(MOST_PACE, many / CALM), many / BUSY)

    @staticmethod
    def _due(lane: _MessageQueue, pace: float) -> float:
        return 0.0 if lane.urgent else lane.shown_at + pace

    def _enter(self, lane: _MessageQueue, key: Hashable) -> None:
        if lane.road != key and lane.road in self._roads:
            self._roads[lane.road].waiting.discard(lane)
        lane.road = key
        if lane.sending:
            return
        road = self._roads.setdefault(key, _Road())
        road.waiting.add(lane)
        if road.wakes_at is None or self._due(lane, self._pace()) < road.wakes_at:
            self._wake(key, road)

    def _wake(self, key: Hashable, road: _Road) -> None:
        """Have the road looked at now, unless its task is looking already."""
        if road.serving is not None:
            if road.wakes_at is None:
                return
            road.serving.cancel()
            road.wakes_at = None
        road.serving = self._background.spawn(self._serve(key, road), name=f"road {key}")

    async def _serve(self, key: Hashable, road: _Road) -> None:
        while road.waiting:
            wait = self._let_go(key, road)
            if road.waiting:
                road.wakes_at = self._clock() + wait
                await self._sleep(wait)
                road.wakes_at = None
        del self._roads[key]

    def _let_go(self, key: Hashable, road: _Road) -> float:
        """Send what may be sent now; return the seconds until it is worth looking again."""
        now, pace = self._clock(), self._pace()
        soonest = MOST_PACE
        room = min(AT_ONCE, ON_THE_WAY - self._on_the_way)
        # Where one is not due, those after it are not either.
        for lane in self._in_order(road):
            if (due := self._due(lane, pace)) > now:
                soonest = due - now
                break
            if full := 0.0 if key is None else self._buckets.wait(key, spare=not lane.urgent):
                soonest = full
                break
            if room <= 0 and not lane.urgent:
                soonest = GLANCE
                break
            room -= not lane.urgent
            self._begin(lane, key, road)
        return max(min(soonest, MOST_PACE), GLANCE)

    @staticmethod
    def _in_order(road: _Road) -> list[_MessageQueue]:
        """Ends first, then the oldest picture. Two sorts take a third of one by both, by pairs."""
        lanes = sorted(road.waiting, key=attrgetter("shown_at"))
        lanes.sort(key=lambda lane: not lane.urgent)
        return lanes

    def _begin(self, lane: _MessageQueue, key: Hashable, road: _Road) -> None:
        road.waiting.discard(lane)
        lane.sending = True
        if key is not None:
            self._buckets.take(key)
        self._background.spawn(self._send(lane, key), name=f"edit {lane.message}")

    # ---------------------------------------------------------------- the sending

    async def _send(self, lane: _MessageQueue, key: Hashable) -> None:
        over = lane.urgent
        self._on_the_way += not over
        lane.shown_at = self._clock()
        try:
            if lane.last:
                first, *rest = lane.last
                lane.last = tuple(rest)
                await self._finish(lane, *first)
            elif (send := lane.newest) is not None:
                lane.newest = None
                lane.final = False
                await self._show(lane.message, send)
        finally:
            lane.sending = False
            self._on_the_way -= not over
            if key is not None:
                self._buckets.give(key)
            if over and not (lane.last or lane.newest):
                del self._lanes[lane.message]
            elif (lane.last or lane.newest) and not _is_cancelled():
                self._enter(lane, lane.road)

    @staticmethod
    async def _show(message: Hashable, send: Show) -> None:
        try:
            await send(message)
        except Exception:  # noqa: BLE001 - one bad edit must not end the lane
            _log.exception("an edit of message %s failed", message)

    @staticmethod
    async def _finish(lane: _MessageQueue, send: Send, outcome: asyncio.Future[Any]) -> None:
        lane.finishing = True
        try:
            result = await send()
        except Exception as error:  # noqa: BLE001 - raised where finish() is awaited
            if not outcome.done():
                outcome.set_exception(error)
        except asyncio.CancelledError:
            outcome.cancel()
            raise
        else:
            if not outcome.done():
                outcome.set_result(result)
        finally:
            lane.finishing = False


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
