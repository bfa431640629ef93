"""/videos: the films somebody asked for here, newest first; moderators see everybody's."""

import io
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import VideoBot
from bot.jobs.store import Search
from bot.status.language import N_
from bot.status.shelf import (
    PER_PAGE,
    SEARCH_LIMIT,
    STATUSES,
    Filter,
    Place,
    ShelfButton,
    shelf,
    still_name,
)
from bot.status.text import shorten
from cogs.requesting import Interaction, own_language

SUGGESTIONS: Final = 10
DESCRIPTION = N_("The films you asked for here, newest first")
SEARCH = N_("Words in the prompt")


class Library(commands.Cog):
    """Lists films in private, page by page."""

    def __init__(self, bot: VideoBot) -> None:
        self.bot = bot
        bot.add_dynamic_items(ShelfButton)

    @app_commands.command(name="videos", description=DESCRIPTION)
    @app_commands.describe(search=SEARCH)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def videos(
        self, interaction: Interaction, search: app_commands.Range[str, 0, SEARCH_LIMIT] = ""
    ) -> None:
        """Answer with the first page."""
        view, pictures = await self._page(interaction, Place(search=search.strip()))
        await interaction.response.send_message(view=view, files=pictures, ephemeral=True)

    @videos.autocomplete("search")
    async def suggest(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest prompts that contain what is typed."""
        search = _search(interaction, Place(search=current[:SEARCH_LIMIT]))
        jobs = await self.bot.archive.history(search, limit=SUGGESTIONS)
        prompts = dict.fromkeys(shorten(job.prompt, 100) for job in jobs)
        return [
            app_commands.Choice(name=prompt, value=prompt.rstrip("…")[:SEARCH_LIMIT])
            for prompt in prompts
        ]

    @commands.Cog.listener()
    async def on_shelf_button(self, interaction: Interaction, place: Place) -> None:
        """Turn the page, or narrow the list, in the same message."""
        view, pictures = await self._page(interaction, place)
        await interaction.response.edit_message(view=view, attachments=pictures)

    async def _page(
        self, interaction: Interaction, place: Place
    ) -> tuple[discord.ui.LayoutView, list[discord.File]]:
        search = _search(interaction, place)
        jobs = await self.bot.archive.history(search, limit=PER_PAGE, offset=place.page * PER_PAGE)
        found = await self.bot.archive.count(search)
        stills = await self.bot.archive.stills(jobs)
        view = shelf(jobs, found, place, own_language(interaction), stills)
        return view, [_picture(job_id, jpeg) for job_id, jpeg in stills.items()]


def _picture(job_id: str, jpeg: bytes) -> discord.File:
    return discord.File(io.BytesIO(jpeg), filename=still_name(job_id))


def _search(interaction: Interaction, place: Place) -> Search:
    """Narrow the list to what this person may see: their own, or the server's for a moderator."""
    everybody = interaction.guild_id is not None and interaction.permissions.manage_messages
    return Search(
        requester_id=None if everybody else interaction.user.id,
        guild_id=interaction.guild_id,
        statuses=STATUSES[Filter(place.filter)],
        words=place.search,
    )


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(Library(bot))
