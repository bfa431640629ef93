"""One frame of a film as a small JPEG: a plain function for its own process.

Decoding what a server sent happens in a process that may crash or hang, never in the bot's.
"""

import io
import os
import sys
from pathlib import Path
from typing import Final, cast

import av
from av.error import FFmpegError
from PIL import Image

AT: Final = 1.0
"""Seconds into the film: first frames are often black, or faded in."""
LONG_SIDE: Final = 320
QUALITY: Final = 80
LARGEST_FRAME: Final = 50_000_000
"""Pixels. An 8K frame has 33 million; what claims more is no film for a chat."""


def still(film: Path) -> bytes:
    """Return the frame at `AT` seconds, the last one of a shorter film, as a JPEG.

    Raises ValueError with a sentence where there is no frame to be had.
    """
    try:
        picture = _frame(film)
    except (FFmpegError, IndexError) as error:
        raise ValueError(f"the film cannot be opened: {error}") from error
    picture.thumbnail((LONG_SIDE, LONG_SIDE))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _frame(film: Path) -> Image.Image:
    found: av.VideoFrame | None = None
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        if stream.width * stream.height > LARGEST_FRAME:
            raise ValueError("its frames are far too large")
        container.seek(int(AT * av.time_base))
        for frame in container.decode(stream):
            found = frame
            if frame.pts is None or frame.time >= AT:
                break
    if found is None:
        raise ValueError("the film has no frame")
    return cast("Image.Image", found.to_image())  # pyright: ignore[reportUnknownMemberType]


def main() -> int:
    """`python still.py FILM`: JPEG on stdout."""
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        jpeg = still(Path(sys.argv[1]))
    except (ValueError, MemoryError) as error:
        sys.stderr.write(str(error) or "it does not fit into memory")
        return 1
    sys.stdout.buffer.write(jpeg)
    return 0


if __name__ == "__main__":
    sys.exit(main())
