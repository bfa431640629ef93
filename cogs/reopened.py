"""When a place opens to the bot again, posts the films that were kept for lack of access."""

import asyncio
from dataclasses import dataclass
from typing import Final

import discord
from discord.ext import commands

from bot.delivery.service import DeliveryService
from bot.jobs.events import JobEvents, until_written
from bot.jobs.models import Render
from bot.jobs.reasons import Reason
from bot.runtime.background import Background
from bot.runtime.json_fields import fields_of

GATHERED: Final = 0.1
"""Seconds for which opened places are collected: one changed role opens many, a reconnect all."""


@dataclass(eq=False, repr=False, kw_only=True)
class ReopenedChannels(commands.Cog):
    """Offers kept films again, and updates outdated cards to say where their films are.

    It uses only events that Discord sends by itself: an invitation, changed permissions of a
    channel or a role, a role given to the bot, a thread that was opened.
    """

    client: discord.Client
    deliveries: DeliveryService
    events: JobEvents

    def __post_init__(self) -> None:
        self._background = Background()
        self._opened: set[int] = set()

    async def cog_unload(self) -> None:
        """Leave it to the next start."""
        await self._background.close()

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was invited, perhaps again."""
        self._open(guild.id)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """A server is available again; the start itself handles those available at a start."""
        if self.client.is_ready():
            self._open(guild.id)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """A role's permissions changed, and the bot may have that role."""
        if before.permissions != after.permissions:
            self._open(after.guild.id)

    @commands.Cog.listener()
    async def on_member_update(self, _: discord.Member, after: discord.Member) -> None:
        """The bot's roles may have changed, or its time-out ended.

        It gets this event about itself without the members intent.
        Source: Discord, events/gateway, "Caveats".
        """
        if after == after.guild.me:
            self._open(after.guild.id)

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        """A channel's permissions changed, perhaps for the bot."""
        if before.overwrites != after.overwrites:
            self._open(after.id)

    @commands.Cog.listener()
    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        """A thread changed; no other event reports archived or locked threads."""
        state = fields_of(payload.data.get("thread_metadata"))
        if not state.get("archived") and not state.get("locked"):
            self._open(payload.thread_id)

    def _open(self, place: int) -> None:
        if not self._opened:
            self._background.spawn(self._make_up(), name="places that opened")
        self._opened.add(place)

    async def _make_up(self) -> None:
        await asyncio.sleep(GATHERED)
        opened, self._opened = self._opened, set()

        async for attempt in until_written():
            with attempt:
                await self._make_up_in(opened)

    async def _make_up_in(self, opened: set[int]) -> None:
        def has_opened(render: Render) -> bool:
            return self._has_opened(render, opened)

        await self.deliveries.offer_kept(Reason.NO_ACCESS, where=has_opened)
        for render in await self.deliveries.outdated_cards(where=has_opened):
            self.events.redraw(render)

    def _has_opened(self, render: Render, opened: set[int]) -> bool:
        """Whether a render's channel is among these places, and the bot can post there now."""
        guild = (
            None
            if render.request.guild_id is None
            else self.client.get_guild(render.request.guild_id)
        )
        if guild is None:
            return False
        channel = guild.get_channel_or_thread(render.request.channel_id)
        parent = channel.parent_id if isinstance(channel, discord.Thread) else None
        if opened.isdisjoint({guild.id, render.request.channel_id, parent}):
            return False
        return channel is None or _may_write(channel)


def _may_write(channel: discord.abc.GuildChannel | discord.Thread) -> bool:
    may = channel.permissions_for(channel.guild.me)
    in_thread = isinstance(channel, discord.Thread)
    sends = may.send_messages_in_threads if in_thread else may.send_messages
    return may.view_channel and sends and may.attach_files
