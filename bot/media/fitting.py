"""A film encoded anew to fit, in a process of its own."""

import asyncio
import shutil
from pathlib import Path
from typing import Final

from bot.runtime.child import ChildFailed, run_script
from bot.runtime.launch import TRANSCODE_MEMORY

LEAST_TIME: Final = 300.0
TIME_PER_MEGABYTE: Final = 30.0
MOST_TIME: Final = 3600.0
"""Seconds an encode may take: more for a larger film. A minute of 4K takes two slow cores 450."""
FULL: Final = 256 * 1024
"""Bytes: a disk with less room is why an encode failed."""
NOTES: Final = 256 * 1024**2
"""Bytes: what the encoder may write beside a copy that came out twice too large."""
_FIT: Final = Path(__file__).with_name("fit.py")


class CannotFit(Exception):
    """There is no copy of that size; the message says why."""


class NoRoom(Exception):
    """The disk is full; the message says what came of it."""


async def fit_film(film: Path, copy: Path, limit: int, *, quality: bool = False) -> None:
    """Encode `film` into an MP4 file of less than `limit` bytes at `copy`.

    With `quality` it becomes as large as it takes to look like the film, if that fits. `copy` is
    there whole or not at all, however this ends. Raises CannotFit and NoRoom.
    """
    try:
        await run_script(
            _FIT,
            film,
            copy,
            str(limit),
            *(["quality"] if quality else []),
            within=await asyncio.to_thread(_time_for, film),
            leash=True,
            memory=TRANSCODE_MEMORY,
            writes=copy.parent,
            file_bytes=2 * limit + NOTES,
        )
    except TimeoutError as error:
        raise CannotFit("it takes too long") from error
    except (ChildFailed, OSError) as error:
        reason = str(error) or "the encoder ended without a word"
        if (await asyncio.to_thread(shutil.disk_usage, copy.parent)).free < FULL:
            raise NoRoom(f"no room for a copy that fits: {reason}") from error
        raise CannotFit(reason) from error
    finally:
        await asyncio.to_thread(_clear_up, copy)


def _time_for(film: Path) -> float:
    """Return the seconds that this film may take. Blocking."""
    return min(MOST_TIME, LEAST_TIME + film.stat().st_size / 10**6 * TIME_PER_MEGABYTE)


def _clear_up(copy: Path) -> None:
    for left in copy.parent.glob(f"{copy.stem}.*"):
        if left != copy:
            left.unlink(missing_ok=True)
