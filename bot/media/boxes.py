"""Whether an MP4 film plays everywhere as it is, judged by its boxes alone.

Every client of Discord plays 8-bit 4:2:0 H.264 with AAC audio, or none, in MP4. A film that plainly
is that needs no decoder to be recognised.

Sources: ISO/IEC 14496-12 (boxes), 14496-15 (avcC), 14496-10, 7.3.2.1 (the sequence parameter set),
14496-1 (esds).
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

LARGEST_INDEX: Final = 4 * 1024**2
"""Bytes of a `moov` box that is read: an hour of film has less."""
MOST_BOXES: Final = 64
"""Boxes that are read on each level. A real film has a dozen."""
_PROFILES: Final = frozenset({66, 77, 100})
"""Baseline, Main and High: 8 bit and 4:2:0, unless the parameter set says otherwise."""
_HIGH: Final = 100
_AAC: Final = 0x40
_HEADER: Final = 8


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The real size of a film's frames, in pixels as they are stored."""

    width: int
    height: int


def plain_frame(path: Path) -> Frame | None:
    """Return the frames' size of a film that plainly plays everywhere as it is; else None.

    Blocking; reads the index, and the beginning of the first picture.
    """
    try:
        with path.open("rb") as file:
            return _plain(file)
    except (ValueError, IndexError, struct.error, OSError):
        return None


def _plain(file: BinaryIO) -> Frame | None:
    moov = _index(file)
    tracks = [track for kind, track in _boxes(moov) if kind == b"trak"]
    frames: list[Frame] = []
    for track in tracks:
        handler = _find(track, b"mdia", b"hdlr")[8:12]
        table = _find(track, b"mdia", b"minf", b"stbl")
        if handler == b"vide":
            if not _has_picture(file, table):
                return None
            frames.append(_h264_frame(_find(table, b"stsd")))
        elif handler == b"soun" and not _is_aac(_find(table, b"stsd")):
            return None
    return frames[0] if len(frames) == 1 else None


def first_level(file: BinaryIO, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield each box of the first level: its kind, where its contents begin, and where it ends.

    A box without a length goes to the end of the file, which has `size` bytes. Raises ValueError
    where a header is cut short or a length impossible.
    """
    position = 0
    while position < size:
        file.seek(position)
        header = file.read(16)
        if len(header) < _HEADER:
            raise ValueError("the MP4 file is cut short inside a box header")
        length, kind = struct.unpack(">I4s", header[:_HEADER])
        begin = position + _HEADER
        if length == 1 and len(header) == 16:  # noqa: PLR2004
            length, begin = struct.unpack(">Q", header[8:])[0], position + 16
        elif length == 0:
            length = size - position
        if length < _HEADER:
            raise ValueError("the MP4 file has a box of impossible size")
        position += length
        yield kind, begin, position


def _index(file: BinaryIO) -> bytes:
    """Return the contents of the `moov` box. Raises ValueError where there is none."""
    head = file.read(12)
    if head[4:8] != b"ftyp" or head[8:12] == b"qt  ":
        raise ValueError("no MP4")
    size = file.seek(0, os.SEEK_END)
    for kind, begin, end in islice(first_level(file, size), MOST_BOXES):
        if kind == b"moov" and end - begin <= LARGEST_INDEX:
            file.seek(begin)
            return file.read(end - begin)
        if kind in {b"moof", b"moov"}:
            break
    raise ValueError("no index")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = 0
    for _ in range(MOST_BOXES):
        if position + _HEADER > len(data):
            return
        length, kind = struct.unpack_from(">I4s", data, position)
        if not _HEADER <= length <= len(data) - position:
            raise ValueError("a box ends outside")
        yield kind, data[position + _HEADER : position + length]
        position += length


def _find(data: bytes, *path: bytes) -> bytes:
    """Return the contents of the only box at a path. Raises ValueError where there is none."""
    for step in path:
        found = [inner for kind, inner in _boxes(data) if kind == step]
        if len(found) != 1:
            raise ValueError(f"{len(found)} {step!r}")
        data = found[0]
    return data


def _has_picture(file: BinaryIO, table: bytes) -> bool:
    """Whether the first sample exists and begins with a unit of H.264."""
    sizes = _find(table, b"stsz")
    uniform, count = struct.unpack_from(">II", sizes, 4)
    size = uniform or struct.unpack_from(">I", sizes, 12)[0]
    chunks = {kind: inner for kind, inner in _boxes(table) if kind in {b"stco", b"co64"}}
    if count < 1 or size < 5 or len(chunks) != 1:  # noqa: PLR2004 - a length and a unit's header
        return False
    ((kind, offsets),) = chunks.items()
    file.seek(struct.unpack_from(">I" if kind == b"stco" else ">Q", offsets, 8)[0])
    length, unit = struct.unpack(">IB", file.read(5))
    # forbidden_zero_bit, and nal_unit_type: a slice, or a unit that precedes one
    return 0 < length <= size - 4 and unit < 128 and unit & 31 in {1, 5, 6, 7, 8, 9}  # noqa: PLR2004


def _h264_frame(description: bytes) -> Frame:
    """Return the frames' size. Raises ValueError where they are not 8-bit 4:2:0 H.264."""
    ((kind, entry),) = _boxes(description[8:])
    if kind not in {b"avc1", b"avc3"}:
        raise ValueError("no H.264")
    config = _find(entry[78:], b"avcC")
    profile, sets = config[1], config[5] & 31
    if profile not in _PROFILES or sets != 1:
        raise ValueError("another profile")
    length = struct.unpack_from(">H", config, 6)[0]
    frame = _parameters(config[8 : 8 + length])
    if (frame.width, frame.height) != struct.unpack_from(">HH", entry, 24):
        raise ValueError("frames of another size than their track's")
    return frame


class _Bits:
    """Reads numbers of any length from bytes, as H.264 writes them."""

    def __init__(self, data: bytes) -> None:
        clean = data.replace(b"\0\0\3", b"\0\0")
        self._value = int.from_bytes(clean, "big")
        self._left = len(clean) * 8

    def read(self, count: int) -> int:
        """Return the number in the next `count` bits. Raises ValueError past the end."""
        self._left -= count
        if self._left < 0:
            raise ValueError("the parameters end early")
        return (self._value >> self._left) & ((1 << count) - 1)

    def exp_golomb(self) -> int:
        """Return the next unsigned Exp-Golomb code: 14496-10, 9.1."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)


def _parameters(unit: bytes) -> Frame:
    """Read a sequence parameter set. Raises ValueError where it is not 8-bit 4:2:0."""
    profile = unit[1]
    if len(unit) > 512 or profile not in _PROFILES:  # noqa: PLR2004
        raise ValueError("another profile")
    bits = _Bits(unit[4:])
    bits.exp_golomb()
    if profile == _HIGH:
        _check_format(bits)
    bits.exp_golomb()
    _skip_order(bits)
    bits.exp_golomb()
    bits.read(1)
    return _frame_size(bits)


def _check_format(bits: _Bits) -> None:
    chroma, luma_depth, chroma_depth = bits.exp_golomb(), bits.exp_golomb(), bits.exp_golomb()
    if (chroma, luma_depth, chroma_depth) != (1, 0, 0) or bits.read(2):
        raise ValueError("more than 8 bits, another sampling, or a scaling matrix")


def _skip_order(bits: _Bits) -> None:
    """Skip pic_order_cnt_type and what belongs to it."""
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        raise ValueError("a rare order of pictures")


def _frame_size(bits: _Bits) -> Frame:
    """Read the frame in macroblocks of 16 pixels, and what is cropped from it."""
    width, height = 16 * (bits.exp_golomb() + 1), 16 * (bits.exp_golomb() + 1)
    by_frames = bits.read(1)
    height *= 2 - by_frames
    if not by_frames:
        bits.read(1)
    bits.read(1)
    if bits.read(1):
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        width -= 2 * (left + right)
        height -= 2 * (2 - by_frames) * (top + bottom)
    return Frame(width=width, height=height)


def _is_aac(description: bytes) -> bool:
    ((kind, entry),) = _boxes(description[8:])
    if kind != b"mp4a":
        return False
    return _object_type(_find(entry[28:], b"esds")[4:]) == _AAC


def _object_type(descriptors: bytes) -> int:
    """Return the kind of audio that the ES descriptor's decoder configuration names."""
    position, tag = 0, descriptors[0]
    position = _after_length(descriptors, 1)
    if tag != 3:  # noqa: PLR2004 - ES_DescrTag
        raise ValueError("no ES descriptor")
    flags = descriptors[position + 2]
    if flags:
        raise ValueError("a descriptor with optional fields")
    position += 3
    if descriptors[position] != 4:  # noqa: PLR2004 - DecoderConfigDescrTag
        raise ValueError("no decoder configuration")
    return descriptors[_after_length(descriptors, position + 1)]


def _after_length(data: bytes, position: int) -> int:
    for _ in range(4):
        position += 1
        if data[position - 1] < 128:  # noqa: PLR2004 - the last byte of a length
            break
    return position
