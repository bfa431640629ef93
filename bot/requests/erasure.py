"""Erasure: everything that the bot has about a person goes, except what a limit has counted."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.jobs.models import ENDED, Render, RenderStatus
from bot.jobs.store import JobStore
from bot.requests.cancellations import CANCELLABLE, Cancellations

_log = logging.getLogger(__name__)

PAUSE: Final = 0.5
"""Seconds between two looks at what is being sent to the server, or posted."""
LOOKS: Final = 240
"""After so many it is left: a create is answered within VIDEOS_TIMEOUT, a minute by default."""
ON_ITS_WAY: Final = frozenset({RenderStatus.SENDING, RenderStatus.COMPLETED})
"""What came of it has to be written down first."""


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What an erasure did, and what is left of it elsewhere."""

    number: int
    """Videos that are deleted."""
    messages: list[Render]
    """Whose messages the bot could not remove."""
    on_server: int
    """Videos that the video server kept."""
    on_the_way: int
    """Videos that were on their way for too long, and are not deleted."""


@dataclass(eq=False, repr=False, kw_only=True)
class Erasures:
    """Every method raises StoreError where the database fails, and OSError."""

    store: JobStore
    cancellations: Cancellations
    remove_messages: Callable[[Render], Awaitable[bool]]
    """Deletes a render's messages; False where one may be left."""
    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def erase(self, person: int) -> Erased:
        """Cancel and delete all that a person has asked for until now, then forget who it was.

        Where it is interrupted, the rest is erased by the next one.
        """
        messages: list[Render] = []
        on_server = on_the_way = 0
        found = await self.store.personal.renders_of(person, self.clock())
        await self._until_settled(found)
        for one in found:
            render = await self._ended(one)
            if render is None or render.status not in ENDED:
                on_the_way += render is not None
                continue
            on_server += not await self.cancellations.delete_upstream(render)
            await self.cancellations.delete_here(render)
            if not await self.remove_messages(render):
                messages.append(render)
        await self.store.personal.erase(person)
        number = len(found) - on_the_way
        return Erased(number=number, messages=messages, on_server=on_server, on_the_way=on_the_way)

    async def _until_settled(self, found: Sequence[Render]) -> None:
        """Wait until nothing is on its way any more, for some time at most."""
        for _ in range(LOOKS):
            waiting = [render.id for render in found if render.status in ON_ITS_WAY]
            if not waiting:
                return
            await self.sleep(PAUSE)
            found = await self.store.with_ids(waiting)

    async def _ended(self, one: Render) -> Render | None:
        """End what runs, as *Cancel* and *Forget it* do; None where it is gone meanwhile."""
        render = await self.store.get(one.id)
        if render is None or render.status not in CANCELLABLE | {RenderStatus.UNCONFIRMED}:
            return render
        if render.status is RenderStatus.UNCONFIRMED:
            return await self.cancellations.abandon(render)
        return await self.cancellations.cancel(render)
