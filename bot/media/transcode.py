"""A film transcoded to H.264 that every client plays, in a file of bounded size."""

import asyncio
import shutil
from pathlib import Path
from typing import Final

from bot.media.child import FAILURES, SCRIPTS, reason
from bot.runtime.child import ChildFailed, run_script
from bot.runtime.launch import TRANSCODE_MEMORY

LEAST_TIME: Final = 300.0
TIME_PER_MEGABYTE: Final = 30.0
MOST_TIME: Final = 3600.0
"""Seconds a transcode may take: more for a larger film. A minute of 4K takes two slow cores 450."""
FULL: Final = 256 * 1024
"""Bytes. Where a disk has less room, a transcode failed for lack of room."""
STATISTICS: Final = 256 * 1024**2
"""Bytes that the encoder may write beside a copy that came out twice too large."""


class TranscodeFailed(Exception):
    """There is no copy of that size; the message says why."""


class NoRoom(Exception):
    """The disk is full; the message says what came of it."""


async def transcode_film(film: Path, copy: Path, limit: int, *, quality: bool = False) -> None:
    """Transcode `film` into an MP4 file of less than `limit` bytes at `copy`.

    With `quality` the copy becomes as large as it takes to look like the film, if that is within
    the limit. However this ends, `copy` is whole or absent. Raises TranscodeFailed and NoRoom.
    """
    try:
        await run_script(
            SCRIPTS / "transcode.py",
            film,
            copy,
            str(limit),
            *(["quality"] if quality else []),
            within=await asyncio.to_thread(_time_limit, film),
            leash=True,
            memory=TRANSCODE_MEMORY,
            writes=copy.parent,
            file_bytes=2 * limit + STATISTICS,
        )
    except FAILURES as error:
        raise await asyncio.to_thread(_failure, error, copy.parent) from error
    finally:
        await asyncio.to_thread(_remove_working_files, copy)


def _time_limit(film: Path) -> float:
    """Return the seconds that a transcode of this film may take. Blocking."""
    return min(MOST_TIME, LEAST_TIME + film.stat().st_size / 10**6 * TIME_PER_MEGABYTE)


def _failure(error: ChildFailed | OSError, folder: Path) -> TranscodeFailed | NoRoom:
    """Return the error for a failure of the child, which wrote to `folder`. Blocking."""
    why = reason(error, late="it takes too long", silent="the encoder ended without a word")
    if not isinstance(error, TimeoutError) and shutil.disk_usage(folder).free < FULL:
        return NoRoom(f"no room for a copy that fits: {why}")
    return TranscodeFailed(why)


def _remove_working_files(copy: Path) -> None:
    for path in copy.parent.glob(f"{copy.stem}.*"):
        if path != copy:
            path.unlink(missing_ok=True)
