"""`python -m tests.media.measuring images|films FOLDER`: what each file there costs a child.

A process of its own, since the system tells only the largest child of all. Prints one JSON object:
by file name how it ended and in how many seconds, and the largest child's bytes.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from bot.media.image import BadImage, fit_image
from bot.media.thumbnail import NoThumbnail, take_thumbnail


async def image(path: Path) -> str:
    try:
        await fit_image(await asyncio.to_thread(path.read_bytes), name="image", size="1280x720")
    except BadImage as error:
        return str(error)
    return "opened"


async def film(path: Path) -> str:
    try:
        await take_thumbnail(path)
    except NoThumbnail as error:
        return str(error)
    return "opened"


async def measured(kind: str, paths: list[Path]) -> dict[str, object]:
    taken: dict[str, object] = {}
    for path in paths:
        started = time.monotonic()
        ended = await (image if kind == "images" else film)(path)
        taken[path.name] = (ended, time.monotonic() - started)
    return taken


if __name__ == "__main__":
    each = asyncio.run(measured(sys.argv[1], sorted(Path(sys.argv[2]).iterdir())))
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    json.dump({"each": each, "largest": largest}, sys.stdout)
