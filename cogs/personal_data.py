"""/video-data: a person's own data, to be taken along or erased."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards import personal
from bot.cards.i18n import N_
from bot.jobs.database import StoreError
from bot.requests.erasure import Erasures
from bot.requests.export import Exporter
from bot.runtime.background import Background
from cogs.answers import Interaction, not_now, own_language, refuse, tell_surely

_log = logging.getLogger(__name__)

D_DATA: Final = N_("Your data: get a copy, or erase it")
D_EXPORT: Final = N_("Get a file with everything the bot has about you")
D_ERASE: Final = N_("Erase your prompts, images and videos")


@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
@dataclass(eq=False, repr=False, kw_only=True)
class Personal(commands.GroupCog, group_name="video-data", group_description=D_DATA):
    """Offers /video-data to everybody, also to who may make no videos."""

    exporter: Exporter
    erasures: Erasures

    def __post_init__(self) -> None:
        super().__init__()
        self._background = Background()
        self._erasing: set[int] = set()
        self._exporting = asyncio.Lock()

    async def cog_unload(self) -> None:
        """Leave the rest of an erasure to the next one."""
        await self._background.close()

    async def interaction_check(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: Interaction, /
    ) -> bool:
        """Keep the pace of all commands."""
        if (sentence := not_now(interaction)) is None:
            return True
        await refuse(interaction, sentence)
        return False

    @app_commands.command(name="export", description=D_EXPORT)
    async def export(self, interaction: Interaction) -> None:
        """Answer in private with a file."""
        t, limit = own_language(interaction), interaction.filesize_limit
        await interaction.response.defer(ephemeral=True)
        try:
            # One at a time: each keeps one of the threads that read the database.
            async with self._exporting:
                made = await self.exporter.export(interaction.user.id, limit)
        except (StoreError, OSError) as error:
            _log.error("a person's data could not be read: %s", error)
            await refuse(interaction, t(personal.NOT_EXPORTED))
            return
        with made.file:
            if made.size > limit:
                await refuse(interaction, t(personal.TOO_LARGE))
                return
            file = discord.File(made.file, filename=made.name)
            await interaction.followup.send(t(personal.YOUR_DATA), file=file, ephemeral=True)

    @app_commands.command(name="erase", description=D_ERASE)
    async def erase(self, interaction: Interaction) -> None:
        """Ask once."""
        view = personal.question(own_language(interaction))
        await interaction.response.send_message(view=view, ephemeral=True)

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Erase the data of who pressed the button of the question."""
        if not personal.is_confirmed(interaction):
            return
        person, t = interaction.user.id, own_language(interaction)
        if (sentence := not_now(interaction)) is not None:
            await refuse(interaction, sentence)
            return
        await refuse(interaction, t(personal.BEGUN))
        if person not in self._erasing:
            self._erasing.add(person)
            self._background.spawn(self._erase(interaction), name="erase a person's data")

    async def _erase(self, interaction: Interaction) -> None:
        person, t = interaction.user.id, own_language(interaction)
        try:
            sentence = personal.erased(await self.erasures.erase(person), t)
        except (StoreError, OSError) as error:
            _log.error("a person's data could not be erased: %s", error)
            sentence = t(personal.NOT_ERASED)
        finally:
            self._erasing.discard(person)
        await tell_surely(interaction, sentence)
