"""The settings card of /video-admin: its menus, forms and buttons."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

import discord
from discord.ext import commands
from pydantic import ValidationError

from bot.cards import admin, reports, words
from bot.cards.i18n import N_, Language, language
from bot.cards.text import plain, shorten
from bot.jobs.database import StoreError
from bot.jobs.guild_settings import AuditEntry
from bot.jobs.meters import Unit
from bot.requests.admission import Offer
from bot.requests.communities import Communities
from bot.requests.community import REASON_MOST, Community
from bot.runtime.background import Background
from bot.transport.errors import told
from bot.transport.result import UNREACHED
from cogs.admin_options import amount_of
from cogs.answers import Interaction, not_now, own_language, refuse

_log = logging.getLogger(__name__)

NOT_ALLOWED: Final = N_("Only people with the permission Manage Server can do that.")
NOT_VALID: Final = N_("“{value}” can't be used for “{label}”. Nothing was changed.")


async def may_go_on(interaction: Interaction) -> bool:
    """Whether somebody may administrate the community now; if not, the answer says why.

    It is checked for every interaction: a custom_id can be forged, and permissions change.
    """
    may = interaction.permissions
    is_allowed = interaction.guild_id is not None and (may.manage_guild or may.administrator)
    problem = not_now(interaction) if is_allowed else own_language(interaction)(NOT_ALLOWED)
    if problem is not None:
        await refuse(interaction, problem)
    return problem is None


@dataclass(eq=False, repr=False, kw_only=True)
class AdminSettings(commands.Cog):
    """Changes a community's settings from their card."""

    communities: Communities
    offer: Callable[[], Offer]
    currency: str

    def __post_init__(self) -> None:
        self._background = Background()

    async def cog_unload(self) -> None:
        """Leave what is not posted; the audit has it."""
        await self._background.close()

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Save what was chosen, and draw the card again."""
        name = admin.named_in(interaction)
        guild = interaction.guild_id
        if guild is None or name not in _KNOWN:
            return
        if not await may_go_on(interaction):
            return
        t = own_language(interaction)
        try:
            await self._use(interaction, guild, name, t)
        except StoreError as error:
            _log.error("settings could not be read or saved: %s", error)
            await refuse(interaction, t(words.NOT_SAVED))

    async def show(self, interaction: Interaction, guild: int) -> None:
        """Answer with the card. Raises StoreError."""
        view = self._card(interaction, await self.communities.of(guild))
        await interaction.response.send_message(view=view, ephemeral=True)

    async def change(
        self, interaction: Interaction, guild: int, changes: Mapping[str, object]
    ) -> Community:
        """Change fields, and post that where it is wished. Raises StoreError, ValidationError."""
        return await self.apply(
            interaction, guild, lambda before: before.model_copy(update=dict(changes))
        )

    async def apply(
        self, interaction: Interaction, guild: int, changes: Callable[[Community], Community]
    ) -> Community:
        """As change, with what makes new settings of the newest."""
        change = await self.communities.change(guild, interaction.user.id, changes)
        self.post(interaction, change.after, change.entry)
        return change.after

    def post(self, interaction: Interaction, community: Community, entry: AuditEntry) -> None:
        """Post a change into the channel for them, beside the answer to who made it."""
        posting = self._post(interaction, community, entry)
        self._background.spawn(posting, name="post a change of settings")

    async def _post(
        self, interaction: Interaction, community: Community, entry: AuditEntry
    ) -> None:
        guild = interaction.guild
        if community.audit_channel is None or guild is None:
            return
        t = language((interaction.guild_locale or interaction.locale).value)
        channel = guild.get_channel(community.audit_channel)
        if not isinstance(channel, discord.TextChannel):
            return
        try:
            await channel.send(
                shorten(reports.change_line(entry, t, self.currency), 2000),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except UNREACHED as error:
            _log.warning("a change could not be posted: %s", told(error))

    async def _use(self, interaction: Interaction, guild: int, name: str, t: Language) -> None:
        if name == admin.NUMBERS:
            community = await self.communities.of(guild)
            submitted = partial(self._set_numbers, guild)
            await interaction.response.send_modal(admin.NumbersForm(community, t, submitted))
        elif name == admin.PAUSE:
            form = admin.ReasonForm(t, partial(self._pause, guild), longest=REASON_MOST)
            await interaction.response.send_modal(form)
        elif name == admin.RESUME:
            await self._save(interaction, guild, {"paused": None})
        elif name in _CLEARED:
            await self._save(interaction, guild, {_CLEARED[name]: frozenset[int]()})
        elif name in _CHOSEN:
            await self._save(interaction, guild, {name: _CHOSEN[name](chosen_in(interaction))})

    async def _pause(self, guild: int, interaction: Interaction, reason: str) -> None:
        await self._submitted(interaction, guild, {"paused": reason}, {"paused": reason})

    async def _set_numbers(
        self, guild: int, interaction: Interaction, typed: Mapping[str, str | None]
    ) -> None:
        # What is no amount is refused by the settings, as what is no number is.
        price = amount_of(typed["confirm_above"] or "", Unit.MONEY)
        changes = dict(typed) if price is None else {**typed, "confirm_above": price}
        await self._submitted(interaction, guild, typed, changes)

    async def _submitted(
        self,
        interaction: Interaction,
        guild: int,
        typed: Mapping[str, str | None],
        changes: Mapping[str, object],
    ) -> None:
        """Save the changes that a form stands for; what was typed is given back where they fail."""
        if not await may_go_on(interaction):
            return
        t = own_language(interaction)
        try:
            await self._save(interaction, guild, changes)
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            problem = t(NOT_VALID, value=plain(str(typed[name]), 50), label=t(admin.LABELS[name]))
            await refuse(interaction, f"{problem}\n-# {_given_back(typed, t)}")
        except StoreError as error:
            _log.error("settings could not be saved: %s", error)
            await refuse(interaction, f"{t(words.NOT_SAVED)}\n-# {_given_back(typed, t)}")

    async def _save(
        self, interaction: Interaction, guild: int, changes: Mapping[str, object]
    ) -> None:
        community = await self.change(interaction, guild, changes)
        view = self._card(interaction, community, saved=True)
        await interaction.response.edit_message(view=view)

    def _card(
        self, interaction: Interaction, community: Community, *, saved: bool = False
    ) -> discord.ui.LayoutView:
        guild = interaction.guild

        def exists(number: int) -> bool:
            return guild is not None and bool(guild.get_role(number) or guild.get_channel(number))

        t = own_language(interaction)
        return admin.settings_card(community, self.offer(), exists, t, saved=saved)


def _given_back(typed: Mapping[str, str | None], t: Language) -> str:
    """List what was typed into a form, which has closed by now."""
    return " · ".join(
        f"{t(admin.LABELS[name])}: {plain(value, REASON_MOST)}"
        for name, value in typed.items()
        if value
    )


def chosen_in(interaction: Interaction) -> list[str]:
    """Return the values that were chosen in a menu."""
    data = cast("Mapping[str, Any]", interaction.data or {})
    return data.get("values", [])


def _ids(values: list[str]) -> frozenset[int]:
    return frozenset(int(each) for each in values)


def _first_id(values: list[str]) -> int | None:
    return int(values[0]) if values else None


_CHOSEN: Final[Mapping[str, Callable[[list[str]], object]]] = {
    **dict.fromkeys(("roles", "people", "blocked", "channels"), _ids),
    **dict.fromkeys(("models", "sizes", "seconds"), tuple),
    "audit_channel": _first_id,
}
"""What each menu's values stand for."""
_CLEARED: Final = {admin.CLEAR + field: field for field in ("roles", "channels")}
_KNOWN: Final = frozenset({*_CHOSEN, *_CLEARED, admin.NUMBERS, admin.PAUSE, admin.RESUME})
