"""Which of FFmpeg's demuxers reads a film, judged by the film's first bytes.

By itself FFmpeg tries every format it knows, also playlists that name other files and addresses. We
name the only format that it may try, and let it open the film's own file alone.
"""

from pathlib import Path
from typing import Final

HEAD: Final = 377
"""Bytes that are read: two packets of MPEG-TS."""
FILE_ALONE: Final = {"protocol_whitelist": "file"}
"""FFmpeg's option that lets a film open nothing but its own file.

Pass it to PyAV as `container_options`: PyAV passes `options` to the streams, too, and PyAV 16
crashes where a container (FLV) finds its streams only later.
"""

_BOXES: Final = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"styp"})
"""Boxes of ISO/IEC 14496-12 and QuickTime that a file begins with, after four bytes of size."""
_BEGINNINGS: Final = {
    b"\x1a\x45\xdf\xa3": "matroska",
    b"FLV\x01": "flv",
    b"OggS": "ogg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
}
_RIFF: Final = {b"AVI ": "avi", b"WEBP": "webp_pipe"}
_TS_PACKET: Final = 188
_TS_SYNC: Final = 0x47


def demuxer_of(film: str) -> str | None:
    """Return the demuxer's name for a film on disk; None for none. Blocking."""
    with Path(film).open("rb") as file:
        return demuxer(file.read(HEAD))


def demuxer(head: bytes) -> str | None:
    """Return the demuxer's name for a file that begins with `head` (`HEAD` bytes); None for none.

    Names as `ffmpeg -demuxers` lists them.
    """
    if head[4:8] in _BOXES:
        return "mov"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    for beginning, name in _BEGINNINGS.items():
        if head.startswith(beginning):
            return name
    packets = head[::_TS_PACKET][:2]
    return "mpegts" if packets == bytes((_TS_SYNC, _TS_SYNC)) else None
