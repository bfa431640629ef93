"""What was and what will be: finished jobs, the people who wait, and honest expectations."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final, Generic, TypeVar

from bot.jobs.film_store import FilmStore
from bot.jobs.models import RUNNING, Job, JobStatus
from bot.jobs.store import JobStore, Search

_Value = TypeVar("_Value")

REMEMBERED_RENDERS: Final = 20
ENOUGH_RENDERS: Final = 3
"""Renders of the same kind before their median is told as an expectation."""
REMEMBERED_FOR: Final = 2.0
"""Seconds for which the line and the expectations are taken as they were last read."""
QUIET_AFTER: Final = 50 * 60.0
"""Seconds after which a card no longer shows progress: Discord lets a message that is older than an
hour change only a few times, and those are for its end (discord-api-docs#4413)."""


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
    """Our disk takes nothing, so that nothing can move on."""


@dataclass(frozen=True)
class _Known(Generic[_Value]):
    """What the database said, and when."""

    at: float
    value: _Value


class RequestQueries:
    """Answers questions about jobs, and lets go of them."""

    def __init__(
        self,
        *,
        store: JobStore,
        films: FilmStore,
        prices: Mapping[str, float],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._films = films
        self._prices = prices
        self._clock = clock
        # Asked for with every picture of every card, and the same for all of a kind.
        self._places: _Known[dict[str, int]] | None = None
        self._renders: dict[tuple[str | None, str, str], _Known[float | None]] = {}

    async def find(self, job_id: str) -> Job | None:
        """Return a job as it stands on disk, or None where it was deleted."""
        return await self._store.get(job_id)

    async def remove(self, job: Job) -> None:
        """Remove a job for good: our row, then our film.

        A row that our disk does not let go keeps its film; a film without a row is tidied away.
        """
        await self._store.drop(job)
        await self._films.remove(name for name in (job.film, job.film_copy) if name is not None)

    async def watch(self, job: Job, user_id: int) -> bool:
        """Remember to tell somebody when a job ends; False where that was known."""
        return await self._store.watch(job, user_id)

    async def watchers(self, job: Job) -> list[int]:
        """Return who asked to be told."""
        return await self._store.watchers(job)

    async def told(self, job: Job, people: Sequence[int]) -> None:
        """These people have been told, or cannot be."""
        await self._store.forget_watchers(job, people)

    async def history(self, search: Search, *, limit: int, offset: int = 0) -> list[Job]:
        """Return jobs that fit, newest first."""
        return await self._store.history(search, limit=limit, offset=offset)

    async def count(self, search: Search) -> int:
        """Return how many jobs fit."""
        return await self._store.count(search)

    async def stills(self, jobs: Sequence[Job]) -> dict[str, bytes]:
        """Return a small JPEG of each film that has one, by its job's id."""
        return await self._store.stills(jobs)

    async def forecast(self, job: Job) -> Forecast:
        """Return what can honestly be said of a job's future and its price."""
        expected = await self._expected(job)
        return replace(expected, stuck=True) if self._store.stuck else expected

    async def _expected(self, job: Job) -> Forecast:
        price = self._prices.get(job.model or "", self._prices.get(""))
        cost = None if price is None else price * (job.made_seconds or int(job.seconds))
        if job.status in RUNNING and self._clock() - job.created_at > QUIET_AFTER:
            return Forecast(cost=cost, quiet=True)
        if job.status is JobStatus.QUEUED:
            line = await self._line()
            place = line.get(job.id)
            ends_at = await self._ends_at(job)
            return Forecast(place=place, line=len(line), ends_at=ends_at, cost=cost)
        if job.status is JobStatus.IN_PROGRESS:
            return Forecast(ends_at=await self._ends_at(job), cost=cost)
        return Forecast(cost=cost)

    async def _line(self) -> dict[str, int]:
        """Return the place of each queued job, counted from 1."""
        known = self._places
        if known is None or not known.at <= self._clock() < known.at + REMEMBERED_FOR:
            line = await self._store.line()
            places = {job_id: place for place, job_id in enumerate(line, start=1)}
            known = self._places = _Known(self._clock(), places)
        return known.value

    async def _ends_at(self, job: Job) -> float | None:
        takes = await self._takes(job)
        if takes is None or job.sent_at is None:
            return None
        ends_at = job.sent_at + takes
        return ends_at if ends_at > self._clock() else None

    async def _takes(self, job: Job) -> float | None:
        """Return the seconds that a render of this kind takes, where enough of them are known."""
        kind = (job.model, job.size, job.seconds)
        known = self._renders.get(kind)
        if known is None or not known.at <= self._clock() < known.at + REMEMBERED_FOR:
            times = await self._store.render_times(job, limit=REMEMBERED_RENDERS)
            takes = median(times) if len(times) >= ENOUGH_RENDERS else None
            known = self._renders[kind] = _Known(self._clock(), takes)
        return known.value
