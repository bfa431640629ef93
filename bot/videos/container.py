"""Whether a file on disk is a whole film, judged by its container alone."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from bot.videos.errors import FilmBroken


@dataclass(frozen=True)
class Container:
    """A kind of film file: its ending and its media type."""

    extension: str
    content_type: str


MP4: Final = Container(".mp4", "video/mp4")
WEBM: Final = Container(".webm", "video/webm")
AVI: Final = Container(".avi", "video/x-msvideo")
"""What TensorRT-LLM sends where its build has no H.264 encoder."""

_EBML: Final = b"\x1a\x45\xdf\xa3"
_BOX_HEADER: Final = 8
_LARGE_BOX: Final = 1
_OPEN_BOX: Final = 0


def inspect_film(path: Path) -> Container:
    """Tell what film this is, reading headers only. Blocking; call it in a thread.

    Raises FilmBroken where the file is empty, cut short, or something else (JSON, HTML).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(12)
        file.seek(0)
        if head[4:8] == b"ftyp":
            _check_boxes(file, size)
            return MP4
    if head[:4] == _EBML:
        return WEBM
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        if struct.unpack("<I", head[4:8])[0] + 8 > size:
            raise FilmBroken("the AVI file is cut short")
        return AVI
    raise FilmBroken(f"{size} bytes that are no film, beginning with {head!r}")


def _check_boxes(file: BinaryIO, size: int) -> None:
    """Walk the top-level boxes of ISO/IEC 14496-12; they must end where the file ends."""
    kinds: set[bytes] = set()
    position = 0
    while position < size:
        file.seek(position)
        length, kind = _box(file.read(16), size - position)
        kinds.add(kind)
        position += length
    if position > size:
        raise FilmBroken(f"the MP4 file is cut short: {size} of {position} bytes")
    if b"moov" not in kinds or not kinds & {b"mdat", b"moof"}:
        raise FilmBroken("the MP4 file has no index (moov) or no pictures (mdat)")


def _box(header: bytes, rest: int) -> tuple[int, bytes]:
    if len(header) < _BOX_HEADER:
        raise FilmBroken("the MP4 file is cut short inside a box header")
    length, kind = struct.unpack(">I4s", header[:8])
    if length == _LARGE_BOX and len(header) == 16:  # noqa: PLR2004
        length = struct.unpack(">Q", header[8:])[0]
    elif length == _OPEN_BOX:
        length = rest
    if length < _BOX_HEADER:
        raise FilmBroken("the MP4 file has a box of impossible size")
    return length, kind
