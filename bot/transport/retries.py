"""Retries: cards that Discord did not accept are edited again after a while."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from bot.runtime.background import Background

LATEST: Final = 60.0
"""Seconds that something waits for Discord in one piece, at the most."""


class Retries:
    """One retry per card, after ever longer pauses while they fail.

    Meanwhile no progress is sent to it: Discord counts what it turns away, and bans an address
    after 10,000 in 10 minutes (topics/rate-limits).
    """

    def __init__(self, draw: Callable[[str], Awaitable[None]]) -> None:
        """`draw` renders a card again, from its render at that time."""
        self._draw = draw
        self._background = Background()
        self._failures: Counter[str] = Counter()
        self._resting: set[str] = set()

    def rests(self, render_id: str) -> bool:
        """Whether a retry of this card is to come."""
        return render_id in self._resting

    def failed(self, render_id: str) -> None:
        """Edit a card again later: Discord did not accept it this time."""
        self._failures[render_id] += 1
        self.limited(render_id, min(2.0 ** self._failures[render_id], LATEST))

    def limited(self, render_id: str, seconds: float) -> None:
        """Edit a card again in so many seconds."""
        if render_id not in self._resting:
            self._resting.add(render_id)
            self._background.spawn(self._later(render_id, seconds), name=f"draw {render_id} again")

    def forget(self, render_id: str) -> None:
        """Forget failures: Discord accepted the card, or shows nothing more of it."""
        self._failures.pop(render_id, None)

    async def close(self) -> None:
        """Leave what waits to the next start."""
        await self._background.close()

    async def _later(self, render_id: str, seconds: float) -> None:
        await asyncio.sleep(min(seconds, LATEST))
        self._resting.discard(render_id)
        await self._draw(render_id)
