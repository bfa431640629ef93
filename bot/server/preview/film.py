"""Paints the frames and encodes them: the picture, its words, then H.264 in an mp4."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image

from bot.server.preview.canvas import Pixels
from bot.server.preview.label import Label
from bot.server.preview.layers import Frame
from bot.server.preview.lettering import Lettering
from bot.server.preview.mood import read_mood
from bot.server.preview.photograph import Photograph
from bot.server.preview.scene import Scene
from bot.server.renderer import FPS, FilmFiles, RenderRequest

# veryfast keeps a phone-sized film near a second of encoding on two cores. Without mbtree=0 the
# same frames do not always encode to the same bytes; with it, crf 23 keeps the grain. subme=1 takes
# a third of the encoder's time away and makes flat pictures like these no worse.
ENCODER_OPTIONS: Final = {
    "preset": "veryfast",
    "crf": "23",
    "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv:mbtree=0:subme=1",
}
# Frames painted ahead of the encoder; more only costs memory.
AHEAD: Final = 6
# Grain of one or two levels hides the steps an 8-bit gradient would show.
GRAINS: Final = 4
GRAIN_LEVELS: Final = 3
# The frame shown before the film plays: late enough that the whole title stands.
THUMBNAIL_AT: Final = 0.6
THUMBNAIL_SIDE: Final = 512
# A spritesheet of this many moments a side, in reading order.
SHEET_SIDE: Final = 4
TILES: Final = SHEET_SIDE * SHEET_SIDE
TILE_SIDE: Final = 256


class Painter:
    """Every frame of one film, each from its number alone, so their order does not matter."""

    def __init__(self, request: RenderRequest) -> None:
        self.frames = request.seconds * FPS
        frame = Frame(read_mood(request.prompt), request.width, request.height)
        if request.image is None:
            self._picture = Scene(frame, self.frames)
        else:
            self._picture = Photograph(request.image, frame, self.frames)
        is_caption = request.image is not None
        self._words = Lettering(request.prompt, frame, self.frames, is_caption=is_caption)
        self._label = Label(frame)
        shape = (GRAINS, request.height, request.width)
        generator = np.random.default_rng(frame.mood.seed)
        self._grains = generator.integers(0, GRAIN_LEVELS, shape, np.uint8)

    def paint(self, frame: int) -> Pixels:
        """Return a frame as a (height * 3 / 2, width) array of yuv420p."""
        canvas = self._picture.paint(frame)
        self._words.paint(canvas, frame)
        self._label.paint(canvas)
        return canvas.pixels(self._grains[frame % GRAINS])

    def paint_all(self) -> Generator[Pixels]:
        """Yield the frames in order, painting a few ahead in a thread of its own."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            pending: deque[Future[Pixels]] = deque()
            try:
                for frame in range(self.frames + AHEAD):
                    if frame < self.frames:
                        pending.append(pool.submit(self.paint, frame))
                    if frame >= AHEAD:
                        yield pending.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def encoding(path: Path, width: int, height: int) -> Generator[Callable[[Pixels], None]]:
    """Open an mp4 for writing and yield a function that encodes its next frame."""
    options = {"movflags": "+faststart"}
    with av.open(str(path), "w", format="mp4", options=options) as container:
        # PyAV leaves the type of add_stream's further arguments open.
        stream = container.add_stream(  # pyright: ignore[reportUnknownMemberType]
            "libx264", rate=FPS, options=ENCODER_OPTIONS
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        numbers = count()

        def add(pixels: Pixels) -> None:
            frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
            frame.pts, frame.time_base = next(numbers), Fraction(1, FPS)
            container.mux(stream.encode(frame))

        yield add
        container.mux(stream.encode(None))


def shoot(request: RenderRequest, files: FilmFiles, report: Callable[[int], None]) -> None:
    """Render a film and its pictures; see ``bot.server.renderer.render``."""
    parts = FilmFiles(*(path.with_name(f".{path.name}.part") for path in files))
    try:
        _record(request, parts, report)
        for part, path in zip(parts, files, strict=True):
            part.replace(path)
    finally:
        for part in parts:
            part.unlink(missing_ok=True)
    report(100)


def _record(request: RenderRequest, files: FilmFiles, report: Callable[[int], None]) -> None:
    report(0)
    painter = Painter(request)
    tiles: list[Image.Image] = []
    encoder = encoding(files.film, request.width, request.height)
    with encoder as encode, closing(painter.paint_all()) as frames:
        for number, pixels in enumerate(frames):
            encode(pixels)
            if number == int(painter.frames * THUMBNAIL_AT):
                _save(_small(pixels, THUMBNAIL_SIDE), files.thumbnail)
            if number == (2 * len(tiles) + 1) * painter.frames // (2 * TILES):
                tiles.append(_small(pixels, TILE_SIDE))
            # The last percent belongs to the file's being whole and in place.
            percent = 99 * (number + 1) // painter.frames
            if percent > 99 * number // painter.frames:
                report(percent)
    _save(_sheet(tiles), files.spritesheet)


def _sheet(tiles: list[Image.Image]) -> Image.Image:
    """Lay pictures of one size out in rows."""
    width, height = tiles[0].size
    sheet = Image.new("RGB", (width * SHEET_SIDE, height * SHEET_SIDE))
    for place, tile in enumerate(tiles):
        row, column = divmod(place, SHEET_SIDE)
        sheet.paste(tile, (column * width, row * height))
    return sheet


def _small(pixels: Pixels, side: int) -> Image.Image:
    """Return a frame as a picture whose longer side has `side` pixels."""
    frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
    scale = side / max(frame.width, frame.height)
    rgb = frame.to_ndarray(
        format="rgb24",
        width=max(round(frame.width * scale), 1),
        height=max(round(frame.height * scale), 1),
        src_colorspace="ITU709",
        interpolation="AREA",
    )
    return Image.fromarray(rgb)


def _save(picture: Image.Image, path: Path) -> None:
    picture.save(path, format="JPEG", quality=86, optimize=True)
