"""A film of any kind opened for its frames: upright, in 8 bits, and with the colours of a screen.

For the child processes that probe and transcode; whatever a server sent is opened by the format
that its first bytes have, and from its file alone.
"""

import struct
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import av.filter
import numpy as np
import numpy.typing as npt
from av.container import InputContainer
from av.video import VideoStream
from PIL import Image, ImageSequence

from bot.media.container import is_over_4k
from bot.media.formats import FILE_ALONE, HEAD, demuxer

_PICTURES: Final = frozenset({"gif", "webp_pipe"})
_HDR: Final = {16: "pq", 18: "hlg"}
"""Transfer characteristics of ITU-T H.273: SMPTE ST 2084, and ARIB STD-B67."""
_TURNS: Final = {
    (1, 0, 0, 1): (),
    (-1, 0, 0, -1): ("hflip", "vflip"),
    (0, 1, -1, 0): ("transpose=clock",),
    (0, -1, 1, 0): ("transpose=cclock",),
    (-1, 0, 0, 1): ("hflip",),
    (1, 0, 0, -1): ("vflip",),
    (0, 1, 1, 0): ("transpose=cclock_flip",),
    (0, -1, -1, 0): ("transpose=clock_flip",),
}
"""What undoes a display matrix (ISO/IEC 14496-12, 6.2.2), by the signs of its a, b, c, d."""
_PAPER: Final = (0, 0, 0)
"""What shows through where a picture is transparent."""

Pixels = npt.NDArray[Any]


class Unreadable(ValueError):
    """No frame is to be had; the message says why."""


def form_of(film: str) -> str:
    """Return the demuxer for a film. Raises Unreadable where its first bytes are of none."""
    with Path(film).open("rb") as file:
        form = demuxer(file.read(HEAD))
    if form is None:
        raise Unreadable("its first bytes are of no film")
    return form


@contextmanager
def opened(film: str) -> Generator[InputContainer]:
    """Open a film that FFmpeg reads. Raises Unreadable and FFmpegError."""
    with av.open(film, format=form_of(film), container_options=FILE_ALONE) as container:
        yield container


def is_animation(film: str) -> bool:
    """Whether a film is a GIF or WebP, which Pillow reads as every browser does."""
    return form_of(film) in _PICTURES


def animation(film: str) -> Iterator[av.VideoFrame]:
    """Give the frames of an animated picture, times in milliseconds. Raises Unreadable."""
    at = count = 0
    with Image.open(film, formats=("GIF", "WEBP")) as picture:
        check_size(*picture.size)
        for each in ImageSequence.Iterator(picture):
            each.load()
            count += 1
            shown = each.convert("RGBA")
            paper = Image.new("RGB", shown.size, _PAPER)
            paper.paste(shown, mask=shown.getchannel("A"))
            frame = av.VideoFrame.from_ndarray(np.asarray(paper), format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            yield frame
            at += _duration(each)
    if count < 2:  # noqa: PLR2004 - one is a still
        raise Unreadable("a still picture")


def _duration(picture: Image.Image) -> int:
    """Milliseconds that a frame stays; browsers show what claims less than 20 for 100."""
    told = int(picture.info.get("duration") or 0)
    return told if told >= 20 else 100  # noqa: PLR2004


def check_size(width: int, height: int) -> None:
    """Raise Unreadable where frames are larger than 4K."""
    if is_over_4k(width, height):
        raise Unreadable("its frames are larger than 4K")


class Upright:
    """Turns decoded frames as their display matrix says, and maps HDR to the range of a screen."""

    def __init__(self, picture: VideoStream) -> None:
        self._graph: av.filter.Graph | None = None
        self._turns: tuple[str, ...] | None = None
        self._hdr = _HDR.get(int(picture.codec_context.color_trc or 0))

    @property
    def is_hdr(self) -> bool:
        """Whether colours are mapped to BT.709."""
        return self._hdr is not None

    def frame(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame as people are to see it."""
        at, base = frame.pts, frame.time_base
        if self._turns is None:
            self._turns = turns_of(frame)
        if self._hdr is not None:
            frame = _to_sdr(frame, self._hdr)
        if self._turns:
            frame = self._turned(frame)
        frame.pts = at
        if base is not None:
            frame.time_base = base
        return frame

    def _turned(self, frame: av.VideoFrame) -> av.VideoFrame:
        if self._graph is None:
            self._graph = _graph(frame, self._turns or ())
        self._graph.push(frame)
        return cast("av.VideoFrame", self._graph.pull())


def turns_of(frame: av.VideoFrame) -> tuple[str, ...]:
    """Return the filters that bring a frame upright, by its display matrix."""
    for data in cast("Iterable[Any]", frame.side_data.keys()):
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = struct.unpack_from("<5i", bytes(data))
            return _TURNS.get((_sign(a), _sign(b), _sign(c), _sign(d)), ())
    return ()


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _graph(frame: av.VideoFrame, turns: tuple[str, ...]) -> av.filter.Graph:
    graph = av.filter.Graph()
    base = frame.time_base or Fraction(1, 25)
    last = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=base
    )
    for turn in (*turns, "buffersink"):
        name, _, arguments = turn.partition("=")
        node = graph.add(name, arguments or None)
        last.link_to(node)
        last = node
    graph.configure()
    return graph


# ------------------------------------------------------------------ high dynamic range

_WHITE: Final = 203.0
"""Nits of a white page in HDR (ITU-R BT.2408); it becomes nearly the screen's white."""
_PEAK: Final = 1000.0
"""Nits that become white: what films are graded for."""
_GAIN: Final = np.float32(1.5)
"""Brings white paper, which the mapping halves, to three quarters of the screen's light."""
_LEVELS: Final = 65_536
_TO_709: Final = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)
"""BT.2020's primaries in BT.709's, for linear light (ITU-R BT.2087)."""


def _to_sdr(frame: av.VideoFrame, transfer: str) -> av.VideoFrame:
    deep: Pixels = frame.to_ndarray(format="rgb48le")
    light: Pixels = np.take(_linear(transfer), deep)
    mapped = np.clip(_mapped(light) @ _TO_709.T, 0.0, 1.0)
    shown = _gamma()[(mapped * (_LEVELS - 1)).astype(np.uint16)]
    return av.VideoFrame.from_ndarray(shown, format="rgb24")


def _mapped(light: Pixels) -> Pixels:
    """Bring light (1 is white paper) below 1: by the brightest channel, so that hues stay."""
    brightest = light.max(axis=2, keepdims=True)
    peak = _PEAK / _WHITE
    scale = (1.0 + brightest / (peak * peak)) / (1.0 + brightest)
    return light * scale * _GAIN


_TABLES: dict[str, Pixels] = {}


def _linear(transfer: str) -> Pixels:
    """Return light by code value, white paper as 1: SMPTE ST 2084, or ITU-R BT.2100's HLG."""
    if transfer not in _TABLES:
        code = np.linspace(0.0, 1.0, _LEVELS, dtype=np.float64)
        if transfer == "pq":
            m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
            power = code ** (1 / m2)
            nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
        else:
            a, b, c = 0.17883277, 0.28466892, 0.55991073
            scene = np.where(code <= 0.5, code**2 / 3, (np.exp((code - c) / a) + b) / 12)  # noqa: PLR2004
            nits = _PEAK * scene**1.2
        _TABLES[transfer] = (nits / _WHITE).astype(np.float32)
    return _TABLES[transfer]


def _gamma() -> Pixels:
    """Return BT.709's code values, 0 to 255, by linear light."""
    if "709" not in _TABLES:
        light = np.linspace(0.0, 1.0, _LEVELS)
        code = np.where(light < 0.018, 4.5 * light, 1.099 * light**0.45 - 0.099)  # noqa: PLR2004
        _TABLES["709"] = np.round(code * 255).astype(np.uint8)
    return _TABLES["709"]
