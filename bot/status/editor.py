"""StatusEditor: one newest-wins lane per message; knows nothing of jobs or of Discord."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.background import Background

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
Send = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class _Lane:
    """What is sent to one message next: its last pictures in order, or else the newest other."""

    newest: Send | None = None
    last: deque[tuple[Send, asyncio.Future[Any]]] = field(default_factory=deque)
    finishing: bool = False


class StatusEditor:
    """Sends pictures to messages, one at a time per message.

    A picture that still waits is replaced by a newer one: a slow or rate-limited message shows the
    newest state next, never a row of old ones. A lane exists only while something is sent.
    """

    def __init__(self) -> None:
        self._lanes: dict[Hashable, _Lane] = {}
        self._background = Background()

    def show(self, message: Hashable, send: Send) -> None:
        """Have `send` awaited when the message is free, unless a newer picture comes before.

        A failure is logged: the next picture tells the same and more. While a last picture waits
        or is on its way, nothing else is taken.
        """
        lane = self._lane(message)
        if not lane.last and not lane.finishing:
            lane.newest = send

    async def finish(self, message: Hashable, send: Callable[[], Awaitable[Result]]) -> Result:
        """Send a picture that nothing replaces, before anything that waits; return its outcome.

        Raises what `send` raises.
        """
        outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        lane = self._lane(message)
        lane.newest = None
        lane.last.append((send, outcome))
        return await outcome

    async def close(self, *, grace: float) -> None:
        """Let what is on its way arrive, `grace` seconds at the most."""
        await self._background.close(grace=grace)

    def _lane(self, message: Hashable) -> _Lane:
        lane = self._lanes.get(message)
        if lane is None:
            lane = self._lanes[message] = _Lane()
            self._background.spawn(self._drain(message, lane), name=f"edit {message}")
        return lane

    async def _drain(self, message: Hashable, lane: _Lane) -> None:
        try:
            while lane.last or lane.newest is not None:
                if lane.last:
                    await self._finish(lane, *lane.last.popleft())
                elif (send := lane.newest) is not None:
                    lane.newest = None
                    await self._show(message, send)
        finally:
            del self._lanes[message]
            for _, outcome in lane.last:
                outcome.cancel()

    @staticmethod
    async def _show(message: Hashable, send: Send) -> None:
        try:
            await send()
        except Exception:  # noqa: BLE001 - one bad edit must not end the lane
            _log.exception("an edit of message %s failed", message)

    @staticmethod
    async def _finish(lane: _Lane, send: Send, outcome: asyncio.Future[Any]) -> None:
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
