"""The smallest films, of any kind: real ones, with a few frames of moving stripes."""

import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio import AudioStream
from av.container import OutputContainer
from av.video import VideoStream

FRAMES = 6
SIDE = 64


def box(kind: bytes, payload: bytes = b"") -> bytes:
    """One box of ISO/IEC 14496-12."""
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def mp4(more: bytes = b"frames" * 50) -> bytes:
    """H.264 that every client plays, and a box of further bytes that players ignore."""
    return film() + (box(b"free", more) if more else b"")


def avi() -> bytes:
    """Pictures one by one, as servers without an H.264 encoder send them."""
    return film("avi", "mjpeg", "yuvj420p")


def webm() -> bytes:
    """VP8, which browsers play."""
    return film("webm", "libvpx")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """The properties of a film; `muxer` are the container's own options."""

    form: str
    codec: str
    pixels: str
    width: int = SIDE
    height: int = SIDE
    frames: int = FRAMES
    sound: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    muxer: tuple[tuple[str, str], ...] = ()
    tag: str | None = None
    transfer: int | None = None


def film(
    form: str = "mp4",
    codec: str = "libx264",
    pixels: str = "yuv420p",
    **more: Any,  # noqa: ANN401 - the fields of Kind
) -> bytes:
    """Return a film, encoded once and then cached."""
    return _made(Kind(form=form, codec=codec, pixels=pixels, **more))


@cache
def _made(kind: Kind) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film"
        with av.open(str(path), "w", format=kind.form, options=dict(kind.muxer)) as sink:
            _write(sink, kind)
        return path.read_bytes()


def _write(sink: OutputContainer, kind: Kind) -> None:
    stream = cast(
        "VideoStream",
        sink.add_stream(  # pyright: ignore[reportUnknownMemberType]
            kind.codec, rate=12, options={**_quick(kind.codec), **dict(kind.options)}
        ),
    )
    stream.width, stream.height, stream.pix_fmt = kind.width, kind.height, kind.pixels
    context = stream.codec_context
    if kind.tag is not None:
        context.codec_tag = kind.tag
    if kind.transfer is not None:
        context.color_primaries, context.color_trc, context.colorspace = 9, kind.transfer, 9
    heard = None if kind.sound is None else voice(sink, kind.sound)
    for number in range(kind.frames):
        frame = _stripes(number, kind.width, kind.height)
        frame.pts, frame.time_base = number, Fraction(1, 12)
        sink.mux(stream.encode(frame.reformat(format=kind.pixels)))
    sink.mux(stream.encode())
    if heard is not None:
        for at in range(0, kind.frames * 4000, 1000):
            sink.mux(heard.encode(tone(at)))
        sink.mux(heard.encode())


def voice(sink: OutputContainer, codec: str) -> AudioStream:
    stream = cast(
        "AudioStream",
        sink.add_stream(codec, rate=48_000),  # pyright: ignore[reportUnknownMemberType]
    )
    stream.layout = "stereo"
    return stream


def _quick(codec: str) -> Mapping[str, str]:
    return {"preset": "ultrafast"} if codec in {"libx264", "libx265"} else {}


def _stripes(number: int, width: int, height: int) -> av.VideoFrame:
    """A bright left half above a dark right one, so that turns and flips are visible."""
    pixels = np.full((height, width, 3), 40, np.uint8)
    pixels[:, : width // 2, 0] = 220
    pixels[: height // 2, :, 1] = 200
    pixels[:, (number * 4) % width] = 255
    return av.VideoFrame.from_ndarray(pixels, format="rgb24")


def tone(at: int) -> av.AudioFrame:
    wave = np.sin(np.arange(at, at + 1000) / 20, dtype=np.float32) / 4
    frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
    return frame


def turned(upright: bytes, matrix: tuple[int, int, int, int]) -> bytes:
    """Write a display matrix (a, b, c, d) into the track header of an MP4 film."""
    a, b, c, d = (value * 65_536 for value in matrix)
    straight = struct.pack(">9i", 65_536, 0, 0, 0, 65_536, 0, 0, 0, 1 << 30)
    other = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    track = upright.index(b"tkhd")
    at = upright.index(straight, track)
    return upright[:at] + other + upright[at + len(other) :]


WEBM = webm()
