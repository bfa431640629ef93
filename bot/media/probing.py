"""Whether a film has a picture and plays everywhere, found out by a child process if need be."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.media.boxes import plain_frame
from bot.media.errors import BrokenFile
from bot.runtime.child import ChildFailed, run_script

WITHIN: Final = 10.0
"""Seconds that a look into a film may take."""
_PROBE: Final = Path(__file__).with_name("probe.py")


@dataclass(frozen=True, kw_only=True)
class Probed:
    """What is known of a film: its frames in pixels, and whether every client plays it as it is."""

    width: int
    height: int
    plays: bool


async def probe_film(film: Path) -> Probed:
    """Look into a film. Raises BrokenFile where no picture is in it, OSError where none can look.

    Only what is not plainly fine starts a process.
    """
    frame = await asyncio.to_thread(plain_frame, film)
    if frame is not None:
        return Probed(width=frame.width, height=frame.height, plays=True)
    try:
        found = json.loads(await run_script(_PROBE, film, within=WITHIN, leash=True))
        return Probed(width=found["width"], height=found["height"], plays=found["plays"])
    except (ChildFailed, TimeoutError, ValueError, LookupError) as error:
        raise BrokenFile(f"no film that can be shown: {error or 'it cannot be read'}") from error
