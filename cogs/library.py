"""/videos: the films somebody asked for here, newest first; moderators see those they moderate."""

import io
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
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
    library_page,
    place_in,
    thumbnail_name,
)
from bot.cards.text import shorten
from bot.jobs.history import Search
from bot.jobs.store import JobStore
from bot.transport.errors import told
from bot.transport.result import refuses_content
from cogs.permissions import moderated
from cogs.requests import Interaction, own_language, refuse, too_fast

_log = logging.getLogger(__name__)

SUGGESTIONS: Final = 10
DESCRIPTION = N_("Your videos here, newest first")
SEARCH = N_("Search the prompts")

Answer = Callable[[discord.ui.LayoutView, list[discord.File]], Awaitable[None]]


@dataclass(eq=False, repr=False, kw_only=True)
class Library(commands.Cog):
    """Lists films in private, page by page."""

    store: JobStore

    @app_commands.command(name="videos", description=DESCRIPTION)
    @app_commands.describe(search=SEARCH)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def videos(
        self, interaction: Interaction, search: app_commands.Range[str, 0, SEARCH_LIMIT] = ""
    ) -> None:
        """Answer with the first page."""

        async def answer(view: discord.ui.LayoutView, files: list[discord.File]) -> None:
            await interaction.response.send_message(view=view, files=files, ephemeral=True)

        await self._show(interaction, Place(search=search.strip()), answer)

    @videos.autocomplete("search")
    async def suggest(
        self, interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest prompts that contain what is typed."""
        search = _search(interaction, Place(search=current[:SEARCH_LIMIT]))
        renders = await self.store.history(search, limit=SUGGESTIONS, offset=0)
        prompts = dict.fromkeys(shorten(render.spec.prompt, 100) for render in renders)
        prompts.pop("", None)
        return [
            app_commands.Choice(name=prompt, value=prompt.rstrip("…")[:SEARCH_LIMIT])
            for prompt in prompts
        ]

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Turn the page, or narrow the list, in the same message."""
        if (place := place_in(interaction)) is None:
            return
        if (sentence := too_fast(interaction)) is not None:
            await refuse(interaction, sentence)
            return

        async def answer(view: discord.ui.LayoutView, files: list[discord.File]) -> None:
            await interaction.response.edit_message(view=view, attachments=files)

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
        renders = await self.store.history(search, limit=PER_PAGE, offset=place.page * PER_PAGE)
        found = await self.store.count(search)
        thumbnails = {} if wordless else await self.store.thumbnails.of(renders)
        if wordless:
            renders = [render.with_spec(prompt="…") for render in renders]
            place = replace(place, search="")
        view = library_page(renders, found, place, own_language(interaction), thumbnails)
        return view, [_picture(render_id, jpeg) for render_id, jpeg in thumbnails.items()]


def _picture(render_id: str, jpeg: bytes) -> discord.File:
    return discord.File(io.BytesIO(jpeg), filename=thumbnail_name(render_id))


def _search(interaction: Interaction, place: Place) -> Search:
    """Narrow the list to what this person may see: their own, and those of what they moderate."""
    return Search(
        requester_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_ids=moderated(interaction),
        statuses=STATUSES[Filter(place.filter)],
        words=place.search,
    )
