"""RequestQueries: the history, the subscribers and the forecast of renders."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median
from typing import Final, Generic, TypeVar

from bot.jobs.film_store import FilmStore
from bot.jobs.history import Search
from bot.jobs.models import RUNNING, Render, RenderStatus
from bot.jobs.store import JobStore

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
    cost: float | None = None
    """In the operator's currency, where a price per second is configured."""
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


@dataclass(eq=False, kw_only=True)
class RequestQueries:
    """Answers questions about renders, and deletes them."""

    store: JobStore
    films: FilmStore
    prices: Mapping[str, float]
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        # Read for every update of every card, and the same for all of a kind.
        self._places: _Known[dict[str, int]] | None = None
        self._renders: dict[tuple[str | None, str, str], _Known[float | None]] = {}

    async def find(self, render_id: str) -> Render | None:
        """Return a render as it is on disk, or None where it was deleted."""
        return await self.store.get(render_id)

    async def remove(self, render: Render) -> None:
        """Remove a job for good: our row, then our film.

        A row that our disk does not let go keeps its film; a film without a row is tidied away.
        """
        await self.store.delete_row(render)
        await self.films.remove(
            name for name in (render.film, render.transcoded_name) if name is not None
        )

    async def subscribe(self, render: Render, user_id: int) -> bool:
        """Remember to notify somebody at the end; False where that was known."""
        return await self.store.subscriptions.add(render.request.id, user_id)

    async def subscribers(self, render: Render) -> list[int]:
        """Return who asked to be notified."""
        return await self.store.subscriptions.of(render.request.id)

    async def notified(self, render: Render, people: Sequence[int]) -> None:
        """Forget who has been notified, or cannot be."""
        await self.store.subscriptions.remove(render.request.id, people)

    async def history(self, search: Search, *, limit: int, offset: int = 0) -> list[Render]:
        """Return jobs that fit, newest first."""
        return await self.store.history(search, limit=limit, offset=offset)

    async def count(self, search: Search) -> int:
        """Return how many jobs fit."""
        return await self.store.count(search)

    async def thumbnails(self, renders: Sequence[Render]) -> dict[str, bytes]:
        """Return a small JPEG of each film that has one, by its job's id."""
        return await self.store.thumbnails.of(renders)

    async def forecast(self, render: Render) -> Forecast:
        """Return what can honestly be said of a job's future and its price."""
        expected = await self._expected(render)
        return replace(expected, stuck=True) if self.store.stuck else expected

    async def _expected(self, render: Render) -> Forecast:
        price = self.prices.get(render.spec.model or "", self.prices.get(""))
        cost = None if price is None else price * (render.made_seconds or int(render.spec.seconds))
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
