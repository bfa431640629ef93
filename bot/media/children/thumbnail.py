"""One frame of a film as a small JPEG.

FFmpeg scales and encodes it, too: no second library is loaded, and no large frame is unpacked.
"""

import sys
from fractions import Fraction
from typing import Final, cast

import av
from av.container import InputContainer
from av.error import FFmpegError

from bot.media.children import main
from bot.media.children.main import Unreadable
from bot.media.formats import FILE_ALONE, demuxer_of

AT: Final = 1.0
"""Seconds into the film: first frames are often black, or faded in."""
LONG_SIDE: Final = 320
QUALITY: Final = 3
"""The encoder's scale of quantizers, 2 (best) to 31."""
LARGEST_FRAME: Final = 50_000_000
"""Pixels. An 8K frame has 33 million; what claims more is no film for a chat."""
_LAMBDA: Final = 118
"""FFmpeg's FF_QP2LAMBDA, the unit in which it takes a fixed quantizer."""


def thumbnail(film: str) -> bytes:
    """Return the frame at `AT` seconds, the last one of a shorter film, as a JPEG.

    Raises Unreadable with a sentence where the film has no frame.
    """
    try:
        return _jpeg(_frame(film))
    except (FFmpegError, IndexError, OSError) as error:
        raise Unreadable(f"the film cannot be opened: {error}") from error


def _frame(film: str) -> av.VideoFrame:
    found: av.VideoFrame | None = None
    with _open(film) as container:
        stream = container.streams.video[0]
        if stream.width * stream.height > LARGEST_FRAME:
            raise Unreadable("its frames are far too large")
        # Each further thread would hold a frame of its own.
        stream.codec_context.thread_count = 1
        container.seek(int(AT * av.time_base))
        for frame in container.decode(stream):
            found = frame
            if frame.pts is None or frame.time >= AT:
                break
    if found is None:
        raise Unreadable("the film has no frame")
    return found


def _open(film: str) -> InputContainer:
    name = demuxer_of(film)
    if name is None:
        raise Unreadable("the film cannot be opened: its first bytes are of no film")
    return av.open(film, format=name, container_options=FILE_ALONE)


def _jpeg(frame: av.VideoFrame) -> bytes:
    scale = min(1.0, LONG_SIDE / max(frame.width, frame.height))
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    # A JPEG holds full-range YUV.
    small = frame.reformat(width, height, "yuvj420p")
    small.pts = 0
    encoder = cast("av.VideoCodecContext", av.CodecContext.create("mjpeg", "w"))
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 1)
    encoder.options = {"flags": "+qscale", "global_quality": str(QUALITY * _LAMBDA)}
    return b"".join(bytes(packet) for packet in (*encoder.encode(small), *encoder.encode(None)))


if __name__ == "__main__":
    # `python thumbnail.py FILM` prints the JPEG.
    main.run(lambda: thumbnail(sys.argv[1]))
