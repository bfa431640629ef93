"""Small files that claim to be large, and cost much memory or time to open."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

SAMPLES = 89_000_000
SMALL = Image.new("RGB", (16, 16), "red")


def saved(image: Image.Image, form: str = "PNG", **how: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **how)
    return out.getvalue()


# ---------------------------------------------------------------- images


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *between: bytes, pixels: bytes | None = None) -> bytes:
    """A PNG of any claimed size, by default without its pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000)) if pixels is None else pixels
    parts = (chunk(b"IHDR", header), *between, chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def webp(kind: bytes, body: bytes, *more: bytes) -> bytes:
    chunks = kind + struct.pack("<I", len(body)) + body + b"".join(more)
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def webp_lossless(width: int, height: int) -> bytes:
    """34 bytes."""
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", width - 1 | height - 1 << 14) + bytes(9))


def webp_lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", b"\x30\1\0\x9d\1\x2a" + struct.pack("<HH", width, height) + bytes(40))


def webp_extended(width: int, height: int, *frames: bytes) -> bytes:
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return webp(b"VP8X", b"\x02\0\0\0" + sides, b"ANIM\6\0\0\0" + bytes(6), *frames)


def jpeg(width: int, height: int, *before: bytes, **how: object) -> bytes:
    """A JPEG that claims another size than it has pixels for, with segments before its header."""
    whole = saved(Image.new("RGB", (64, 64)), "JPEG", **how)
    at = next(whole.index(sof) for sof in (b"\xff\xc0", b"\xff\xc2") if sof in whole)
    sides = struct.pack(">HH", height, width)
    return whole[:2] + b"".join(before) + whole[2 : at + 5] + sides + whole[at + 9 :]


def images_too_large() -> dict[str, bytes]:
    """Each claims more than 16 megapixels, in its own way."""
    twice = png(16, 16)[:33] + png(30_000, 30_000)[8:]
    return {
        "webp of 34 bytes": webp_lossless(7071, 7071),
        "webp lossy": webp_lossy(16_383, 16_383),
        "webp extended": webp_extended(7071, 7071, b"ANMF" + bytes(60)),
        "just too large": png(4001, 4000),
        "png": png(30_000, 30_000),
        "png, long": png(2**31 - 1, 1),
        "png of two headers": twice,
        "jpeg": jpeg(65_500, 65_500),
        "jpeg progressive": jpeg(65_500, 65_500, progressive=True),
        "jpeg behind profiles": jpeg(65_500, 65_500, *[b"\xff\xe2\xff\xff" + bytes(65_533)] * 40),
    }


def images_damaged() -> dict[str, bytes]:
    """Each fails with a sentence."""
    text = zlib.compress(bytes(200_000_000))
    return {
        "webp in a smaller canvas": webp_extended(10, 10) + webp_lossless(16_383, 16_383)[12:],
        "png text": png(16, 16, chunk(b"zTXt", b"a\0\0" + text)),
        "png international text": png(16, 16, chunk(b"iTXt", b"a\0\1\0\0\0" + text)),
        "png profile": png(16, 16, chunk(b"iCCP", b"a\0\0" + text)),
        "jpeg of endless segments": jpeg(64, 64, *[b"\xff\xfe\0\2"] * 1_000_000),
        "jpeg of endless filling": jpeg(64, 64, b"\xff" * 4_000_000),
        "png cut short": png(3000, 3000)[:60],
        "webp cut short": webp_lossless(300, 300)[:22],
        "jpeg cut short": jpeg(64, 64)[:40],
    }


def images_that_open() -> dict[str, bytes]:
    """Each opens all the same, within the limits."""
    frames = [Image.new("RGB", (16, 16), (n % 256, n // 256, 0)) for n in range(2000)]
    turning = b"Exif\0\0MM\0*\0\0\0\x08\0\x02\x01\x12\0\3\0\0\0\1\0\6\0\0"
    large = Image.new("RGBA", (4000, 4000), (1, 2, 3, 4))
    return {
        "apng": saved(frames[0], "PNG", save_all=True, append_images=frames[1:]),
        "animated webp": saved(frames[0], "WEBP", save_all=True, append_images=frames[1:]),
        "exif that names itself": saved(
            SMALL, "JPEG", exif=turning + b"\x87\x69\0\4\0\0\0\1\0\0\0\x08\0\0\0\x08"
        ),
        "png of too many pixels": png(16, 16, pixels=zlib.compress(bytes(300_000_000))),
        "webp of 16 megapixels": saved(large, "WEBP", lossless=True, quality=0, method=0),
        "jpeg of 16 megapixels": jpeg(4000, 4000),
    }


def endless_scans() -> bytes:
    """A progressive JPEG that repeats its last scan, and each is decoded in full."""
    whole = saved(Image.new("RGB", (4000, 4000), "red"), "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + scan * 200 + b"\xff\xd9"


# ---------------------------------------------------------------- films


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", flags), *parts)


FTYP = box(b"ftyp", b"isom\0\0\2\0isommp42")
MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
AVCC = box(b"avcC", b"\x01\x42\xc0\x1e\xff\xe1\x00\x00\x01\x00\x00")
STCO = full(b"stco", struct.pack(">II", 1, 900))


def movie(*table: bytes, edits: bytes = b"") -> bytes:
    """An MP4 of some 5 KB with one H.264 track whose sample table is `table`."""
    sides = struct.pack(">II", 64 << 16, 64 << 16)
    tkhd = full(b"tkhd", struct.pack(">IIIII", 0, 0, 1, 0, 1000), bytes(16), MATRIX, sides, flags=3)
    entry = box(
        b"avc1", bytes(6) + b"\0\1" + bytes(16), struct.pack(">HHIIIH", 64, 64, 72, 72, 0, 1),
        bytes(32), b"\0\x18\xff\xff", AVCC,
    )  # fmt: skip
    stbl = box(b"stbl", full(b"stsd", struct.pack(">I", 1), entry), *table)
    dref = full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1))
    minf = box(b"minf", full(b"vmhd", bytes(8), flags=1), box(b"dinf", dref), stbl)
    mdhd = full(b"mdhd", struct.pack(">IIII", 0, 0, 1000, 1000), b"\x55\xc4\0\0")
    hdlr = full(b"hdlr", bytes(4), b"vide", bytes(13))
    track = box(b"trak", tkhd, edits, box(b"mdia", mdhd, hdlr, minf))
    head = full(b"mvhd", struct.pack(">IIIIIH", 0, 0, 1000, 1000, 0x10000, 0x100), bytes(74))
    return FTYP + box(b"moov", head, track) + box(b"mdat", bytes(4000))


def samples(count: int, *, claimed: int | None = None) -> list[bytes]:
    """A sample table of one entry each, for so many samples of one byte."""
    return [
        full(b"stts", struct.pack(">III", claimed or 1, count, 1)),
        full(b"stsc", struct.pack(">IIII", 1, 1, count, 1)),
        full(b"stsz", struct.pack(">II", 1, count)),
        STCO,
    ]


def nested(deep: int) -> bytes:
    inner = b""
    for _ in range(deep):
        inner = struct.pack(">I4s", 8 + len(inner), b"moov") + inner
    return inner


def films() -> Iterator[tuple[str, bytes]]:
    """Yield films none of which has a picture, by name."""
    offsets = struct.pack(">III", 1, 2**31 - 1, 1)
    edits = struct.pack(">IIHH", 10, 0, 1, 0) * 100_000
    yield "89 million samples", movie(*samples(SAMPLES))
    yield "15 million samples", movie(*samples(15_000_000))
    yield "2 thousand million samples", movie(*samples(2**31 - 1))
    yield "times claimed", movie(*samples(1, claimed=2**28))
    yield "offsets claimed", movie(full(b"ctts", offsets), *samples(SAMPLES))
    yield "chunks claimed", movie(full(b"stsc", struct.pack(">I", 2**27)), *samples(1))
    yield "edits", movie(*samples(100), edits=box(b"edts", full(b"elst", b"\0\1\x86\xa0", edits)))
    yield "nested boxes", FTYP + nested(20_000) + box(b"mdat", bytes(10))
    yield "8-byte boxes", FTYP + box(b"moov", box(b"free") * 1_000_000) + box(b"mdat", bytes(9))
    yield "tracks", FTYP + box(b"moov", box(b"trak", box(b"mdia")) * 100_000) + box(b"mdat", b"x")
    yield "a packed index", FTYP + box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), box(
        b"cmvd", struct.pack(">I", 2**31 - 1), zlib.compress(bytes(50_000_000)))))  # fmt: skip
    yield "empty elements", b"\x1a\x45\xdf\xa3\x80\x18\x53\x80\x67\x01" + b"\xff" * 7 + (
        b"\xec\x80" * 1_000_000
    )  # fmt: skip
    yield "a large gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + bytes(6) + (
        b"\x2c" + bytes(4) + b"\1\0\1\0\0\x02\x02\x44\x01\0;"
    )  # fmt: skip
    yield "a playlist", b"#EXTM3U\n#EXTINF:1\nhttp://127.0.0.1:9/film.ts\n#EXT-X-ENDLIST\n"
    yield "a list of files", b"ffconcat version 1.0\nfile '/etc/passwd'\n"
    yield "a drawing", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield "nothing", b""
