"""Checks, in each server, the bot's permissions in the channels that it sees."""

import asyncio
from collections.abc import Iterator
from typing import Final

import aiohttp
import discord

from bot.cards import words
from bot.client import point_at
from bot.doctor.check import Check, Mark
from bot.doctor.network import reason
from bot.settings import Settings

SERVERS: Final = 25
"""Servers whose channels are checked; each takes three requests."""
NAMED: Final = 5
"""Channels named of a server where a permission is missing."""
Channel = discord.TextChannel | discord.VoiceChannel | discord.ForumChannel


async def checks(settings: Settings, token: str) -> list[Check]:
    """Check the servers that the bot is in."""
    point_at(api_url=settings.discord_api_url, gateway_url=None)
    proxy = settings.proxies.for_address(settings.discord_api_url)
    client = discord.Client(intents=discord.Intents.none(), proxy=proxy)
    try:
        await client.login(token)
        return await _servers(client)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        fix = "try again; the bot works without this"
        is_answer = isinstance(error, discord.HTTPException)
        why = f"HTTP {error.status}" if is_answer else reason(error)
        return [Check("servers", Mark.WARNING, f"cannot be checked: {why}", fix)]
    finally:
        await client.close()


async def _servers(client: discord.Client) -> list[Check]:
    guilds = [guild async for guild in client.fetch_guilds(limit=200, with_counts=False)]
    if not guilds:
        fix = "invite it, with the scopes bot and applications.commands"
        return [Check("servers", Mark.WARNING, "the bot is in none", fix)]
    found = await asyncio.gather(*(_server(client, guild.id) for guild in guilds[:SERVERS]))
    more = len(guilds) - SERVERS
    rest = [Check("servers", Mark.GOOD, f"{more} more were not checked")] if more > 0 else []
    return [*found, *rest]


async def _server(client: discord.Client, guild_id: int) -> Check:
    assert client.user is not None, "it has logged in"  # noqa: S101
    guild = await client.fetch_guild(guild_id, with_counts=False)
    me = await guild.fetch_member(client.user.id)
    channels = [each for each in await guild.fetch_channels() if isinstance(each, Channel)]
    seen = [each for each in channels if each.permissions_for(me).view_channel]
    what = f"server {guild.name}"
    if not seen:
        fix = "let it see the channels where it is used"
        return Check(what, Mark.WARNING, f"it sees none of {len(channels)} channels", fix)
    lacking = {each.name: missing for each in seen if (missing := list(_missing(each, me)))}
    if lacking:
        fix = "grant it there, or a film that takes over 15 minutes goes by direct message"
        return Check(what, Mark.WARNING, _listed(lacking), fix)
    unseen = len(channels) - len(seen)
    found = f"can work in {len(seen)} channels" + (f", does not see {unseen}" if unseen else "")
    return Check(what, Mark.GOOD, found)


def _listed(lacking: dict[str, list[str]]) -> str:
    """Name the permissions that are missing by channel."""
    named = [f"#{name} lacks {', '.join(lacking[name])}" for name in list(lacking)[:NAMED]]
    more = [f"and {len(lacking) - NAMED} more"] if len(lacking) > NAMED else []
    return "; ".join(named + more)


def _missing(channel: Channel, me: discord.Member) -> Iterator[str]:
    allowed = channel.permissions_for(me)
    is_forum = isinstance(channel, discord.ForumChannel)
    has_threads = not isinstance(channel, discord.VoiceChannel)
    if not is_forum and not allowed.send_messages:
        yield words.SEND_MESSAGES
    if has_threads and not allowed.send_messages_in_threads:
        yield words.SEND_IN_THREADS
    if not allowed.attach_files:
        yield words.ATTACH_FILES
