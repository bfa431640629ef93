"""What the bot counts about itself, for Prometheus; imported only where it is served."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from types import SimpleNamespace
from typing import Final

import aiohttp
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from bot.jobs.film_store import FilmStore
from bot.jobs.models import RUNNING, Render, RenderChange, RenderStatus
from bot.runtime.background import Background

LOOK: Final = 0.1
"""Seconds between two looks at how late the event loop is."""
_LAGS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_WAITS: Final = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 60.0, 180.0, 600.0, 3600.0)
_TOO_MANY_REQUESTS: Final = 429
_OK: Final = 200


class Metrics:
    """Counts job changes as they are announced, and Discord's answers as they come."""

    def __init__(
        self, *, films: FilmStore, counts: Callable[[], Awaitable[Mapping[RenderStatus, int]]]
    ) -> None:
        """`counts` gives how many jobs there are in each state."""
        self._films = films
        self._counts = counts
        self._background = Background()
        self._latest = 0.0
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self._jobs = Gauge("rushes_jobs", "Jobs by state", ["state"], registry=registry)
        self._creates = Counter(
            "rushes_creates", "Creates by outcome", ["outcome"], registry=registry
        )
        self._deliveries = Counter(
            "rushes_deliveries", "Rendered films by how they ended", ["how"], registry=registry
        )
        self._waits = Histogram(
            "rushes_delivery_seconds",
            "From rendered to delivered",
            registry=registry,
            buckets=_WAITS,
        )
        self._film_bytes = Counter(
            "rushes_film_bytes", "Bytes of the films that were delivered", registry=registry
        )
        self._sent = Counter(
            "rushes_discord_sent_bytes", "Bytes sent to Discord, films included", registry=registry
        )
        self._edits = Counter("rushes_edits", "Edits that Discord accepted", registry=registry)
        self._limited = Counter(
            "rushes_rate_limited", "Answers of Discord that were 429", registry=registry
        )
        self._lag = Histogram(
            "rushes_event_loop_lag_seconds",
            "How late the event loop was",
            registry=registry,
            buckets=_LAGS,
        )
        self._worst = Gauge(
            "rushes_event_loop_lag_max_seconds",
            "Longest delay of the event loop since the last scrape",
            registry=registry,
        )

    def start(self) -> None:
        """Begin to look at the event loop."""
        self._background.spawn(self._look(), name="event loop lag")

    async def close(self) -> None:
        """End."""
        await self._background.close()

    async def text(self) -> bytes:
        """Return everything as Prometheus reads it. Raises StoreError."""
        counts = await self._counts()
        for status in RenderStatus:
            self._jobs.labels(status.value).set(counts.get(status, 0))
        self._worst.set(self._latest)
        self._latest = 0.0
        return generate_latest(self.registry)

    def changed(self, change: RenderChange) -> None:
        """Count what became of a job."""
        before, render = change.before, change.after
        if before is None or before.status is render.status:
            return
        if before.status is RenderStatus.SENDING:
            self._creates.labels(_outcome(render)).inc()
        if render.status is RenderStatus.UNDELIVERED:
            self._deliveries.labels("kept").inc()
        elif render.status is RenderStatus.DELIVERED:
            self._background.spawn(self._delivered(render), name="film size")

    async def _delivered(self, render: Render) -> None:
        self._deliveries.labels(_way(render)).inc()
        if render.completed_at is not None and render.ended_at is not None:
            self._waits.observe(max(0.0, render.ended_at - render.completed_at))
        if render.film is not None:
            self._film_bytes.inc(await self._films.size(render.film))

    def listen(self, trace: aiohttp.TraceConfig) -> None:
        """Count the answers that a session of Discord's gets, before anybody else hears of them."""
        trace.on_request_end.insert(0, self._answered)
        trace.on_request_chunk_sent.append(self._wrote)

    async def _answered(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        if end.response.status == _TOO_MANY_REQUESTS:
            self._limited.inc()
        elif end.method == "PATCH" and end.response.status == _OK:
            self._edits.inc()

    async def _wrote(
        self,
        _: aiohttp.ClientSession,
        __: SimpleNamespace,
        sent: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        self._sent.inc(len(sent.chunk))

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOK
            await asyncio.sleep(LOOK)
            late = max(0.0, loop.time() - due)
            self._lag.observe(late)
            self._latest = max(self._latest, late)


def _outcome(render: Render) -> str:
    if render.status in RUNNING or render.status is RenderStatus.COMPLETED:
        return "accepted"
    return "unknown" if render.status is RenderStatus.UNCONFIRMED else "refused"


def _way(render: Render) -> str:
    if render.link_expires_at is not None:
        return "link"
    return "fitted" if render.transcoded else "as_is"
