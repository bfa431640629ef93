"""Discord's side: the token, the clock, the application, its commands and its permissions."""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final

import aiohttp
import discord

from bot.app import StartError, open_bot
from bot.cards import words
from bot.client import EXTENSIONS, point_at
from bot.doctor.check import Check, Mark
from bot.doctor.network import CERTIFICATES, reason
from bot.runtime.addresses import redacted
from bot.runtime.json_fields import Fields, fields_of, is_object, objects_in
from bot.settings import Settings

CLOCK_OFF: Final = 30.0
"""Seconds between Discord's clock and ours before times on the cards look wrong."""
SERVERS: Final = 25
"""Servers whose channels are looked at; each takes three requests."""
NAMED: Final = 5
"""Channels named of a server where something is missing."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_USER_INSTALL: Final = "1"
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_REACH: Final = "check the network, the proxy if there is one, and DISCORD_API_URL"
_NOBODY: Final = "http://127.0.0.1:9/v1"
"""Stands for the embedded server, which is not started for a look at the commands."""


async def checks(settings: Settings) -> list[Check]:
    """Look at everything that Discord knows of the bot."""
    if settings.discord_token is None:
        mend = "discord.com/developers/applications, Bot, Reset Token; put it into .env"
        return [Check("token", Mark.BAD, "DISCORD_TOKEN is not set", mend)]
    token = settings.discord_token.get_secret_value()
    headers = {"Authorization": f"Bot {token}"}
    proxy = settings.proxies.for_address(settings.discord_api_url)
    async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT, proxy=proxy) as session:
        try:
            found = await _application(session, settings)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            why = reason(error)
            reached = f"{redacted(settings.discord_api_url)} cannot be reached: {why}"
            mend = CERTIFICATES if "certificate" in why else _REACH
            return [Check("Discord", Mark.BAD, reached, mend)]
    if found[0].mark is Mark.BAD:
        return found
    return found + await _permissions(settings, token)


async def _application(session: aiohttp.ClientSession, settings: Settings) -> list[Check]:
    base = settings.discord_api_url
    async with session.get(f"{base}/users/@me") as answer:
        if answer.status == _UNAUTHORIZED:
            mend = "copy it again from the developer portal: Bot, Reset Token"
            return [Check("token", Mark.BAD, "Discord does not accept it (HTTP 401)", mend)]
        me = await _body(answer)
        if "id" not in me:
            found = f"{redacted(base)} does not answer as Discord does (HTTP {answer.status})"
            return [Check("Discord", Mark.BAD, found, _REACH)]
        clock = _clock(answer.headers)
    async with session.get(f"{base}/applications/@me") as answer:
        application = await _body(answer)
    place = f"{base}/applications/{application.get('id')}"
    if settings.discord_dev_guild is not None:
        place += f"/guilds/{settings.discord_dev_guild}"
    async with session.get(f"{place}/commands") as answer:
        listed = await _json(answer)
    token = Check("token", Mark.GOOD, f"{me.get('username')} ({me.get('id')})")
    return [token, clock, _installs(application), await _commands(settings, listed)]


async def _body(answer: aiohttp.ClientResponse) -> Fields:
    return fields_of(await _json(answer))


async def _json(answer: aiohttp.ClientResponse) -> object:
    """Return the JSON of a good answer, None where it is something else."""
    try:
        return json.loads(await answer.read()) if answer.status == _OK else None
    except (ValueError, RecursionError):
        return None


def _clock(headers: Mapping[str, str]) -> Check:
    try:
        off = time.time() - parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        return Check("clock", Mark.WARNING, "Discord did not say its time")
    if abs(off) > CLOCK_OFF:
        mend = "let the machine set its clock (NTP), then restart the bot"
        return Check("clock", Mark.WARNING, f"{off:+.0f} s off Discord's", mend)
    return Check("clock", Mark.GOOD, "agrees with Discord's")


def _installs(application: Fields) -> Check:
    if application.get("bot_require_code_grant"):
        mend = "developer portal, Bot: switch off Requires OAuth2 Code Grant"
        return Check("installs", Mark.WARNING, "nobody can invite it by a link", mend)
    config = application.get("integration_types_config")
    if is_object(config) and _USER_INSTALL not in config:
        return Check("installs", Mark.GOOD, "servers; it needs no privileged intent")
    found = "servers, and people by User Install; it needs no privileged intent"
    return Check("installs", Mark.GOOD, found)


# -------------------------------------------------------------------- commands


async def _commands(settings: Settings, listed: object) -> Check:
    try:
        ours = _shapes(await _told(settings))
    except StartError as error:
        return Check("commands", Mark.BAD, str(error), "correct the setting that it names")
    known = _shapes(objects_in(listed))
    missing = sorted(ours.keys() - known.keys())
    changed = sorted(name for name in ours.keys() & known.keys() if ours[name] != known[name])
    if not missing and not changed:
        return Check("commands", Mark.GOOD, f"in sync: {', '.join(sorted(ours))}")
    parts = [f"does not know {', '.join(missing)}"] if missing else []
    parts += [f"has other options of {', '.join(changed)}"] if changed else []
    mend = "start the bot once; it tells Discord"
    return Check("commands", Mark.WARNING, f"Discord {' and '.join(parts)}", mend)


async def _told(settings: Settings) -> list[Fields]:
    """Return the commands as this bot, so configured, would tell them to Discord."""
    # Nothing is served: a running bot has the port.
    changes: dict[str, object] = {"web_port": None, "ops_port": None, "public_url": None}
    if settings.videos_base_url is None:
        changes |= {"videos_base_url": _NOBODY, "videos_models": ("preview",)}
    with tempfile.TemporaryDirectory() as folder:
        changes |= {"data_dir": Path(folder), "database_url": None}
        async with open_bot(settings.model_copy(update=changes), stills=None) as bot, bot:
            for name in EXTENSIONS:
                await bot.load_extension(name)
            return [command.to_dict(bot.tree) for command in bot.tree.get_commands()]


def _shapes(commands: list[Fields]) -> dict[str, object]:
    """Return what of each command people would notice, in Discord's spelling or in ours."""
    return {
        str(command.get("name")): [_option(option) for option in objects_in(command.get("options"))]
        for command in commands
    }


def _option(option: Fields) -> tuple[object, ...]:
    choices = [choice.get("value") for choice in objects_in(option.get("choices"))]
    is_required, suggests = bool(option.get("required")), bool(option.get("autocomplete"))
    return option.get("name"), option.get("type"), is_required, suggests, choices


# -------------------------------------------------------------------- permissions


async def _permissions(settings: Settings, token: str) -> list[Check]:
    """Look, in each server, at what the bot may do in the channels that it sees."""
    point_at(api_url=settings.discord_api_url, gateway_url=None)
    proxy = settings.proxies.for_address(settings.discord_api_url)
    client = discord.Client(intents=discord.Intents.none(), proxy=proxy)
    try:
        await client.login(token)
        guilds = [guild async for guild in client.fetch_guilds(limit=200, with_counts=False)]
        if not guilds:
            mend = "invite it, with the scopes bot and applications.commands"
            return [Check("servers", Mark.WARNING, "it is in none", mend)]
        looked = await asyncio.gather(*(_server(client, guild.id) for guild in guilds[:SERVERS]))
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        mend = "try again; it takes nothing from the bot's work"
        refused = isinstance(error, discord.HTTPException)
        why = f"HTTP {error.status}" if refused else reason(error)
        return [Check("servers", Mark.WARNING, f"cannot be looked at: {why}", mend)]
    finally:
        await client.close()
    more = len(guilds) - SERVERS
    rest = [Check("servers", Mark.GOOD, f"{more} more were not looked at")] if more > 0 else []
    return [*looked, *rest]


async def _server(client: discord.Client, guild_id: int) -> Check:
    assert client.user is not None, "it has logged in"  # noqa: S101
    guild = await client.fetch_guild(guild_id, with_counts=False)
    me = await guild.fetch_member(client.user.id)
    channels = [
        channel
        for channel in await guild.fetch_channels()
        if isinstance(channel, discord.TextChannel | discord.VoiceChannel | discord.ForumChannel)
    ]
    what = f"server {guild.name}"
    seen = [one for one in channels if one.permissions_for(me).view_channel]
    if not seen:
        mend = "let it see the channels where it is used"
        return Check(what, Mark.WARNING, f"it sees none of {len(channels)} channels", mend)
    lacking = {one.name: missing for one in seen if (missing := list(_missing(one, me)))}
    if lacking:
        named = [f"#{name} lacks {', '.join(lacking[name])}" for name in list(lacking)[:NAMED]]
        more = [f"and {len(lacking) - NAMED} more"] if len(lacking) > NAMED else []
        mend = "grant it there, or a film that takes over 15 minutes goes by direct message"
        return Check(what, Mark.WARNING, "; ".join(named + more), mend)
    unseen = len(channels) - len(seen)
    found = f"may work in {len(seen)} channels" + (f", does not see {unseen}" if unseen else "")
    return Check(what, Mark.GOOD, found)


def _missing(channel: discord.abc.GuildChannel, me: discord.Member) -> Iterator[str]:
    allowed = channel.permissions_for(me)
    is_forum = isinstance(channel, discord.ForumChannel)
    has_threads = not isinstance(channel, discord.VoiceChannel)
    if not is_forum and not allowed.send_messages:
        yield words.SEND_MESSAGES
    if has_threads and not allowed.send_messages_in_threads:
        yield words.SEND_IN_THREADS
    if not allowed.attach_files:
        yield words.ATTACH_FILES
