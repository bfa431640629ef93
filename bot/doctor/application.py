"""Checks the application at Discord: the token, the clock, the installs, and the other two."""

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp

from bot.doctor import commands, permissions
from bot.doctor.check import Check, Mark
from bot.doctor.network import CERTIFICATES, reason
from bot.runtime.addresses import redacted
from bot.runtime.json_fields import Fields, fields_of, is_object
from bot.settings import Settings

CLOCK_OFF: Final = 30.0
"""Seconds between Discord's clock and ours before times on the cards look wrong."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_USER_INSTALL: Final = "1"
_OK: Final = 200
_UNAUTHORIZED: Final = 401
_REACH: Final = "check the network, the proxy if there is one, and DISCORD_API_URL"


async def checks(settings: Settings) -> list[Check]:
    """Check everything that Discord knows of the bot."""
    if settings.discord_token is None:
        fix = "discord.com/developers/applications, Bot, Reset Token; put it in .env"
        return [Check("token", Mark.BAD, "DISCORD_TOKEN is not set", fix)]
    token = settings.discord_token.get_secret_value()
    headers = {"Authorization": f"Bot {token}"}
    proxy = settings.proxies.for_address(settings.discord_api_url)
    async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT, proxy=proxy) as session:
        try:
            found = await _application(session, settings)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return [_unreachable(settings, error)]
    if found[0].mark is Mark.BAD:
        return found
    return found + await permissions.checks(settings, token)


def _unreachable(settings: Settings, error: Exception) -> Check:
    why = reason(error)
    found = f"{redacted(settings.discord_api_url)} cannot be reached: {why}"
    return Check("Discord", Mark.BAD, found, CERTIFICATES if "certificate" in why else _REACH)


async def _application(session: aiohttp.ClientSession, settings: Settings) -> list[Check]:
    """Check token, clock, installs and commands; only the first where the token is no good."""
    base = settings.discord_api_url
    async with session.get(f"{base}/users/@me") as answer:
        me = fields_of(await _json(answer))
        if "id" not in me:
            return [_no_user(answer.status, base)]
        clock = _clock(answer.headers)
    async with session.get(f"{base}/applications/@me") as answer:
        application = fields_of(await _json(answer))
    place = f"{base}/applications/{application.get('id')}"
    if settings.discord_dev_guild is not None:
        place += f"/guilds/{settings.discord_dev_guild}"
    async with session.get(f"{place}/commands") as answer:
        registered = await _json(answer)
    token = Check("token", Mark.GOOD, f"{me.get('username')} ({me.get('id')})")
    return [token, clock, _installs(application), await commands.check(settings, registered)]


def _no_user(status: int, base: str) -> Check:
    if status == _UNAUTHORIZED:
        fix = "copy it again from the developer portal: Bot, Reset Token"
        return Check("token", Mark.BAD, "Discord does not accept it (HTTP 401)", fix)
    found = f"{redacted(base)} does not answer as Discord does (HTTP {status})"
    return Check("Discord", Mark.BAD, found, _REACH)


async def _json(answer: aiohttp.ClientResponse) -> object:
    """Return the JSON of a 200, else None."""
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
        fix = "let the machine set its clock (NTP), then restart the bot"
        return Check("clock", Mark.WARNING, f"{off:+.0f} s off Discord's", fix)
    return Check("clock", Mark.GOOD, "agrees with Discord's")


def _installs(application: Fields) -> Check:
    if application.get("bot_require_code_grant"):
        fix = "developer portal, Bot: switch off Requires OAuth2 Code Grant"
        return Check("installs", Mark.WARNING, "nobody can invite it by a link", fix)
    config = application.get("integration_types_config")
    if is_object(config) and _USER_INSTALL not in config:
        return Check("installs", Mark.GOOD, "servers; it needs no privileged intent")
    found = "servers, and people by User Install; it needs no privileged intent"
    return Check("installs", Mark.GOOD, found)
