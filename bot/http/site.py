"""Opens what the bot serves over HTTP: links, health, readiness and metrics, all or nothing."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from bot.client import VideoBot
from bot.delivery.links import Links
from bot.http.metrics import Metrics
from bot.http.ports import Ports
from bot.http.web import Films, Operations, film_site, operations_site, serving
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.store import JobStore
from bot.serving.limits import LOOPBACK, private, public
from bot.settings import Settings
from bot.videos.client import VideosClient
from bot.videos.errors import NotSent, Unauthorized, Unavailable, VideosError

_log = logging.getLogger(__name__)

ASKED_EVERY: Final = 30.0
"""Seconds between two questions to the Videos server, however often readiness is asked for."""
PATIENCE: Final = 5.0
"""Seconds it may take to answer one."""


@asynccontextmanager
async def open_site(
    bot: VideoBot,
    events: JobEvents,
    store: JobStore,
    videos: VideosClient,
    *,
    films: FilmStore,
    links: Links | None,
    ports: Ports,
    settings: Settings,
) -> AsyncGenerator[None]:
    """Serve who connects to the ports, until the end of the context."""
    async with AsyncExitStack() as stack:
        if ports.films is not None:
            served = None
            if links is not None:
                served = Films(store=films, find=store.get, links=links, clock=bot.clock)
            site = film_site(served)
            limits = public(proxies=LOOPBACK + settings.web_proxies)
            await stack.enter_async_context(serving(site, ports.films, limits))
            _log.info("serving on %s port %d", *ports.films.getsockname()[:2])
        if ports.operations is not None:
            metrics = await stack.enter_async_context(_counting(bot, events, store, films))
            needs = _Readiness(bot=bot, store=store, videos=videos).needs
            site = operations_site(Operations(ready=needs, scrape=metrics.text))
            await stack.enter_async_context(serving(site, ports.operations, private()))
            address = ports.operations.getsockname()[:2]
            _log.info("health and metrics on %s port %d", *address)
        yield


@asynccontextmanager
async def _counting(
    bot: VideoBot, events: JobEvents, store: JobStore, films: FilmStore
) -> AsyncGenerator[Metrics]:
    metrics = Metrics(films=films, counts=store.counts)
    if bot.http.http_trace is not None:
        metrics.listen(bot.http.http_trace)
    events.listen(metrics.changed)
    metrics.start()
    try:
        yield metrics
    finally:
        await metrics.close()


@dataclass(eq=False, repr=False, kw_only=True)
class _Readiness:
    """What the bot needs, and whether it has it."""

    bot: VideoBot
    store: JobStore
    videos: VideosClient

    def __post_init__(self) -> None:
        self._reached = False
        self._ask_after = 0.0
        self._asking = asyncio.Lock()

    async def needs(self) -> dict[str, bool]:
        store, videos = await asyncio.gather(self._store_reads(), self._videos_answer())
        return {"gateway": self._is_connected(), "store": store, "videos": videos}

    def _is_connected(self) -> bool:
        shards = self.bot.shards.values()
        return self.bot.is_ready() and not any(shard.is_closed() for shard in shards)

    async def _store_reads(self) -> bool:
        try:
            await self.store.counts()
        except StoreError:
            return False
        return True

    async def _videos_answer(self) -> bool:
        async with self._asking:
            if time.monotonic() >= self._ask_after:
                self._reached = await self._ask()
                self._ask_after = time.monotonic() + ASKED_EVERY
        return self._reached

    async def _ask(self) -> bool:
        """Ask for one job; a server without a list answers, too."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self.videos.list(limit=1)
        except (NotSent, Unavailable, Unauthorized, TimeoutError):
            return False
        except VideosError:
            return True
        return True
