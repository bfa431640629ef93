"""Our bot as it is, with one more command beside its own: /card sends the card and nothing more."""

import sys
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot import client
from bot.__main__ import main
from bot.cards.view import card
from bot.client import VideoBot
from bot.jobs.models import Job, JobStatus

_A_JOB: Final = Job(
    id="0" * 32,
    status=JobStatus.REQUESTED,
    prompt="a calico cat playing a piano on stage",
    size="720x1280",
    seconds="4",
    model=None,
    requester_id=1,
    guild_id=1,
    channel_id=1,
    application_id=1,
    interaction_token=None,
    token_expires_at=0.0,
    upload_limit=0,
    bot_upload_limit=0,
    created_at=0.0,
)


class PlainCard(commands.Cog):
    """Answers with a card of no job."""

    def __init__(self, bot: VideoBot) -> None:
        self.bot = bot

    @app_commands.command(name="card", description="Send a card and do nothing")
    async def send(self, interaction: discord.Interaction) -> None:
        """Send it."""
        await interaction.response.send_message(view=card(_A_JOB, house=self.bot.house))


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(PlainCard(bot))


if __name__ == "__main__":
    client.EXTENSIONS = (*client.EXTENSIONS, "benchmarks.ours")
    sys.argv = ["bot", "run"]
    sys.exit(main())
