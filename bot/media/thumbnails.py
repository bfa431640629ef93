"""A small picture of a film, taken in a process of its own."""

from pathlib import Path
from typing import Final

from bot.runtime.child import ChildFailed, run_script

TIME_LIMIT: Final = 10.0
"""Seconds. The first second of a 4K film takes about one on a slow core."""
_THUMBNAIL: Final = Path(__file__).with_name("thumbnail.py")


class NoThumbnail(Exception):
    """No picture could be taken; the message says why."""


async def take_thumbnail(film: Path) -> bytes:
    """Return one frame of a film as a small JPEG; raises NoThumbnail."""
    try:
        return await run_script(_THUMBNAIL, film, within=TIME_LIMIT)
    except TimeoutError as error:
        raise NoThumbnail("it takes too long to open") from error
    except (ChildFailed, OSError) as error:
        raise NoThumbnail(str(error) or "it cannot be opened") from error
