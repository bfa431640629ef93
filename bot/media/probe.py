"""What a film is that is not plainly fine: a plain function for its own process.

Decoding what a server sent happens in a process that may crash or hang, never in the bot's.
"""

import json
import os
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import av
from av.container import InputContainer
from av.error import FFmpegError
from PIL import UnidentifiedImageError

from bot.media.source import Unreadable, animation, form_of, is_animation, opened

PACKETS: Final = 300
"""Packets in which the first picture has to be: ten seconds of many films."""
ERRORS: Final = 30
"""Packets that may fail to be decoded before that."""
_H264: Final = frozenset({"Baseline", "Constrained Baseline", "Main", "High", "Progressive High",
                          "Constrained High"})  # fmt: skip
_WEB: Final = frozenset({"vp8", "vp9"})
_WEB_SOUND: Final = frozenset({"opus", "vorbis"})
_SHALLOW: Final = frozenset({"yuv420p", "yuvj420p"})


def probe(film: str) -> dict[str, Any]:
    """Return `width` and `height` of a film's frames, and whether it `plays` everywhere as it is.

    Raises Unreadable, with a sentence, where no picture is in it.
    """
    try:
        if is_animation(film):
            return _of_animation(film)
        with opened(film) as container:
            return _of_film(film, container)
    except (FFmpegError, IndexError, OSError, UnidentifiedImageError, SyntaxError) as error:
        raise Unreadable(f"it cannot be opened: {error}") from error


def _of_animation(film: str) -> dict[str, Any]:
    frames = list(islice(animation(film), 2))
    if len(frames) < 2:  # noqa: PLR2004 - one is a still
        raise Unreadable("a still picture")
    return {"width": frames[0].width, "height": frames[0].height, "plays": False}


def _of_film(film: str, container: InputContainer) -> dict[str, Any]:
    if not container.streams.video:
        raise Unreadable("it has no picture")
    picture = container.streams.video[0]
    # Each further thread would hold frames of its own.
    picture.codec_context.thread_count = 1
    frame = next(_frames(container), None)
    if frame is None:
        raise Unreadable("none of its pictures can be decoded")
    codec = picture.codec_context
    sounds = {stream.codec_context.name for stream in container.streams.audio}
    shallow = frame.format.name in _SHALLOW
    in_mp4 = form_of(film) == "mov" and "qt" not in container.metadata.get("major_brand", "")
    h264 = codec.name == "h264" and (codec.profile or "") in _H264 and sounds <= {"aac"}
    in_webm = form_of(film) == "matroska" and _is_webm(film)
    web = codec.name in _WEB and sounds <= _WEB_SOUND
    plays = shallow and ((in_mp4 and h264) or (in_webm and web))
    plays = plays and len(container.streams.video) == 1
    return {"width": frame.width, "height": frame.height, "plays": plays}


def _frames(container: InputContainer) -> Iterator[av.VideoFrame]:
    errors = 0
    for packet in islice(container.demux(container.streams.video[0]), PACKETS):
        try:
            yield from (frame for frame in packet.decode() if isinstance(frame, av.VideoFrame))
        except FFmpegError:
            errors += 1
            if errors > ERRORS:
                return


def _is_webm(film: str) -> bool:
    with open(film, "rb") as file:  # noqa: PTH123 - a path is a string here
        return b"webm" in file.read(64)


def main() -> int:
    """`python probe.py FILM`: one JSON object on stdout."""
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        found = probe(sys.argv[1])
    except Unreadable as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
