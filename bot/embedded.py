"""The embedded Videos server as this bot's settings want it; loaded only where it is used."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

from bot.server.app import ServerConfig, running
from bot.serving.limits import Limits, share_of_files
from bot.settings import Settings

_KEY_BYTES: Final = 32
_LIMITS: Final = Limits(connections=share_of_files(parts=8, most=128))
"""Its one client, the bot, opens 100 connections at the most."""


def server_config(settings: Settings) -> ServerConfig:
    """Return what the embedded server needs of the settings."""
    return ServerConfig(
        folder=settings.data_dir / "server",
        workers=settings.server_workers,
        keep_seconds=settings.server_keep_hours * 3600,
    )


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncGenerator[tuple[str, str]]:
    """Run the server on loopback; its base URL, and a key that nobody else knows.

    Other people of this machine reach its port, too, and what is rendered was typed in a chat. So
    each start has a key of its own, which is written nowhere. Raises OSError where it cannot start.
    """
    key = secrets.token_urlsafe(_KEY_BYTES)
    config = replace(server_config(settings), api_key=key, limits=_LIMITS)
    async with running(config) as base_url:
        yield base_url, key
