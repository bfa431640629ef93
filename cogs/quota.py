"""/quota: the limits that apply to a person here, and what is left of them."""

from collections.abc import Callable
from dataclasses import dataclass

from discord import app_commands
from discord.ext import commands

from bot.cards import limits, words
from bot.cards.i18n import N_
from bot.jobs.database import StoreError
from bot.jobs.store import JobStore
from bot.requests.limits import Asker, Limits
from cogs.answers import Interaction, own_language, refuse, too_fast

DESCRIPTION = N_("See your limits and what is left of them")


@dataclass(eq=False, repr=False, kw_only=True)
class Quota(commands.Cog):
    """Offers /quota."""

    store: JobStore
    limits: Limits
    clock: Callable[[], float]

    @app_commands.command(name="quota", description=DESCRIPTION)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def quota(self, interaction: Interaction) -> None:
        """Answer in private with each limit."""
        t = own_language(interaction)
        if (sentence := too_fast(interaction)) is not None:
            await refuse(interaction, sentence)
            return
        asker = Asker(interaction.user.id, interaction.guild_id, interaction.channel_id or 0)
        applying = list(self.limits.of(asker, self.clock()))
        try:
            usages = await self.store.accounting.usage(applying)
        except StoreError:
            await refuse(interaction, t(words.NOT_WRITTEN))
            return
        counted = zip(applying, usages, strict=True)
        at_once = self.limits.open.of_user
        await refuse(interaction, limits.quota(counted, at_once, self.limits.currency, t))
