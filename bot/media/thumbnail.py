"""A thumbnail of a film."""

from pathlib import Path
from typing import Final

from bot.media.child import FAILURES, SCRIPTS, reason
from bot.runtime.child import run_script

TIME_LIMIT: Final = 10.0
"""Seconds. The first second of a 4K film takes about one on a slow core."""


class NoThumbnail(Exception):
    """The film gives no thumbnail; the message says why."""


async def take_thumbnail(film: Path) -> bytes:
    """Return one frame of a film as a small JPEG. Raises NoThumbnail."""
    try:
        return await run_script(SCRIPTS / "thumbnail.py", film, within=TIME_LIMIT)
    except FAILURES as error:
        raise NoThumbnail(reason(error)) from error
