"""The size that an image claims, read from its first bytes before anything opens it."""

import struct
from typing import Final

MOST_PIXELS: Final = 16_000_000
"""Sixteen megapixels, a phone's photograph. Opening takes up to 24 bytes for each."""
MOST_SEGMENTS: Final = 4096
"""Segments before a JPEG's frame header; a camera's profile or preview has a few hundred."""

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_JPEG: Final = b"\xff\xd8\xff"
_FRAME_HEADERS: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers SOF0 to SOF15 of ITU-T T.81, without three other markers between them."""
_BARE_MARKERS: Final = frozenset(range(0xD0, 0xD9)) | {0x01}
"""Markers without a length."""
_SCAN: Final = 0xDA


def image_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG, JPEG or WebP; None where the header does not say it.

    Raises ValueError where a JPEG has so many segments before it that opening it takes seconds.
    """
    try:
        if data.startswith(_PNG):
            return struct.unpack_from(">II", data, 16)
        if data.startswith(_JPEG):
            return _jpeg(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
    except struct.error:
        pass
    return None


def is_too_large(data: bytes) -> bool:
    """Whether an image claims more pixels than are opened. Raises as `image_size`."""
    width, height = image_size(data) or (0, 0)
    return width * height > MOST_PIXELS


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    for _ in range(MOST_SEGMENTS):
        marker, length = struct.unpack_from(">xBH", data, at)
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker == _SCAN:
            return None
        # 0xFF before a marker is padding.
        at += 1 if marker == 0xFF else 2 if marker in _BARE_MARKERS else 2 + length  # noqa: PLR2004
    raise ValueError("the file is damaged")


def _webp(data: bytes) -> tuple[int, int] | None:
    """Read the first chunk, by RFC 9649."""
    kind = data[12:16]
    if kind == b"VP8X":
        low = struct.unpack_from("<HBHB", data, 24)
        return 1 + low[0] + (low[1] << 16), 1 + low[2] + (low[3] << 16)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None
