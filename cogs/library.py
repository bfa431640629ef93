"""/videos: the films somebody asked for here, newest first; moderators see those they moderate."""

import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.i18n import N_
from bot.cards.library import (
    PER_PAGE,
    SEARCH_LIMIT,
    STATUSES,
    Filter,
    Place,
    ShelfButton,
    shelf,
    thumbnail_name,
)
from bot.cards.text import shorten
from bot.client import VideoBot
from bot.jobs.store import Search
from bot.transport.errors import told
from bot.transport.message import refuses_content
from cogs.permissions import moderated
from cogs.requests import Interaction, own_language, refuse, too_fast

_log = logging.getLogger(__name__)

SUGGESTIONS: Final = 10
DESCRIPTION = N_("The films you asked for here, newest first")
SEARCH = N_("Words in the prompt")

Answer = Callable[[discord.ui.LayoutView, list[discord.File]], Awaitable[None]]


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

        async def answer(view: discord.ui.LayoutView, pictures: list[discord.File]) -> None:
            await interaction.response.send_message(view=view, files=pictures, ephemeral=True)

        await self._show(interaction, Place(search=search.strip()), answer)

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
        if (sentence := too_fast(interaction)) is not None:
            await refuse(interaction, sentence)
            return

        async def answer(view: discord.ui.LayoutView, pictures: list[discord.File]) -> None:
            await interaction.response.edit_message(view=view, attachments=pictures)

        await self._show(interaction, place, answer)

    async def _show(self, interaction: Interaction, place: Place, answer: Answer) -> None:
        """Answer with a page; where Discord refuses its content, with one without the prompts."""
        try:
            await answer(*await self._page(interaction, place))
        except discord.HTTPException as error:
            if not refuses_content(error):
                raise
            _log.warning("Discord refuses a list, a plain one takes its place: %s", told(error))
            await answer(*await self._page(interaction, place, wordless=True))

    async def _page(
        self, interaction: Interaction, place: Place, *, wordless: bool = False
    ) -> tuple[discord.ui.LayoutView, list[discord.File]]:
        search = _search(interaction, place)
        jobs = await self.bot.archive.history(search, limit=PER_PAGE, offset=place.page * PER_PAGE)
        found = await self.bot.archive.count(search)
        stills = {} if wordless else await self.bot.archive.stills(jobs)
        if wordless:
            jobs = [job.evolve(prompt="…") for job in jobs]
            place = replace(place, search="")
        view = shelf(jobs, found, place, own_language(interaction), stills)
        return view, [_picture(job_id, jpeg) for job_id, jpeg in stills.items()]


def _picture(job_id: str, jpeg: bytes) -> discord.File:
    return discord.File(io.BytesIO(jpeg), filename=thumbnail_name(job_id))


def _search(interaction: Interaction, place: Place) -> Search:
    """Narrow the list to what this person may see: their own, and those of what they moderate."""
    return Search(
        requester_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_ids=moderated(interaction),
        statuses=STATUSES[Filter(place.filter)],
        words=place.search,
    )


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(Library(bot))
