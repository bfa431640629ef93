"""Paints the frames and encodes them: the picture, its words, then H.264 in an mp4."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from PIL import Image

from bot.server.preview.canvas import Pixels
from bot.server.preview.lettering import caption, title
from bot.server.preview.marks import Marks
from bot.server.preview.mood import read_mood
from bot.server.preview.photograph import Photograph
from bot.server.preview.scene import Scene
from bot.server.renderer import FPS, FilmFiles, RenderRequest

# veryfast keeps a phone-sized film near a second of encoding on two cores. Without mbtree=0 the
# same frames do not always encode to the same bytes; with it, crf 23 keeps the grain.
ENCODER_OPTIONS: Final = {
    "preset": "veryfast",
    "crf": "23",
    "x264-params": "colorprim=bt709:transfer=bt709:colormatrix=bt709:range=tv:mbtree=0",
}
# Frames painted ahead of the encoder; more only costs memory.
AHEAD: Final = 6
# Grain of one or two levels hides the steps an 8-bit gradient would show.
GRAINS: Final = 4
GRAIN_LEVELS: Final = 3
# The frame shown before the film plays: late enough that the whole title stands.
THUMBNAIL_AT: Final = 0.6
THUMBNAIL_SIDE: Final = 512
# A sheet of this many moments a side, in reading order.
SHEET_SIDE: Final = 4
TILE_SIDE: Final = 256


class Painter:
    """Every frame of one film, each from its number alone, so their order does not matter."""

    def __init__(self, request: RenderRequest) -> None:
        width, height = request.width, request.height
        self.frames = request.seconds * FPS
        mood = read_mood(request.prompt)
        if request.image is None:
            self._picture = Scene(mood, width, height, self.frames, FPS)
            self._words = title(request.prompt, mood, width, height, self.frames)
        else:
            self._picture = Photograph(request.image, width, height, self.frames, mood.seed)
            self._words = caption(request.prompt, mood, width, height, self.frames)
        self._marks = Marks("PREVIEW", width, height)
        generator = np.random.default_rng(mood.seed)
        shape = (GRAINS, height, width)
        self._grains = generator.integers(0, GRAIN_LEVELS, shape, np.uint8)

    def paint(self, frame: int) -> Pixels:
        """Return a frame as a (height * 3 / 2, width) array of yuv420p."""
        canvas = self._picture.paint(frame)
        self._words.paint(canvas, frame)
        self._marks.paint(canvas, (frame + 1) / self.frames)
        return canvas.pixels(self._grains[frame % GRAINS])

    def paint_all(self) -> Generator[Pixels]:
        """Yield the frames in order, painting a few ahead in a thread of its own."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            pending: deque[Future[Pixels]] = deque()
            try:
                for frame in range(self.frames):
                    pending.append(pool.submit(self.paint, frame))
                    if len(pending) > AHEAD:
                        yield pending.popleft().result()
                while pending:
                    yield pending.popleft().result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)


class Encoder:
    """An mp4 being written to a path."""

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        # PyAV leaves the type of add_stream's further arguments open.
        self._stream = self._container.add_stream(  # pyright: ignore[reportUnknownMemberType]
            "libx264", rate=FPS, options=ENCODER_OPTIONS
        )
        self._stream.width = width
        self._stream.height = height
        self._stream.pix_fmt = "yuv420p"
        self._count = 0

    def add(self, pixels: Pixels) -> None:
        """Encode the next frame."""
        frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
        frame.pts = self._count
        frame.time_base = Fraction(1, FPS)
        self._count += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Encode what is still held back and close the file."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def close(self) -> None:
        """Close the file; after ``finish`` this does nothing."""
        self._container.close()


class Sheet:
    """Moments of a film at even distances, small and side by side."""

    def __init__(self, width: int, height: int, frames: int) -> None:
        count = SHEET_SIDE * SHEET_SIDE
        self._moments = [(2 * number + 1) * frames // (2 * count) for number in range(count)]
        self._tile = _fit(width, height, TILE_SIDE)
        self.image = Image.new("RGB", (self._tile[0] * SHEET_SIDE, self._tile[1] * SHEET_SIDE))

    def add(self, number: int, pixels: Pixels) -> None:
        """Take the frame of this number if it is one of the moments."""
        for place, moment in enumerate(self._moments):
            if moment == number:
                row, column = divmod(place, SHEET_SIDE)
                corner = (column * self._tile[0], row * self._tile[1])
                self.image.paste(_small(pixels, TILE_SIDE), corner)


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
    poster = int(painter.frames * THUMBNAIL_AT)
    said = 0
    sheet = Sheet(request.width, request.height, painter.frames)
    encoder = Encoder(files.film, request.width, request.height)
    with closing(encoder), closing(painter.paint_all()) as frames:
        for number, pixels in enumerate(frames):
            encoder.add(pixels)
            if number == poster:
                _save(_small(pixels, THUMBNAIL_SIDE), files.thumbnail)
            sheet.add(number, pixels)
            # The last percent belongs to the file's being whole and in place.
            percent = 99 * (number + 1) // painter.frames
            if percent > said:
                said = percent
                report(percent)
        encoder.finish()
    _save(sheet.image, files.spritesheet)


def _fit(width: int, height: int, side: int) -> tuple[int, int]:
    scale = side / max(width, height)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _small(pixels: Pixels, side: int) -> Image.Image:
    frame = av.VideoFrame.from_ndarray(pixels, format="yuv420p")
    size = _fit(frame.width, frame.height, side)
    rgb = frame.to_ndarray(
        format="rgb24", width=size[0], height=size[1], src_colorspace="ITU709", interpolation="AREA"
    )
    return Image.fromarray(rgb)


def _save(picture: Image.Image, path: Path) -> None:
    picture.save(path, format="JPEG", quality=86, optimize=True)
