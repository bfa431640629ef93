"""A film of any kind opened for its frames: upright, in 8 bits, and with the colours of a screen.

A film is opened as the format that its first bytes have, and from its file alone.
"""

import struct
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Final, cast

import av
import av.filter
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import SideData
from av.video import VideoStream
from PIL import Image, ImageSequence

from bot.media.children.hdr import to_sdr
from bot.media.children.main import Unreadable
from bot.media.container import is_over_4k
from bot.media.formats import FILE_ALONE, demuxer_of

_PICTURES: Final = frozenset({"gif", "webp_pipe"})
_HDR: Final = {16: "pq", 18: "hlg"}
"""Transfer characteristics of ITU-T H.273: SMPTE ST 2084, and ARIB STD-B67."""
_FILTERS: Final = {
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
_BACKGROUND: Final = (0, 0, 0)
"""Shows through where a picture is transparent."""
_MILLISECOND: Final = Fraction(1, 1000)


def format_of(film: str) -> str:
    """Return the demuxer for a film. Raises Unreadable where its first bytes are of none."""
    name = demuxer_of(film)
    if name is None:
        raise Unreadable("its first bytes are of no film")
    return name


@contextmanager
def open_film(film: str) -> Generator[InputContainer]:
    """Open a film that FFmpeg reads. Raises Unreadable and FFmpegError."""
    with av.open(film, format=format_of(film), container_options=FILE_ALONE) as container:
        yield container


def is_animation(film: str) -> bool:
    """Whether a film is a GIF or WebP, which Pillow reads as every browser does."""
    return format_of(film) in _PICTURES


def animation(film: str) -> Iterator[av.VideoFrame]:
    """Yield the frames of a GIF or WebP, times in milliseconds. Raises Unreadable."""
    at = count = 0
    with Image.open(film, formats=("GIF", "WEBP")) as picture:
        check_size(*picture.size)
        for each in ImageSequence.Iterator(picture):
            each.load()
            count += 1
            frame = av.VideoFrame.from_ndarray(np.asarray(_opaque(each)), format="rgb24")
            frame.pts, frame.time_base = at, _MILLISECOND
            yield frame
            at += _duration(each)
    if count < 2:  # noqa: PLR2004 - one is a still
        raise Unreadable("a still picture")


def _opaque(picture: Image.Image) -> Image.Image:
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size, _BACKGROUND)
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground


def _duration(picture: Image.Image) -> int:
    """Milliseconds that a frame stays; browsers show what claims less than 20 for 100."""
    claimed = int(picture.info.get("duration") or 0)
    return claimed if claimed >= 20 else 100  # noqa: PLR2004


def check_size(width: int, height: int) -> None:
    """Raise Unreadable where frames are larger than 4K."""
    if is_over_4k(width, height):
        raise Unreadable("its frames are larger than 4K")


class Upright:
    """Turns decoded frames as their display matrix says, and maps HDR to the range of a screen."""

    def __init__(self, stream: VideoStream) -> None:
        self._graph: av.filter.Graph | None = None
        self._filters: tuple[str, ...] | None = None
        self._hdr = _HDR.get(int(stream.codec_context.color_trc or 0))

    @property
    def is_hdr(self) -> bool:
        """Whether colours are mapped to BT.709."""
        return self._hdr is not None

    def frame(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame as people are to see it."""
        pts, time_base = frame.pts, frame.time_base
        if self._filters is None:
            self._filters = upright_filters(frame)
        if self._hdr is not None:
            frame = to_sdr(frame, self._hdr)
        if self._filters:
            frame = self._turn(frame, self._filters)
        frame.pts = pts
        if time_base is not None:
            frame.time_base = time_base
        return frame

    def _turn(self, frame: av.VideoFrame, filters: tuple[str, ...]) -> av.VideoFrame:
        if self._graph is None:
            self._graph = _filter_graph(frame, filters)
        self._graph.push(frame)
        return cast("av.VideoFrame", self._graph.pull())


def upright_filters(frame: av.VideoFrame) -> tuple[str, ...]:
    """Return FFmpeg's filters that bring a frame upright, by its display matrix."""
    for data in cast("Iterable[SideData]", frame.side_data.keys()):
        if data.type.name == "DISPLAYMATRIX":
            a, b, _, c, d = struct.unpack_from("<5i", bytes(data))
            return _FILTERS.get((_sign(a), _sign(b), _sign(c), _sign(d)), ())
    return ()


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)


def _filter_graph(frame: av.VideoFrame, filters: tuple[str, ...]) -> av.filter.Graph:
    graph = av.filter.Graph()
    base = frame.time_base or Fraction(1, 25)
    last = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=base
    )
    for each in (*filters, "buffersink"):
        name, _, arguments = each.partition("=")
        node = graph.add(name, arguments or None)
        last.link_to(node)
        last = node
    graph.configure()
    return graph
