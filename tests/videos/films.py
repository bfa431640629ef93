"""The smallest files that are films to a container check."""

import struct


def box(kind: bytes, payload: bytes = b"") -> bytes:
    """One box of ISO/IEC 14496-12."""
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def mp4(picture: bytes = b"frames" * 50) -> bytes:
    """A file type, an index and some pictures."""
    return (
        box(b"ftyp", b"isom\0\0\2\0isomiso2") + box(b"moov", box(b"mvhd")) + box(b"mdat", picture)
    )


def avi(chunk: bytes = b"frames" * 50) -> bytes:
    """A RIFF file that says AVI."""
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"AVI " + chunk


WEBM = b"\x1a\x45\xdf\xa3" + b"\x01" * 60
