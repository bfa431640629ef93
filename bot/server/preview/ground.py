"""What lies before the land: water or a wet street that mirrors it, and a piano's keys."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from bot.server.preview.backdrop import COARSE, HORIZON
from bot.server.preview.canvas import Canvas, Field, Mask, as_image, blend, yuv
from bot.server.preview.layers import Frame
from bot.server.preview.mood import Place
from bot.server.renderer import FPS

# How strongly a mirror image yields to the water's own colour: at the horizon, in front.
DEPTH: Final = (0.10, 0.66)
# A mirror image stretches towards the camera, and small things in it smear into strokes.
STRETCH: Final = 0.72
SMEAR: Final = 5
KEYS_TOP: Final = 0.82
WHITE_KEYS: Final = 14
# White keys, counted from a C, that a black key follows.
SHARPS: Final = (0, 1, 3, 4, 5)
OCTAVE: Final = 7
# White keys of a rising and falling arpeggio, one each quarter second.
TUNE: Final = (2, 4, 6, 9, 11, 9, 6, 4, 3, 5, 7, 10, 12, 10, 7, 5)
PACE: Final = 4


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
            shown = (0, 0, plane.width, self._top // step)
            smeared = (self._columns, self._above // SMEAR)
            small = plane.resize(smeared, Image.Resampling.BOX, shown)
            small = small.resize((self._columns, self._above), Image.Resampling.BILINEAR)
            seen = np.asarray(small, np.float32)[row, column]
            # Chroma yields less, so a sun's reflection stays warm instead of turning grey.
            seen += (water - seen) * self._fade * (0.45 if step > 1 else 1.0)
            seen += (light - seen) * glint
            size = (plane.width, plane.height - self._top // step)
            below = as_image(seen).resize(size, Image.Resampling.BICUBIC)
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


class Keys:
    """A keyboard along the foot of the frame, played in a slow wave."""

    def __init__(self, frame: Frame) -> None:
        palette = frame.mood.palette
        self._top = int(frame.height * KEYS_TOP) // 2 * 2
        self._step = frame.width / WHITE_KEYS
        high, gap, half = frame.height - self._top, max(self._step / 26, 1), self._step * 0.29
        shade = np.linspace(176, 252, high)[:, None]
        whites = as_image(np.repeat(shade, frame.width, axis=1))
        blacks = Image.new("L", whites.size)
        white_pen, black_pen = ImageDraw.Draw(whites), ImageDraw.Draw(blacks)
        for key in range(WHITE_KEYS):
            x = (key + 1) * self._step
            white_pen.rectangle((x - gap, 0, x, high), fill=0)
            if key % OCTAVE in SHARPS:
                black_pen.rounded_rectangle((x - half, -9, x + half, high * 0.6), 9, fill=255)
        lamp = np.repeat(np.linspace(255, 90, high)[:, None], round(self._step) - 2, axis=1)
        self._lamp = Mask.of(as_image(lamp))
        self._lit = yuv(palette.horizon)
        self._board = [
            (Mask.of(Image.new("L", whites.size, 255)), yuv(palette.near)),
            (Mask.of(whites), yuv(palette.light)),
        ]
        lip = Image.new("L", (frame.width, max(high // 26, 2) * 2), 255)
        self._above = [(Mask.of(blacks), yuv(palette.near)), (Mask.of(lip), yuv(palette.middle))]

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the keyboard with the keys of the moment lit."""
        for mask, colour in self._board:
            canvas.stencil(mask, 0, self._top, colour)
        beat, part = divmod(frame * PACE / FPS, 1)
        for age in range(min(3, int(beat) + 1)):
            left = round(TUNE[(int(beat) - age) % len(TUNE)] * self._step) + 1
            strength = 1 - (part + age) / 3
            canvas.stencil(self._lamp.faded(strength), left, self._top, self._lit)
        for mask, colour in self._above:
            canvas.stencil(mask, 0, self._top, colour)
