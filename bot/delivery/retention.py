"""The films on our disk: how long each is kept, and how much room they may take together."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import TRACKED, Render, RenderStatus
from bot.jobs.store import JobStore
from bot.runtime.background import Background, faults_logged

_log = logging.getLogger(__name__)

ROUND: Final = 60.0
"""Seconds between two rounds through the films."""
NOBODYS: Final = 3600.0
"""Seconds after its last change before a file that no job knows counts as left over."""


AT_ONCE: Final = 200
"""Films that are held in memory at the same time, however many there are."""


@dataclass(frozen=True, kw_only=True)
class RetentionPolicy:
    """How long films stay after their job ended, in seconds, and their room together, in bytes."""

    delivered: float
    undelivered: float
    budget: int


@dataclass(eq=False, repr=False, kw_only=True)
class FilmRetention:
    """Lets go of films whose time is over or that there is no room for, delivered ones only.

    A film that nobody has seen goes when its own, longer time is over, and then its card says so.
    One that people were given a link to stays as long as the link lives.
    """

    store: JobStore
    films: FilmStore
    policy: RetentionPolicy
    events: JobEvents
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def __post_init__(self) -> None:
        self._background = Background()
        self._told = False
        self.full = False
        """Whether films that must be kept needed more space than there is, in the last round."""

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._background.spawn(self._run(), name="film retention")

    async def close(self) -> None:
        """End at once; what was left undone is done in the next round."""
        await self._background.close()

    async def _run(self) -> None:
        while True:
            with faults_logged(
                _log, "old films cannot be deleted; trying again", StoreError, OSError
            ):
                await self.tidy()
            await self.sleep(ROUND)

    async def tidy(self) -> None:
        """Go through the films once, some at a time. Raises StoreError and OSError."""
        now = self.clock()
        await self._let_old_ones_go(now)
        await self._make_room(now)
        await self._clear_up()

    async def has_room(self, more: int) -> bool:
        """Whether so many more bytes of films may be written; what was delivered may go for them.

        Raises StoreError and OSError.
        """
        if await self.films.usage() + more <= self.policy.budget:
            return True
        taken = await self._make_room(self.clock(), more)
        return taken + more <= self.policy.budget

    async def _let_old_ones_go(self, now: float) -> None:
        went = True
        while went:
            over = await self.store.films_over(
                now,
                delivered=now - self.policy.delivered,
                undelivered=now - self.policy.undelivered,
                limit=AT_ONCE,
            )
            went = await self._let_go(over, now)

    async def _let_go(self, over: Sequence[Render], now: float) -> bool:
        """Let these jobs' films go; False where none is left of those that have not moved on."""
        went = await self.store.save_all(
            [(render, lifecycle.film_removed(render, now)) for render in over]
        )
        await self.films.remove(
            name for render, _ in went for name in (str(render.film), render.transcoded_name)
        )
        for render, after in went:
            if after.status is not render.status:
                _log.warning("an undelivered film's time is over", extra=render.log_context())
                self.events.changed(render, after)
        return bool(went)

    async def _make_room(self, now: float, more: int = 0) -> int:
        """Let go of the films that were delivered longest ago, until the rest has room.

        And `more` bytes with it. Returns the bytes that are taken then.
        """
        taken = await self.films.usage()
        went = True
        while went and taken + more > self.policy.budget:
            seen = await self.store.films_seen(now, limit=AT_ONCE)
            sizes = await self.films.sizes(str(render.film) for render in seen)
            first: list[Render] = []
            for render, size in zip(seen, sizes, strict=True):
                if taken + more > self.policy.budget:
                    first.append(render)
                    taken -= size
            went = await self._let_go(first, now)
        self._tell_of_room(taken)
        return taken

    def _tell_of_room(self, taken: int) -> None:
        """Say once that there is too little room for what must not be deleted; in bytes."""
        is_short = taken > self.policy.budget
        if is_short and not self._told:
            _log.warning(
                "films that are not delivered yet or have a link use %d MB, more than FILMS_MAX_GB "
                "allows; the bot deletes none of them early",
                taken // 10**6,
            )
        self.full = self._told = is_short

    async def _clear_up(self) -> None:
        """Remove what a stopped process left in the folder and no job knows."""
        async for names in self.films.unmodified_since(time.time() - NOBODYS):
            found = await self.store.with_ids({_job_of(name) for name in names})
            known = {render.film for render in found}
            known |= {
                render.transcoded_name
                for render in found
                if render.status is RenderStatus.UNDELIVERED
            }
            running = {render.id for render in found if render.status in TRACKED}
            await self.films.remove(
                name for name in names if name not in known and _job_of(name) not in running
            )


def _job_of(name: str) -> str:
    """Return the id of the job that a file of the folder belongs to."""
    return name.partition(".")[0]
