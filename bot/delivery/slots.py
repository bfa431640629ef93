"""Places for what moves films: few at once, and none held for long by one that is slow."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

STEPS_ASIDE: Final = 10.0
"""Seconds after which a film that still moves gives its place to the next and goes on beside: four
that drip would keep everybody else's waiting."""
MOST_ASIDE: Final = 32
"""Films that go on beside; more keep their places, so that connections and memory have a bound."""


class Places:
    """`many` places, each held for `steps_aside` seconds at the most while there is room beside."""

    def __init__(
        self, many: int, *, steps_aside: float = STEPS_ASIDE, most_aside: int = MOST_ASIDE
    ) -> None:
        self._free = asyncio.Semaphore(many)
        self._room_beside = most_aside
        self._steps_aside = steps_aside

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[None]:
        """Wait for a place and hold it, or go on beside."""
        await self._free.acquire()
        is_beside = False

        def step_aside() -> None:
            nonlocal is_beside
            if self._room_beside > 0:
                self._room_beside -= 1
                is_beside = True
                self._free.release()

        stepping = asyncio.get_running_loop().call_later(self._steps_aside, step_aside)
        try:
            yield
        finally:
            stepping.cancel()
            if is_beside:
                self._room_beside += 1
            else:
                self._free.release()
