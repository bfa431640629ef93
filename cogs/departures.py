"""Remembers when the bot has left a community, whose rows are removed some time later."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import discord
from discord.ext import commands

from bot.jobs.database import StoreError
from bot.jobs.store import JobStore
from bot.runtime.background import faults_logged

_log = logging.getLogger(__name__)
_FAILED = "it is not saved which servers have the bot"


@dataclass(eq=False, repr=False, kw_only=True)
class Departures(commands.Cog):
    """Compares at each start, too: the bot may have been removed while it was stopped."""

    client: discord.Client
    store: JobStore
    clock: Callable[[], float]

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """The bot knows all communities that it is in."""
        present = {guild.id for guild in self.client.guilds}
        with faults_logged(_log, _FAILED, StoreError):
            await self.store.old.are_in(present, self.clock())

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed, or the community deleted."""
        with faults_logged(_log, _FAILED, StoreError):
            await self.store.old.left(guild.id, self.clock())

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited, perhaps again."""
        with faults_logged(_log, _FAILED, StoreError):
            await self.store.old.joined(guild.id)
