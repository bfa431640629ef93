"""Startup: resumes what a stopped process left, then starts the background tasks."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from bot.delivery.service import DeliveryService
from bot.jobs.events import until_written
from bot.jobs.models import Render
from bot.jobs.poller import JobPoller
from bot.jobs.reasons import Reason
from bot.requests.service import RequestService

_Result = TypeVar("_Result")

FIRST_REPEATED: Final = 2
"""The attempt from which on the cards say that the disk accepts nothing."""


class Service(Protocol):
    """What runs in the background from the start on."""

    def start(self) -> None:
        """Begin; needs a running event loop."""
        ...


@dataclass(eq=False, repr=False, kw_only=True)
class Startup:
    """To be run once, after the cogs listen and before the gateway connects.

    The cogs have to hear what became of interrupted renders, and a request that comes in meanwhile
    would look interrupted as well.
    """

    poller: JobPoller
    requests: RequestService
    deliveries: DeliveryService
    send_unsent: Callable[[list[Render]], None]
    """Sends requests that were saved and not sent."""
    reasons: Sequence[Reason]
    """Videos that were kept for one of these are offered again."""
    services: Sequence[Service]

    async def run(self) -> None:
        """Resume everything, however long the disk takes to accept it."""
        await self._once_written(self.poller.catch_up)
        self.send_unsent(await self._once_written(self.requests.resume))
        for reason in self.reasons:
            await self._once_written(partial(self.deliveries.offer_kept, reason))
        for service in self.services:
            service.start()

    async def _once_written(self, work: Callable[[], Awaitable[_Result]]) -> _Result:
        """Do what can be repeated; while the disk accepts nothing, the cards say that."""
        async for attempt in until_written():
            with attempt:
                if attempt.num == FIRST_REPEATED:
                    await self.poller.redraw()
                return await work()
        raise AssertionError("stamina returns or raises")  # pragma: no cover
