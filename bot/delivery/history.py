"""The history in our database: finished requests go when their time is over, with all they have."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Self

from bot.jobs.database import StoreError
from bot.jobs.models import Render
from bot.jobs.store import JobStore
from bot.requests.cancellations import Cancellations
from bot.requests.communities import Communities
from bot.runtime.background import Background, faults_logged

_log = logging.getLogger(__name__)

ROUND: Final = 3600.0
"""Seconds between two rounds."""
AT_ONCE: Final = 50
"""Requests that are held in memory at the same time, however many there are."""
DAY: Final = 24 * 3600.0
METERS_STAY: Final = 7 * DAY
"""How long a meter stays after its window."""
LEFT_DAYS: Final = 30
"""Days that a community which removed the bot has to invite it again, where history has no end."""


@dataclass(frozen=True, kw_only=True)
class HistoryPolicy:
    """Seconds that finished requests stay: None for ever; `left` counts for left communities."""

    finished: float | None
    left: float

    @classmethod
    def of(cls, days: int) -> Self:
        """Return the policy for KEEP_HISTORY_DAYS."""
        return cls(finished=days * DAY if days else None, left=(days or LEFT_DAYS) * DAY)


@dataclass(eq=False, repr=False, kw_only=True)
class HistoryRetention:
    """Removes old requests with prompts, images, thumbnails and films; the ledger stays."""

    store: JobStore
    cancellations: Cancellations
    communities: Communities
    policy: HistoryPolicy
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._background = Background()

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="history retention")

    async def close(self) -> None:
        """End at once; what was left undone is done in the next round."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            with faults_logged(
                _log, "old requests cannot be deleted; trying again", StoreError, OSError
            ):
                await self.tidy()
            await self.sleep(ROUND)

    async def tidy(self) -> None:
        """Remove what has had its time, some at a time. Raises StoreError and OSError."""
        now, old = self.clock(), self.store.old
        left = now - self.policy.left
        number = 0
        while found := await old.of_left(left, now, limit=AT_ONCE):
            number += await self._remove(found)
        await old.forget_left(left)
        self.communities.forget()
        if self.policy.finished is not None:
            before = now - self.policy.finished
            while found := await old.ended_before(before, now, limit=AT_ONCE):
                number += await self._remove(found)
        await self.store.accounting.forget_meters(now - METERS_STAY)
        if number:
            _log.info("%d old requests are removed", number)
            await old.empty_log()

    async def _remove(self, found: list[Render]) -> int:
        for render in found:
            await self.cancellations.delete_here(render)
        return len(found)
