"""The size of a film's frames, and whether every client plays it, found by decoding."""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from typing import Final, TypedDict

from av import VideoFrame
from av.container import InputContainer
from av.error import FFmpegError
from PIL import UnidentifiedImageError

from bot.media.children import main
from bot.media.children.main import Unreadable
from bot.media.children.source import animation, format_of, is_animation, open_film

PACKETS: Final = 300
"""Packets in which the first frame has to be: ten seconds of many films."""
ERRORS: Final = 30
"""Packets that may fail to be decoded before that."""
_H264: Final = frozenset({"Baseline", "Constrained Baseline", "Main", "High", "Progressive High",
                          "Constrained High"})  # fmt: skip
_WEB: Final = frozenset({"vp8", "vp9"})
_WEB_AUDIO: Final = frozenset({"opus", "vorbis"})
_8_BIT_420: Final = frozenset({"yuv420p", "yuvj420p"})


class Found(TypedDict):
    """The fields of `bot.media.probe.Probed`."""

    width: int
    height: int
    plays: bool


def probe(film: str) -> Found:
    """Probe a film. Raises Unreadable, with a sentence, where it shows no picture."""
    try:
        if is_animation(film):
            return _probe_animation(film)
        with open_film(film) as container:
            return _probe_film(film, container)
    except (FFmpegError, IndexError, OSError, UnidentifiedImageError, SyntaxError) as error:
        raise Unreadable(f"it cannot be opened: {error}") from error


def _probe_animation(film: str) -> Found:
    frames = list(islice(animation(film), 2))
    if len(frames) < 2:  # noqa: PLR2004 - one is a still
        raise Unreadable("a still picture")
    return {"width": frames[0].width, "height": frames[0].height, "plays": False}


def _probe_film(film: str, container: InputContainer) -> Found:
    if not container.streams.video:
        raise Unreadable("it has no picture")
    # Each further thread would hold frames of its own.
    container.streams.video[0].codec_context.thread_count = 1
    frame = next(_frames(container), None)
    if frame is None:
        raise Unreadable("none of its pictures can be decoded")
    plays = frame.format.name in _8_BIT_420 and len(container.streams.video) == 1
    plays = plays and (_is_h264_in_mp4(film, container) or _is_vp_in_webm(film, container))
    return {"width": frame.width, "height": frame.height, "plays": plays}


def _frames(container: InputContainer) -> Iterator[VideoFrame]:
    errors = 0
    for packet in islice(container.demux(container.streams.video[0]), PACKETS):
        try:
            yield from (frame for frame in packet.decode() if isinstance(frame, VideoFrame))
        except FFmpegError:
            errors += 1
            if errors > ERRORS:
                return


def _is_h264_in_mp4(film: str, container: InputContainer) -> bool:
    if format_of(film) != "mov" or "qt" in container.metadata.get("major_brand", ""):
        return False
    codec = container.streams.video[0].codec_context
    is_h264 = codec.name == "h264" and (codec.profile or "") in _H264
    return is_h264 and _audio_codecs(container) <= {"aac"}


def _is_vp_in_webm(film: str, container: InputContainer) -> bool:
    if format_of(film) != "matroska" or not _names_webm(film):
        return False
    codec = container.streams.video[0].codec_context
    return codec.name in _WEB and _audio_codecs(container) <= _WEB_AUDIO


def _audio_codecs(container: InputContainer) -> set[str]:
    return {stream.codec_context.name for stream in container.streams.audio}


def _names_webm(film: str) -> bool:
    with open(film, "rb") as file:  # noqa: PTH123 - a path is a string here
        return b"webm" in file.read(64)


if __name__ == "__main__":
    # `python probe.py FILM` prints one JSON object.
    main.run(lambda: json.dumps(probe(sys.argv[1])).encode())
