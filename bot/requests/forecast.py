"""Forecaster: what is known beyond a render itself, its place in line, its end and its price."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median
from typing import Final, Generic, TypeVar

from bot.jobs.models import RUNNING, Render, RenderStatus
from bot.jobs.store import JobStore
from bot.requests.prices import Prices

_Value = TypeVar("_Value")

REMEMBERED_RENDERS: Final = 20
ENOUGH_RENDERS: Final = 3
"""Renders of the same kind that it takes to expect their median."""
REMEMBERED_FOR: Final = 2.0
"""Seconds for which the line and the expectations are taken as they were last read."""
QUIET_AFTER: Final = 50 * 60.0
"""Seconds after which a card no longer shows progress: Discord lets a message that is older than an
hour change only a few times, and those are for its end (discord-api-docs#4413)."""


class Phase(StrEnum):
    """Why a film is transcoded before it is delivered."""

    RESIZING = "resizing"
    """It is larger than what may be uploaded."""
    CONVERTING = "converting"
    """Not every client plays it."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What is known beyond the job itself: its place in our line, its end, its price."""

    place: int | None = None
    line: int | None = None
    ends_at: float | None = None
    """Unix seconds, from the median of the last renders of the same kind."""
    cost: int | None = None
    """In millionths of the operator's currency, where a price per second is configured."""
    quiet: bool = False
    """The card is old: it rests until the job ends."""
    stuck: bool = False
    """Our disk accepts nothing, so nothing can move on."""
    phase: Phase | None = None
    """What is done to the rendered film at the moment."""


@dataclass(frozen=True)
class _Known(Generic[_Value]):
    """What the database said, and when."""

    at: float
    value: _Value


@dataclass(eq=False, repr=False, kw_only=True)
class Forecaster:
    """Forecasts renders; what it reads of the database is remembered for a moment."""

    store: JobStore
    prices: Prices
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        # Read for every update of every card, and the same for all of a kind.
        self._places: _Known[dict[str, int]] | None = None
        self._renders: dict[tuple[str | None, str, str], _Known[float | None]] = {}

    async def forecast(self, render: Render) -> Forecast:
        """Return what can honestly be said of a job's future and its price."""
        expected = await self._expected(render)
        return replace(expected, stuck=True) if self.store.stuck else expected

    async def _expected(self, render: Render) -> Forecast:
        cost = self.prices.cost(render.spec)
        if render.status in RUNNING and self.clock() - render.request.created_at > QUIET_AFTER:
            return Forecast(cost=cost, quiet=True)
        if render.status is RenderStatus.QUEUED:
            line = await self._line()
            place = line.get(render.id)
            ends_at = await self._ends_at(render)
            return Forecast(place=place, line=len(line), ends_at=ends_at, cost=cost)
        if render.status is RenderStatus.IN_PROGRESS:
            return Forecast(ends_at=await self._ends_at(render), cost=cost)
        return Forecast(cost=cost)

    async def _line(self) -> dict[str, int]:
        """Return the place of each queued job, counted from 1."""
        known = self._places
        if known is None or not known.at <= self.clock() < known.at + REMEMBERED_FOR:
            line = await self.store.queue()
            places = {render_id: place for place, render_id in enumerate(line, start=1)}
            known = self._places = _Known(self.clock(), places)
        return known.value

    async def _ends_at(self, render: Render) -> float | None:
        takes = await self._takes(render)
        if takes is None or render.sent_at is None:
            return None
        ends_at = render.sent_at + takes
        return ends_at if ends_at > self.clock() else None

    async def _takes(self, render: Render) -> float | None:
        """Return the seconds that a render of this kind takes, where enough of them are known."""
        kind = (render.spec.model, render.spec.size, render.spec.seconds)
        known = self._renders.get(kind)
        if known is None or not known.at <= self.clock() < known.at + REMEMBERED_FOR:
            times = await self.store.render_times(render, limit=REMEMBERED_RENDERS)
            takes = median(times) if len(times) >= ENOUGH_RENDERS else None
            known = self._renders[kind] = _Known(self.clock(), takes)
        return known.value
