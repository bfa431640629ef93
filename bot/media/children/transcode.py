"""A film transcoded to play everywhere, in a file of bounded size.

A copy that only has to play everywhere takes one pass of constant quality.

Otherwise x264 takes two passes: the first learns which frames are hard, the second spends the bytes
on them. One pass with a capped CRF is quicker, but its cap holds the hard scenes of a film while
the easy ones leave their bytes unused, and its size is not known beforehand (both measured:
docs/performance.md).
"""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

from av.error import FFmpegError

from bot.media.children import main
from bot.media.children.encode import OverLimit, Pass, encode
from bot.media.children.facts import CannotTranscode, FilmFacts, measure
from bot.media.children.main import Unreadable
from bot.media.children.rate_control import AIM, plan_for_quality, plan_for_size

SHARE: Final = 0.95
"""Of the limit: the size that a copy aims at."""


def transcode(film: Path, copy: Path, limit: int, *, quality: bool = False) -> None:
    """Transcode `film` into an MP4 file at `copy` of less than `limit` bytes.

    The copy has the same frames at the same times, upright, in H.264 4:2:0 that every client plays,
    and its index in front. With `quality` it becomes as large as it takes to look like the film, if
    that is within the limit. Raises CannotTranscode; then there is nothing at `copy`. Working files
    beside it begin with the copy's stem.
    """
    part = copy.with_suffix(".part")
    try:
        size = _write(str(film), part, copy.with_suffix(".stats"), int(limit * SHARE), quality)
    except (FFmpegError, IndexError, MemoryError, OSError, SyntaxError, Unreadable) as error:
        raise CannotTranscode(f"the film cannot be encoded: {error or 'no memory'}") from error
    if size > limit:
        raise CannotTranscode(f"it still has {size} bytes")
    part.replace(copy)


def _write(film: str, part: Path, statistics: Path, target: int, quality: bool) -> int:  # noqa: FBT001
    """Write a copy of about `target` bytes to `part`; return its bytes."""
    facts = measure(film)
    if quality and (size := _at_constant_quality(film, facts, part, statistics, target)):
        return size
    plan = plan_for_size(facts, target)
    encode(film, Path(os.devnull), Pass(plan, statistics, is_first=True))
    size = encode(film, part, Pass(plan, statistics))
    if size > target and plan.rate is not None:
        plan = replace(plan, rate=int(plan.rate * target / size * AIM))
        size = encode(film, part, Pass(plan, statistics))
    return size


def _at_constant_quality(
    film: str, facts: FilmFacts, part: Path, statistics: Path, most: int
) -> int | None:
    """Write a copy of constant quality; return its bytes, None where they are more than `most`."""
    try:
        size = encode(film, part, Pass(plan_for_quality(facts), statistics), most=most)
    except OverLimit:
        return None
    return size if size <= most else None


def _end_with_parent() -> None:
    """End when standard input does: the bot is gone, however it went."""
    # Not through sys.stdin, whose lock this thread would hold while the interpreter ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


def _main() -> bytes:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    film, copy, limit, *quality = sys.argv[1:]
    transcode(Path(film), Path(copy), int(limit), quality=bool(quality))
    return b""


if __name__ == "__main__":
    # `python transcode.py FILM COPY LIMIT [QUALITY]`
    main.run(_main)
