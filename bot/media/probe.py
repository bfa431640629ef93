"""The size of a film's frames, and whether every client plays the film as it is."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.media.boxes import plain_frame
from bot.media.child import SCRIPTS
from bot.media.errors import BrokenFile
from bot.runtime.child import ChildFailed, run_script

TIME_LIMIT: Final = 10.0
"""Seconds that a probe may take."""


@dataclass(frozen=True, kw_only=True)
class Probed:
    """A film's frames in pixels, and whether every client plays it as it is."""

    width: int
    height: int
    plays: bool


async def probe_film(film: Path) -> Probed:
    """Probe a film; a child process is started only where its boxes do not suffice.

    Raises BrokenFile where it shows no picture, OSError where no child can be started.
    """
    frame = await asyncio.to_thread(plain_frame, film)
    if frame is not None:
        return Probed(width=frame.width, height=frame.height, plays=True)
    try:
        out = await run_script(SCRIPTS / "probe.py", film, within=TIME_LIMIT, leash=True)
        return Probed(**json.loads(out))
    except (ChildFailed, TimeoutError, ValueError, TypeError) as error:
        raise BrokenFile(f"no film that can be shown: {error or 'it cannot be read'}") from error
