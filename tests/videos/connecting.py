"""A client of a server that plays its part."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from bot.videos.client import VideosClient
from bot.videos.models import CreateVideo

KEY = "sk-secret-0123456789"
CAT = CreateVideo(prompt="a calico cat", size="720x1280", seconds="4")
JOB = {"id": "video_1", "status": "queued"}
SHORT = 0.4
"""Seconds a client waits whose server never answers."""


@asynccontextmanager
async def connected(
    base_url: str, *, api_key: str | None = KEY, patience: float = 20.0, film_hosts: str = ""
) -> AsyncGenerator[VideosClient]:
    async with aiohttp.ClientSession() as session:
        yield VideosClient(
            session,
            base_url=base_url,
            api_key=api_key,
            timeout=patience,
            film_hosts=frozenset({film_hosts}),
        )
