"""`python -m bot doctor`: what is missing and how to mend it; it changes and buys nothing."""

import asyncio
import json
import shutil
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final, cast

import aiohttp
from rich.console import Console
from rich.table import Table

from bot.app import StartError, make_folder, open_store
from bot.jobs.store import Search
from bot.settings import Settings
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME
from bot.videos.errors import NotSent, Refused, Unauthorized, VideosError

COMMANDS: Final = frozenset({"video", "videos", "Make a video"})
LEAST_FREE: Final = 2 * 10**9
"""Bytes that should be free for films: one of the largest."""
CLOCK_OFF: Final = 30.0
"""Seconds between Discord's clock and ours before times on the cards look wrong."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_USER_INSTALL: Final = "1"
_OK: Final = 200


class Mark(StrEnum):
    """How bad it is: the bot works, works but not in all, or cannot work."""

    GOOD = "ok"
    WARNING = "look"
    BAD = "bad"


_SHOWN: Final = {Mark.GOOD: "[green]✔ ok", Mark.WARNING: "[yellow]! look", Mark.BAD: "[red]✘ bad"}


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, and how to mend it."""

    what: str
    mark: Mark
    found: str
    mend: str = ""


async def examine(settings: Settings) -> list[Check]:
    """Look at everything the bot needs."""
    parts = await asyncio.gather(_disk(settings), _discord(settings), _videos(settings))
    return [check for part in parts for check in part]


def report(checks: list[Check], *, as_json: bool) -> int:
    """Print what was found; return the exit code, 1 where the bot could not work."""
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))  # noqa: T201
    else:
        table = Table("", "what", "found", "how to mend it")
        for check in checks:
            table.add_row(_SHOWN[check.mark], check.what, check.found, check.mend)
        Console(file=sys.stdout).print(table)
    return int(any(check.mark is Mark.BAD for check in checks))


# -------------------------------------------------------------------- this machine


async def _disk(settings: Settings) -> list[Check]:
    try:
        await asyncio.to_thread(make_folder, settings.data_dir)
        async with open_store(settings) as store:
            jobs = await store.count(Search())
    except StartError as error:
        return [Check("database", Mark.BAD, str(error), "see what it says")]
    free = (await asyncio.to_thread(shutil.disk_usage, settings.data_dir)).free
    room = Check("disk", Mark.GOOD, f"{free / 10**9:.0f} GB free in {settings.data_dir}")
    if free < LEAST_FREE:
        mend = "make room, or set DATA_DIR to another disk"
        room = Check("disk", Mark.WARNING, room.found, mend)
    return [Check("database", Mark.GOOD, f"{jobs} films in the history"), room]


# -------------------------------------------------------------------- Discord


async def _discord(settings: Settings) -> list[Check]:
    if settings.discord_token is None:
        mend = "discord.com/developers/applications, Bot, Reset Token; put it into .env"
        return [Check("token", Mark.BAD, "DISCORD_TOKEN is not set", mend)]
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    async with aiohttp.ClientSession(headers=headers, timeout=_TIMEOUT) as session:
        try:
            return await _ask_discord(session, settings.discord_api_url)
        except (aiohttp.ClientError, TimeoutError) as error:
            found = f"{settings.discord_api_url}: {type(error).__name__}"
            return [Check("Discord", Mark.BAD, found, "check the network and DISCORD_API_URL")]


async def _ask_discord(session: aiohttp.ClientSession, base: str) -> list[Check]:
    async with session.get(f"{base}/users/@me") as answer:
        if answer.status != _OK:
            mend = "copy it again from the developer portal: Bot, Reset Token"
            found = f"Discord does not accept it (HTTP {answer.status})"
            return [Check("token", Mark.BAD, found, mend)]
        me = await _body(answer)
        clock = _clock(answer.headers)
    async with session.get(f"{base}/applications/@me") as answer:
        application = await _body(answer)
    async with session.get(f"{base}/applications/{application.get('id')}/commands") as answer:
        listed = await _body(answer)
    token = Check("token", Mark.GOOD, f"{me.get('username')} ({me.get('id')})")
    return [token, clock, _installs(application), _commands(listed)]


async def _body(answer: aiohttp.ClientResponse) -> Any:  # noqa: ANN401 - JSON
    return json.loads(await answer.read()) if answer.status == _OK else {}


def _clock(headers: Mapping[str, str]) -> Check:
    try:
        off = time.time() - parsedate_to_datetime(headers.get("Date", "")).timestamp()
    except ValueError:
        return Check("clock", Mark.WARNING, "Discord did not say its time")
    if abs(off) > CLOCK_OFF:
        mend = "let the machine set its clock (NTP), then restart the bot"
        return Check("clock", Mark.WARNING, f"{off:+.0f} s off Discord's", mend)
    return Check("clock", Mark.GOOD, "agrees with Discord's")


def _installs(application: Mapping[str, Any]) -> Check:
    config = application.get("integration_types_config")
    if isinstance(config, dict) and _USER_INSTALL not in cast("dict[str, object]", config):
        mend = "developer portal, Installation: tick User Install, if people should take it along"
        return Check("installs", Mark.WARNING, "servers only", mend)
    return Check("installs", Mark.GOOD, "servers and people")


def _commands(listed: object) -> Check:
    entries = cast("list[dict[str, Any]]", listed) if isinstance(listed, list) else []
    missing = COMMANDS - {str(entry.get("name")) for entry in entries}
    if missing:
        found = f"Discord does not know {', '.join(sorted(missing))} yet"
        return Check("commands", Mark.WARNING, found, "start the bot once; it tells Discord")
    return Check("commands", Mark.GOOD, "in sync")


# -------------------------------------------------------------------- the Videos server


async def _videos(settings: Settings) -> list[Check]:
    if settings.videos_base_url is None:
        found = "the embedded preview server, which is no generative model"
        return [Check("Videos server", Mark.GOOD, found, "VIDEOS_BASE_URL names another")]
    async with _client(settings, settings.videos_base_url) as videos:
        await videos.find_out()
        speaks = f"speaks {videos.dialect.name}"
        try:
            if videos.dialect.lists:
                await videos.list(limit=1)
            else:
                await videos.retrieve("rushes-doctor")
        except NotSent as error:
            mend = "start it, or correct VIDEOS_BASE_URL"
            return [Check("Videos server", Mark.BAD, f"cannot be reached: {error}", mend)]
        except Unauthorized as error:
            return [Check("Videos server", Mark.BAD, str(error), "correct VIDEOS_API_KEY")]
        except Refused:
            pass
        except VideosError as error:
            mend = "look at its own log"
            return [Check("Videos server", Mark.WARNING, f"{speaks}, but: {error}", mend)]
        models = ", ".join(videos.models[:5]) or "names no models"
        return [Check("Videos server", Mark.GOOD, f"{speaks}; {models}")]


@asynccontextmanager
async def _client(settings: Settings, base_url: str) -> AsyncGenerator[VideosClient]:
    key = settings.videos_api_key
    async with aiohttp.ClientSession() as session:
        yield VideosClient(
            session,
            base_url=base_url,
            api_key=None if key is None else key.get_secret_value(),
            timeout=10.0,
            dialect=BY_NAME.get(settings.videos_dialect),
        )
