"""Our bot as it is, with one more command beside its own: /card sends the card and nothing more."""

import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot import wiring
from bot.__main__ import main
from bot.cards.view import card
from bot.client import VideoBot
from bot.jobs.models import Card, Render, Request
from bot.videos.spec import VideoSpec

_A_RENDER: Final = Render.first(
    Request(
        id="0" * 32,
        requester_id=1,
        guild_id=1,
        channel_id=1,
        application_id=1,
        spec=VideoSpec(
            prompt="a calico cat playing a piano on stage", size="720x1280", seconds="4"
        ),
        card=Card(interaction_token=None, token_expires_at=0.0, upload_limit=0, bot_upload_limit=0),
        created_at=0.0,
    )
)


class PlainCard(commands.Cog):
    """Answers with a card of no job."""

    @app_commands.command(name="card", description="Send a card and do nothing")
    async def send(self, interaction: discord.Interaction) -> None:
        """Send it."""
        await interaction.response.send_message(view=card(_A_RENDER))


class BotWithCard(VideoBot):
    """The bot with that command."""

    def prepare(self, cogs: Sequence[commands.Cog], startup: Callable[[], Awaitable[None]]) -> None:
        """Add the command's cog."""
        super().prepare([*cogs, PlainCard()], startup)


if __name__ == "__main__":
    wiring.VideoBot = BotWithCard
    sys.argv = ["bot", "run"]
    sys.exit(main())
