"""What lies before the land: water, or a wet street, that mirrors it."""

from typing import Final

import numpy as np
from PIL import Image

from bot.server.preview.backdrop import COARSE, HORIZON
from bot.server.preview.canvas import Canvas, Field, as_image, blend, yuv
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place
from bot.server.renderer import FPS

# How strongly a mirror image yields to the water's own colour: at the horizon, in front.
DEPTH: Final = (0.10, 0.66)
# A mirror image stretches towards the camera, and small things in it smear into strokes.
STRETCH: Final = 0.72
SMEAR: Final = 5


class Mirror:
    """Water from the horizon down: the picture above it, upside down, broken by waves."""

    def __init__(self, frame: Frame) -> None:
        palette, place = frame.mood.palette, frame.mood.place
        self._top = int(frame.height * HORIZON[place]) // 2 * 2
        self._above = self._top // COARSE
        self._columns = -(-frame.width // COARSE)
        self._rough = 1.0 if place is Place.OCEAN else 0.55
        self._water = blend(yuv(palette.near), yuv(palette.far), 0.4)
        self._light = yuv(palette.light)
        rows = -(-(frame.height - self._top) // COARSE)
        self._near = np.linspace(0.02, 1, rows, dtype=np.float32)[:, None]
        # Rows in perspective: waves lie closer together towards the horizon.
        self._depth = np.float32(1) / (self._near + np.float32(0.12))
        self._x = np.linspace(-0.5, 0.5, self._columns, dtype=np.float32)[None, :]
        self._fade = DEPTH[0] + (DEPTH[1] - DEPTH[0]) * self._near

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the water under what the canvas shows above the horizon."""
        wave = self._waves(frame / FPS)
        glint = np.clip(wave * 2.2 - 0.5, 0, 1) * self._path(canvas) * (0.95 - 0.4 * self._near)
        row, column = self._mirrored(wave)
        colours = zip(canvas, self._water, self._light, (1, 2, 2), strict=True)
        for plane, water, light, step in colours:
            block = (COARSE // step, COARSE * SMEAR // step)
            small = plane.reduce(block, (0, 0, plane.width, self._top // step))
            small = small.resize((self._columns, self._above), Image.Resampling.BILINEAR)
            seen = np.asarray(small, np.float32)[row, column]
            # Chroma yields less, so a sun's reflection stays warm instead of turning grey.
            seen += (water - seen) * self._fade * (0.45 if step > 1 else 1.0)
            seen += (light - seen) * glint
            size = (plane.width, plane.height - self._top // step)
            below = as_image(seen).resize(size, Image.Resampling.BILINEAR)
            plane.paste(below, (0, self._top // step))

    def _waves(self, seconds: float) -> Field:
        """Return the waves' slope, about -1..1."""
        far, across = self._depth, self._x * self._depth
        bend = np.sin(across * 3.7 + far * 2.3 + seconds * 0.6) * 1.4
        slope = np.sin(far * 13 + across * 3.1 + bend + seconds * 2.1)
        slope = slope + np.sin(far * 23 - across * 7.9 + bend * 2.1 + seconds * 2.7 + 2)
        slope = slope + np.sin(across * 19.0 + far * 9 - bend * 3.3 - seconds * 1.9)
        return (slope / 3).astype(np.float32)

    def _path(self, canvas: Canvas) -> Field:
        """Return where the water glitters: a path 0..1 under what shines above the horizon."""
        shown = (0, self._top * 2 // 3, canvas.y.width, self._top)
        strip = canvas.y.resize((16, 8), Image.Resampling.BOX, shown)
        bright = np.asarray(strip, np.float32).max(axis=0)
        lift = np.clip((bright - bright.mean()) / 70, 0, 1)
        at = np.linspace(0, 15, self._columns)
        soft = np.asarray(np.interp(at, np.arange(16), lift), np.float32)
        return 0.05 + soft[None, :] * self._rough

    def _mirrored(self, wave: Field) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.intp]], ...]:
        """Return the row and column of the picture above that each point of water shows."""
        down = np.arange(len(wave), dtype=np.float32)[:, None] * STRETCH
        shown = self._above - 1 - down - wave
        shown = shown + wave * self._near * self._rough * (self._above * 0.13)
        aside = wave * (0.5 + self._near) * self._rough * (self._columns * 0.035)
        column = np.clip(np.arange(self._columns) + aside, 0, self._columns - 1)
        return np.clip(shown, 0, self._above - 1).astype(np.intp), column.astype(np.intp)
