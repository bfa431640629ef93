"""StatusEditor: one newest-wins lane per message; knows nothing of jobs or of Discord."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import TypeVar

from bot.background import Background

_log = logging.getLogger(__name__)

Result = TypeVar("Result")
Send = Callable[[], Awaitable[object]]


@dataclass(slots=True)
class _Lane:
    """What is sent to one message next; `last` once that is its final picture."""

    waiting: Send | None = None
    last: bool = False


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

        A failure is logged: the next picture tells the same and more.
        """
        self._put(message, send, last=False)

    async def finish(self, message: Hashable, send: Callable[[], Awaitable[Result]]) -> Result:
        """Send a picture that nothing replaces, before anything that waits; return its outcome.

        Raises what `send` raises.
        """
        outcome: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        async def report() -> None:
            try:
                result = await send()
            except Exception as error:  # noqa: BLE001 - raised where finish() is awaited
                outcome.set_exception(error)
            else:
                outcome.set_result(result)

        self._put(message, report, last=True)
        return await outcome

    async def close(self, *, grace: float) -> None:
        """Let what is on its way arrive, `grace` seconds at the most."""
        await self._background.close(grace=grace)

    def _put(self, message: Hashable, send: Send, *, last: bool) -> None:
        lane = self._lanes.get(message)
        if lane is None:
            lane = self._lanes[message] = _Lane(send, last)
            self._background.spawn(self._drain(message, lane), name=f"edit {message}")
        elif last or not lane.last:
            lane.waiting, lane.last = send, last

    async def _drain(self, message: Hashable, lane: _Lane) -> None:
        try:
            while (send := lane.waiting) is not None:
                lane.waiting, lane.last = None, False
                try:
                    await send()
                except Exception:  # noqa: BLE001 - one bad edit must not end the lane
                    _log.exception("an edit of message %s failed", message)
        finally:
            del self._lanes[message]
