"""The bots everybody writes, on the same libraries: what Rushes is measured against.

polling: a task per job, a GET every 5 seconds, an edit through the channel each time, the film
whole in memory. silent: no progress, a look every 10 seconds, one edit through the interaction's
webhook. idle: one command, and nothing to do.

Run as ``python -m benchmarks.naive KIND`` with the environment of Rushes.
"""

import asyncio
import io
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, cast

import aiohttp
import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

POLL: Final = float(os.environ.get("NAIVE_POLL", "5"))
SILENT_POLL: Final = 2 * POLL

Follow = Callable[[discord.Interaction, str], Awaitable[None]]


class Bot(discord.Client):
    """One command, its answer, and a task that follows the job."""

    def __init__(self, kind: str) -> None:
        super().__init__(intents=discord.Intents.default())
        self.tree = app_commands.CommandTree(self)
        self.base = os.environ.get("VIDEOS_BASE_URL", "")
        self.session: aiohttp.ClientSession | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        follow = {"polling": self.follow_loudly, "silent": self.follow_silently}.get(kind)
        self.tree.add_command(_video(self, follow) if follow else _ping())

    async def setup_hook(self) -> None:
        """Open the connections to the Videos server, and register the command."""
        self.session = aiohttp.ClientSession()
        await self.tree.sync()

    async def close(self) -> None:
        """Leave."""
        if self.session is not None:
            await self.session.close()
        await super().close()

    @property
    def videos(self) -> aiohttp.ClientSession:
        """The connections, once they are open."""
        assert self.session is not None  # noqa: S101 - opened before any command comes
        return self.session

    async def start_video(
        self, interaction: discord.Interaction, prompt: str, then: Follow
    ) -> None:
        """Answer, have the film rendered, and follow it in a task of its own."""
        answer = await interaction.response.send_message(f"Queued: {prompt}")
        form = aiohttp.FormData({"prompt": prompt, "size": "720x1280", "seconds": "4"})
        async with self.videos.post(f"{self.base}/videos", data=form) as response:
            video = await response.json()
        interaction.extras["message_id"] = answer.message_id
        task = asyncio.create_task(_awaited(then(interaction, video["id"])))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def follow_loudly(self, interaction: discord.Interaction, video_id: str) -> None:
        """Ask every five seconds, and say each time what is known."""
        channel = cast("discord.TextChannel", interaction.channel)
        message = channel.get_partial_message(interaction.extras["message_id"])
        while True:
            video = await self.retrieve(video_id)
            if video["status"] == "completed":
                film = await self.download(video_id)
                await message.edit(content="Completed", attachments=[film])
                return
            await message.edit(content=f"In progress: {video['progress']} %")
            await asyncio.sleep(POLL)

    async def follow_silently(self, interaction: discord.Interaction, video_id: str) -> None:
        """Ask every ten seconds, and speak at the end."""
        while (await self.retrieve(video_id))["status"] != "completed":  # noqa: ASYNC110 - naive
            await asyncio.sleep(SILENT_POLL)
        film = await self.download(video_id)
        await interaction.edit_original_response(content="Completed", attachments=[film])

    async def retrieve(self, video_id: str) -> dict[str, Any]:
        """GET the job."""
        async with self.videos.get(f"{self.base}/videos/{video_id}") as response:
            return await response.json()

    async def download(self, video_id: str) -> discord.File:
        """GET the film, whole."""
        async with self.videos.get(f"{self.base}/videos/{video_id}/content") as response:
            return discord.File(io.BytesIO(await response.read()), "film.mp4")


async def _awaited(work: Awaitable[None]) -> None:
    await work


def _video(bot: Bot, follow: Follow) -> app_commands.Command[Any, ..., None]:
    async def video(interaction: discord.Interaction, prompt: str) -> None:
        await bot.start_video(interaction, prompt, follow)

    return app_commands.Command(name="video", description="Render a film", callback=video)


def _ping() -> app_commands.Command[Any, ..., None]:
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    return app_commands.Command(name="ping", description="Answer", callback=ping)


async def run(kind: str) -> None:
    """Be that bot until the process ends."""
    Route.BASE = os.environ["DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["DISCORD_GATEWAY_URL"])
    async with Bot(kind) as bot:
        await bot.start(os.environ["DISCORD_TOKEN"])


if __name__ == "__main__":
    asyncio.run(run(sys.argv[1]))
