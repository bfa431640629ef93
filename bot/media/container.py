"""The kind of a film on disk, and whether it is whole, judged by its container alone."""

import struct
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from bot.media.boxes import first_level
from bot.media.errors import BrokenFile
from bot.media.formats import HEAD, demuxer


@dataclass(frozen=True)
class Container:
    """A kind of film file: its ending and its media type."""

    extension: str
    content_type: str


MP4: Final = Container(".mp4", "video/mp4")
WEBM: Final = Container(".webm", "video/webm")
AVI: Final = Container(".avi", "video/x-msvideo")
"""TensorRT-LLM sends it where its build has no H.264 encoder."""
MOV: Final = Container(".mov", "video/quicktime")
MKV: Final = Container(".mkv", "video/x-matroska")
TS: Final = Container(".ts", "video/mp2t")
FLV: Final = Container(".flv", "video/x-flv")
OGV: Final = Container(".ogv", "video/ogg")
GIF: Final = Container(".gif", "image/gif")
WEBP: Final = Container(".webp", "image/webp")
"""GIF and WebP count where they are animated."""
LARGEST_FRAME: Final = 4096 * 2304
LONGEST_SIDE: Final = 4096
"""Pixels of a frame, and of its longer side: larger ones play on few machines."""
KINDS: Final = (MP4, WEBM, AVI, MOV, MKV, TS, FLV, OGV, GIF, WEBP)

_OTHERS: Final = {"mpegts": TS, "flv": FLV, "ogg": OGV, "gif": GIF}
_EBML_HEAD: Final = 64
"""Bytes in which a Matroska file names its document type."""
_IS_ANIMATED: Final = 0x02
"""A flag of WebP's VP8X chunk."""
MOST_BOXES: Final = 20_000
"""Boxes of a file's first level: a fragment has two or three, and a long film some thousands."""
_SEGMENT: Final = b"\x18\x53\x80\x67"
"""The element that holds all of a Matroska file, after its EBML header."""
_TAG_HEADER: Final = 11
"""Bytes of an FLV tag before its data."""


def is_over_4k(width: int, height: int) -> bool:
    """Whether frames of this size, in pixels, are larger than those that are delivered."""
    return width * height > LARGEST_FRAME or max(width, height) > LONGEST_SIDE


def inspect_film(path: Path) -> Container:
    """Return the kind of a film, reading headers only. Blocking; call it in a thread.

    Raises BrokenFile where the file is empty, cut short, or something else (JSON, HTML).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD)
        form = demuxer(head)
        if form == "mov":
            _check_boxes(file, size)
            return MP4 if head[4:8] == b"ftyp" and head[8:12] != b"qt  " else MOV
    if form == "matroska":
        _check_segment(head, size)
        return WEBM if b"webm" in head[:_EBML_HEAD] else MKV
    if form in {"avi", "webp_pipe"}:
        return _riff(head, size)
    if form in _OTHERS:
        if form == "flv":
            _check_last_tag(path, size)
        return _OTHERS[form]
    raise BrokenFile(f"{size} bytes that are no film, beginning with {head[:12]!r}")


def _riff(head: bytes, size: int) -> Container:
    if struct.unpack("<I", head[4:8])[0] + 8 > size:
        raise BrokenFile("the RIFF file is cut short")
    if head[8:12] == b"AVI ":
        return AVI
    if head[12:16] != b"VP8X" or not head[20] & _IS_ANIMATED:
        raise BrokenFile("a still picture")
    return WEBP


def _check_segment(head: bytes, size: int) -> None:
    """Compare a Matroska segment's size, where it is known, with the file's (RFC 8794, 8)."""
    header, begin = _element_size(head, 4)
    segment = begin + (header or 0)
    if head[segment : segment + 4] != _SEGMENT:
        return
    length, begin = _element_size(head, segment + 4)
    if length is not None and begin + length > size:
        raise BrokenFile(f"the Matroska file is cut short: {size} of {begin + length} bytes")


def _element_size(data: bytes, position: int) -> tuple[int | None, int]:
    """Return an element's size, None where it is unknown, and the position of its contents."""
    first = data[position] if position < len(data) else 0
    width = 9 - first.bit_length()
    value = int.from_bytes(data[position : position + width], "big") & ((1 << 7 * width) - 1)
    unknown = not first or value == (1 << 7 * width) - 1
    return None if unknown else value, position + width


def _check_last_tag(path: Path, size: int) -> None:
    """Compare the size at the end of an FLV file with that in its last tag (FLV, annex E.3)."""
    with path.open("rb") as file:
        file.seek(max(0, size - 4))
        claimed = int.from_bytes(file.read(4), "big")
        file.seek(max(0, size - 4 - claimed))
        length = int.from_bytes(file.read(4)[1:], "big")
    if claimed != length + _TAG_HEADER:
        raise BrokenFile("the FLV file is cut short")


def _check_boxes(file: BinaryIO, size: int) -> None:
    """Walk the top-level boxes of ISO/IEC 14496-12; they must end where the file ends."""
    try:
        boxes = list(islice(first_level(file, size), MOST_BOXES))
    except ValueError as error:
        raise BrokenFile(str(error)) from None
    kinds, end = {kind for kind, _, _ in boxes}, boxes[-1][2]
    if end < size:
        raise BrokenFile("the MP4 file has more boxes than any film")
    if end > size:
        raise BrokenFile(f"the MP4 file is cut short: {size} of {end} bytes")
    if b"moov" not in kinds or not kinds & {b"mdat", b"moof"}:
        raise BrokenFile("the MP4 file has no index (moov) or no pictures (mdat)")
