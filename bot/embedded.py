"""The embedded Videos server as this bot's settings want it; loaded only where it is used."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from bot.server.app import ServerConfig, running
from bot.settings import Settings


def server_config(settings: Settings) -> ServerConfig:
    """Return what the embedded server needs of the settings."""
    return ServerConfig(
        folder=settings.data_dir / "server",
        workers=settings.server_workers,
        keep_seconds=settings.server_keep_hours * 3600,
    )


@asynccontextmanager
async def embedded(settings: Settings) -> AsyncGenerator[str]:
    """Run the server on loopback; its base URL. Raises OSError where it cannot start."""
    async with running(server_config(settings)) as base_url:
        yield base_url
