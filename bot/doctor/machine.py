"""Checks the machine: the database, the disk, child processes and the public address."""

import asyncio
import shutil
from typing import Final

import aiohttp

from bot.doctor import database
from bot.doctor.check import Check, Mark
from bot.doctor.network import reason
from bot.http.web import NO_FILM
from bot.runtime.child import sandbox_abilities
from bot.runtime.launch import MEMORY as MOST_MEMORY
from bot.runtime.sandbox import FILES, MEMORY, NETWORK
from bot.settings import Settings

LEAST_FREE: Final = 2 * 10**9
"""Bytes that should be free for films: one of the largest."""


async def checks(settings: Settings) -> list[Check]:
    """Check the database, the room for films, children, and the address for links."""
    found = await asyncio.to_thread(database.check, settings)
    if found.mark is Mark.BAD:
        return [found]
    there = await asyncio.to_thread(database.existing, settings.data_dir)
    free = (await asyncio.to_thread(shutil.disk_usage, there)).free
    room = Check("disk", Mark.GOOD, f"{free / 10**9:.0f} GB free for {settings.data_dir}")
    if free < LEAST_FREE:
        fix = "free disk space, or set DATA_DIR to another disk"
        room = Check("disk", Mark.WARNING, room.found, fix)
    return [found, room, await _children(), *await _public_address(settings)]


async def _children() -> Check:
    """Check what the sandbox closes to the processes that open images and films."""
    try:
        held = await sandbox_abilities()
    except (OSError, TimeoutError) as error:
        return Check(
            "children", Mark.BAD, f"cannot be started: {reason(error)}", "let the bot start Python"
        )
    network = "no network" if NETWORK in held else "network open"
    files = "no files but their own" if FILES in held else "all files open"
    found = f"{network}, {files}"
    if MEMORY in held:
        found += f", {MOST_MEMORY // 10**6} MB"
    if held >= {NETWORK, FILES}:
        return Check("children", Mark.GOOD, found)
    return Check("children", Mark.WARNING, found, "run the bot on Linux 5.13 or later")


async def _public_address(settings: Settings) -> list[Check]:
    """Request a film that does not exist from a running bot, as a browser would."""
    if settings.public_url is None:
        return []
    what, address = "public address", f"{settings.public_url}/films/"
    fix = "start the bot, and let PUBLIC_URL lead to its WEB_PORT"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session,
            session.get(address) as answer,
        ):
            if NO_FILM.encode() == await answer.content.read(len(NO_FILM) + 1):
                return [Check(what, Mark.GOOD, f"{address} leads to the bot")]
            found = f"another server answers {address} (HTTP {answer.status})"
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        found = f"{address}: {reason(error)}"
    return [Check(what, Mark.WARNING, found, fix)]
