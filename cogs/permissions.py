"""Who may see and do what: Discord's permissions of a person in a channel."""

from contextlib import suppress

import discord

from bot.cards import words
from bot.jobs.models import Render
from bot.requests.community import Asker
from cogs.answers import Interaction


def belongs_here(interaction: Interaction, render: Render) -> bool:
    """Whether a press came from the place of the render's card: a custom_id can be forged.

    A direct message to its requester counts, too: the end may have gone there.
    """
    if interaction.guild_id is None and interaction.user.id == render.request.requester_id:
        return True
    return (interaction.guild_id, interaction.channel_id) == (
        render.request.guild_id,
        render.request.channel_id,
    )


def asker_of(interaction: Interaction) -> Asker:
    """Return who asks with which roles, and in which channel; a thread is its parent."""
    channel, member = interaction.channel, interaction.user
    is_thread = isinstance(channel, discord.Thread)
    roles = member.roles if isinstance(member, discord.Member) else ()
    return Asker(
        person=member.id,
        guild=interaction.guild_id,
        channel=channel.parent_id if is_thread else interaction.channel_id or 0,
        roles=frozenset(role.id for role in roles),
    )


async def asker_for(interaction: Interaction, render: Render) -> Asker:
    """Return whose limits count where somebody sends a render again: its requester's, in its place.

    The press may come from a direct message, where a card's end went.
    """
    request, asker = render.request, asker_of(interaction)
    guild = None if request.guild_id is None else interaction.client.get_guild(request.guild_id)
    is_here = interaction.channel_id == request.channel_id
    channel = asker.channel if is_here else _counted(guild, request.channel_id)
    is_theirs = (asker.person, asker.guild) == (request.requester_id, request.guild_id)
    roles = asker.roles if is_theirs else await _roles_of(guild, request.requester_id)
    return Asker(request.requester_id, request.guild_id, channel, roles)


def _counted(guild: discord.Guild | None, channel_id: int) -> int:
    """Return the channel that counts for a limit: a thread's parent."""
    channel = None if guild is None else guild.get_channel_or_thread(channel_id)
    return channel.parent_id if isinstance(channel, discord.Thread) else channel_id


async def _roles_of(guild: discord.Guild | None, person: int) -> frozenset[int]:
    """Return the roles of somebody who may not be there any more."""
    if guild is None:
        return frozenset()
    with suppress(discord.HTTPException):
        return frozenset(role.id for role in (await guild.fetch_member(person)).roles)
    return frozenset()


def may_manage(interaction: Interaction, render: Render) -> bool:
    """Whether it is their own render, or they moderate the channel of its card."""
    if interaction.user.id == render.request.requester_id:
        return True
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def moderated(interaction: Interaction) -> frozenset[int] | None:
    """Return the channels where this person may see everybody's renders; None means every channel.

    These are the channels whose messages they can read and manage, by the channel or in the whole
    server. Nobody knows who could see a deleted channel, so only administrators, who see everything
    (Discord, topics/permissions), see its renders.
    """
    guild, member = interaction.guild, interaction.user
    found = set[int]()
    if guild is None or not isinstance(member, discord.Member):
        return frozenset()
    if interaction.permissions.administrator:
        return None
    if interaction.permissions.manage_messages and interaction.channel_id is not None:
        found.add(interaction.channel_id)
    everywhere = member.guild_permissions.manage_messages
    for channel in (*guild.channels, *guild.threads):
        may = _permissions(channel, member)
        if _reads(may) and (everywhere or may.manage_messages) and not _hidden(channel, may):
            found.add(channel.id)
    return frozenset(found)


def readable(interaction: Interaction) -> frozenset[int] | None:
    """Return the channels and threads that this person can read; None means every one."""
    guild, member = interaction.guild, interaction.user
    if guild is None or not isinstance(member, discord.Member):
        return frozenset()
    if interaction.permissions.administrator:
        return None
    return frozenset(
        channel.id
        for channel in (*guild.channels, *guild.threads)
        if _reads(may := _permissions(channel, member)) and not _hidden(channel, may)
    )


async def can_see(client: discord.Client, render: Render, person: int) -> bool | None:
    """Whether somebody can see a render's card now; None where the bot does not know the place.

    Raises discord.HTTPException, aiohttp.ClientError or OSError where Discord cannot be asked.
    """
    if person == render.request.requester_id:
        return True
    guild = None if render.request.guild_id is None else client.get_guild(render.request.guild_id)
    channel = None if guild is None else guild.get_channel_or_thread(render.request.channel_id)
    if guild is None or channel is None:
        return None
    try:
        member = await guild.fetch_member(person)
        may = _permissions(channel, member)
        if isinstance(channel, discord.Thread) and _hidden(channel, may):
            await channel.fetch_member(person)
    except (discord.NotFound, discord.Forbidden):
        return False
    return _reads(may)


def _reads(may: discord.Permissions) -> bool:
    return may.view_channel and may.read_message_history


def _permissions(
    channel: discord.abc.GuildChannel | discord.Thread, member: discord.Member
) -> discord.Permissions:
    try:
        return channel.permissions_for(member)
    except discord.ClientException:
        # A thread whose parent the bot does not know.
        return discord.Permissions.none()


def _hidden(channel: object, may: discord.Permissions) -> bool:
    """Whether it is a private thread: only its members and thread managers see it."""
    private = isinstance(channel, discord.Thread) and channel.is_private()
    return private and not may.manage_threads


def upload_limit(client: discord.Client, guild_id: int | None) -> int:
    """Return the bytes that the bot itself may upload in a server, or a direct message."""
    guild = None if guild_id is None else client.get_guild(guild_id)
    return discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES if guild is None else guild.filesize_limit


def is_member(interaction: Interaction, guild: discord.Guild | None) -> bool:
    """Whether the bot itself can reach this channel, or only the interaction's token can."""
    if interaction.guild_id is not None:
        return guild is not None
    return not interaction.context.private_channel


def missing_permissions(interaction: Interaction) -> list[str]:
    """Name the permissions that the bot needs to post in this channel, and lacks."""
    allowed = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = {
        words.VIEW_CHANNEL: allowed.view_channel,
        words.SEND_IN_THREADS: not in_thread or allowed.send_messages_in_threads,
        words.SEND_MESSAGES: in_thread or allowed.send_messages,
        words.ATTACH_FILES: allowed.attach_files,
    }
    return [name for name, has in needed.items() if not has]
