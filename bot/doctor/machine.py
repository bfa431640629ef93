"""The machine's side: the database and the disk."""

import asyncio
import shutil
from typing import Final

from bot.app import StartError, make_folder, open_store
from bot.doctor.check import Check, Mark
from bot.jobs.store import Search
from bot.settings import Settings

LEAST_FREE: Final = 2 * 10**9
"""Bytes that should be free for films: one of the largest."""


async def checks(settings: Settings) -> list[Check]:
    """Look at the database and at the room for films."""
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
