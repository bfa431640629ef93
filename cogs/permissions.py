"""Who may see and do what where: what Discord's permissions say of a person and a channel."""

import discord

from bot.cards import words
from bot.jobs.models import Render
from cogs.answers import Interaction


def belongs_here(interaction: Interaction, render: Render) -> bool:
    """Whether a press came from where the job's card is: a custom_id can be made up.

    A direct message to its requester is such a place, too: the end may have come there.
    """
    if interaction.guild_id is None and interaction.user.id == render.request.requester_id:
        return True
    return (interaction.guild_id, interaction.channel_id) == (
        render.request.guild_id,
        render.request.channel_id,
    )


def may_manage(interaction: Interaction, render: Render) -> bool:
    """Whether it is their own job, or they moderate the channel that its card is in."""
    if interaction.user.id == render.request.requester_id:
        return True
    return interaction.guild_id is not None and interaction.permissions.manage_messages


def moderated(interaction: Interaction) -> frozenset[int] | None:
    """Return the channels whose jobs this person may see, whoever asked for them.

    Those whose messages they can read and manage, by the channel or in the whole server. Of a
    channel that is gone nobody can tell who saw it: administrators alone, who see everything
    (Discord, topics/permissions), see its jobs. None stands for every channel.
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


async def can_see(client: discord.Client, render: Render, person: int) -> bool | None:
    """Whether somebody can see a job's card now; None where the bot does not know the place.

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
    """Whether it is a private thread, which its members alone see, and who manages threads."""
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
    """Name what the bot needs to write in this channel by itself, and lacks."""
    allowed = interaction.app_permissions
    in_thread = isinstance(interaction.channel, discord.Thread)
    needed = {
        words.VIEW_CHANNEL: allowed.view_channel,
        words.SEND_IN_THREADS: not in_thread or allowed.send_messages_in_threads,
        words.SEND_MESSAGES: in_thread or allowed.send_messages,
        words.ATTACH_FILES: allowed.attach_files,
    }
    return [name for name, has in needed.items() if not has]
