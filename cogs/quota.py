"""/quota: the limits that apply to a person here, and what is left of them."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from discord import app_commands
from discord.ext import commands

from bot.cards import limits, words
from bot.cards.i18n import N_
from bot.jobs.database import StoreError
from bot.jobs.store import JobStore
from bot.requests.communities import Communities
from bot.requests.limits import Limits
from cogs.answers import Interaction, own_language, refuse, too_fast
from cogs.permissions import asker_of

_log = logging.getLogger(__name__)

DESCRIPTION = N_("See your limits and what is left of them")


@dataclass(eq=False, repr=False, kw_only=True)
class Quota(commands.Cog):
    """Offers /quota."""

    store: JobStore
    limits: Limits
    communities: Communities
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
        asker = asker_of(interaction)
        try:
            community = await self.communities.of(asker.guild)
            applying = list(self.limits.of(asker, community, self.clock()))
            usages = await self.store.accounting.usage(applying)
        except StoreError as error:
            _log.error("the limits could not be read: %s", error)
            await refuse(interaction, t(words.GONE_WRONG))
            return
        counted = zip(applying, usages, strict=True)
        at_once = self.limits.at_once(community).of_user
        await refuse(interaction, limits.quota(counted, at_once, self.limits.currency, t))
