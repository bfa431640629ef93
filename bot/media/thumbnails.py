"""A small picture of a film, taken in a process of its own."""

from pathlib import Path
from typing import Final

from bot.runtime.child import ChildFailed, run_script

TIME_LIMIT: Final = 10.0
"""Seconds. The first second of a 4K film takes about one on a slow core."""
_STILL: Final = Path(__file__).with_name("thumbnail.py")


class NoStill(Exception):
    """No picture could be taken; the message says why."""


async def take_still(film: Path) -> bytes:
    """Return one frame of a film as a small JPEG; raises NoStill."""
    try:
        return await run_script(_STILL, film, within=TIME_LIMIT)
    except TimeoutError as error:
        raise NoStill("it takes too long to open") from error
    except (ChildFailed, OSError) as error:
        raise NoStill(str(error) or "it cannot be opened") from error
