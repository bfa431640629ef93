"""Opens clients for the tests."""

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

import aiohttp

from bot.runtime.proxies import NONE, Proxies
from bot.videos.body import MinimumRate
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME
from bot.videos.models import CreateVideo
from bot.videos.wire import FILM_LIMIT, ServerAccess

KEY = "sk-secret-0123456789"
CAT = CreateVideo(prompt="a calico cat", size="720x1280", seconds="4")
JOB = {"id": "video_1", "status": "queued"}
SHORT = 0.4
"""Seconds a client waits whose server never answers."""


@asynccontextmanager
async def connected(
    base_url: str,
    *,
    api_key: str | None = KEY,
    patience: float = 20.0,
    dialect: str | None = None,
    film_hosts: Iterable[str] = (),
    film_limit: int = FILM_LIMIT,
    minimum: MinimumRate | None = None,
    proxies: Proxies = NONE,
    films_by_proxy: bool = False,
) -> AsyncGenerator[VideosClient]:
    """Open a client; `dialect` is a family's name."""
    async with aiohttp.ClientSession() as session:
        server = ServerAccess(
            base_url=base_url,
            api_key=api_key,
            timeout=patience,
            film_hosts=frozenset(film_hosts),
            film_limit=film_limit,
            minimum=minimum or MinimumRate(),
            proxies=proxies,
            films_by_proxy=films_by_proxy,
        )
        known = None if dialect is None else BY_NAME[dialect]
        yield VideosClient(session, server, dialect=known)
