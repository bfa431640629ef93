"""What lies before the land: water or a wet street that mirrors it, and a piano's keys."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from bot.server.preview.backdrop import COARSE, HORIZON
from bot.server.preview.canvas import Canvas, Field, Mask, as_image, yuv
from bot.server.preview.mood import Mood, Palette, Place
from bot.server.preview.silhouettes import blend


class Mirror:
    """Water from the horizon down: the picture above it, upside down, broken by waves."""

    # How strongly the mirror image yields to the water's own colour: at the horizon, in front.
    DEPTH: Final = (0.10, 0.66)
    # A mirror image stretches towards the camera, and small things in it smear into strokes.
    STRETCH: Final = 0.72
    SMEAR: Final = 5

    def __init__(self, mood: Mood, width: int, height: int) -> None:
        self._top = int(height * HORIZON[mood.place]) // 2 * 2
        self._rows = -(-(height - self._top) // COARSE)
        self._columns = -(-width // COARSE)
        self._rough = 1.0 if mood.place is Place.OCEAN else 0.55
        self._water = yuv(blend(mood.palette.near, mood.palette.far, 0.4))
        self._light = yuv(mood.palette.light)
        near = np.linspace(0.02, 1, self._rows, dtype=np.float32)[:, None]
        self._near = near
        # Rows in perspective: waves lie closer together towards the horizon.
        self._depth = np.float32(1) / (near + np.float32(0.12))
        self._x = np.linspace(-0.5, 0.5, self._columns, dtype=np.float32)[None, :]
        self._column = np.arange(self._columns)[None, :]
        low, high = self.DEPTH
        self._fade = low + (high - low) * near

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """Paint the water under what the canvas shows above the horizon."""
        wave = self._waves(seconds)
        glint = np.clip(wave * 2.2 - 0.5, 0, 1) * self._path(canvas) * (0.95 - 0.4 * self._near)
        row, column = self._look_up(wave)
        above = self._top // COARSE
        smeared = (self._columns, above // self.SMEAR)
        planes = zip(
            (canvas.y, canvas.u, canvas.v), self._water, self._light, (1, 2, 2), strict=True
        )
        for plane, water, light, step in planes:
            shown = (0, 0, plane.width, self._top // step)
            small = plane.resize(smeared, Image.Resampling.BOX, shown)
            small = small.resize((self._columns, above), Image.Resampling.BILINEAR)
            seen = np.asarray(small, np.float32)[row, column]
            # Chroma yields less, so a sun's reflection stays warm instead of turning grey.
            seen += (water - seen) * self._fade * (0.45 if step > 1 else 1.0)
            seen += (light - seen) * glint
            size = (plane.width, plane.height - self._top // step)
            plane.paste(
                as_image(seen).resize(size, Image.Resampling.BICUBIC), (0, self._top // step)
            )

    def _waves(self, seconds: float) -> Field:
        """Return the waves' slope, about -1..1."""
        far = self._depth
        across = self._x * far
        bend = np.sin(across * 3.7 + far * 2.3 + seconds * 0.6) * 1.4
        slope = np.sin(far * 13 + across * 3.1 + bend + seconds * 2.1)
        slope = slope + np.sin(far * 23 - across * 7.9 + bend * 2.1 + seconds * 2.7 + 2)
        slope = slope + np.sin(across * 19.0 + far * 9 - bend * 3.3 - seconds * 1.9)
        return (slope / 3).astype(np.float32)

    def _path(self, canvas: Canvas) -> Field:
        """Return where the water glitters: a path 0..1 under what shines above the horizon."""
        shown = (0, self._top * 2 // 3, canvas.width, self._top)
        strip = canvas.y.resize((self._columns, 8), Image.Resampling.BOX, shown)
        bright = np.asarray(strip, np.float32).max(axis=0)
        lift = np.clip((bright - bright.mean()) / 70, 0, 1)
        wide = self._columns // 12
        soft = np.convolve(
            np.pad(lift, wide, mode="edge"), np.full(2 * wide + 1, 1 / (2 * wide + 1)), "valid"
        )
        return (0.05 + soft[None, :] * self._rough).astype(np.float32)

    def _look_up(self, wave: Field) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.intp]], ...]:
        """Return the row and column of the picture above that each point of water shows."""
        above = self._top // COARSE
        shown = above - 1 - np.arange(self._rows, dtype=np.float32)[:, None] * self.STRETCH
        shown = shown + wave * self._near * self._rough * (above * 0.13) - wave.dtype.type(1)
        aside = self._column + wave * (0.5 + self._near) * self._rough * (self._columns * 0.035)
        row = np.clip(shown, 0, above - 1).astype(np.intp)
        return row, np.clip(aside, 0, self._columns - 1).astype(np.intp)


class Keys:
    """A keyboard along the foot of the frame, played in a slow wave."""

    TOP: Final = 0.82
    WHITES: Final = 14
    # White keys, counted from a C, that a black key follows.
    SHARPS: Final = frozenset({0, 1, 3, 4, 5})
    OCTAVE: Final = 7
    # White keys of a rising and falling arpeggio, one each quarter second.
    TUNE: Final = (2, 4, 6, 9, 11, 9, 6, 4, 3, 5, 7, 10, 12, 10, 7, 5)
    PACE: Final = 4

    def __init__(self, palette: Palette, width: int, height: int) -> None:
        self._top = int(height * self.TOP) // 2 * 2
        self._high = height - self._top
        self._width = width
        self._step = width / self.WHITES
        self._board = self._keyboard()
        self._lamp = as_image(
            np.repeat(
                np.linspace(255, 90, self._high)[:, None], round(self._step) - 2, axis=1
            ).astype(np.float32)
        )
        self._black = Mask.of(self._sharps())
        self._glow = Mask.of(self._lamp)
        self._ivory, self._ebony = yuv(palette.light), yuv(palette.near)
        self._accent, self._felt = yuv(palette.horizon), yuv(palette.middle)

    def paint(self, canvas: Canvas, seconds: float) -> None:
        """Paint the keyboard with the keys of the moment lit."""
        lip = Mask.of(Image.new("L", (self._width, max(self._high // 26, 2) * 2), 255))
        canvas.stencil(
            Mask.of(Image.new("L", (self._width, self._high), 255)), 0, self._top, self._ebony
        )
        canvas.stencil(self._board, 0, self._top, self._ivory)
        beat = int(seconds * self.PACE)
        for age in range(3):
            strength = 1 - (seconds * self.PACE - beat + age) / 3
            key = self.TUNE[(beat - age) % len(self.TUNE)]
            if beat >= age:
                canvas.stencil(
                    self._glow.faded(strength), round(key * self._step) + 1, self._top, self._accent
                )
        canvas.stencil(self._black, 0, self._top, self._ebony)
        canvas.stencil(lip, 0, self._top, self._felt)

    def _keyboard(self) -> Mask:
        shade = np.linspace(176, 252, self._high)[:, None]
        image = as_image(np.repeat(shade, self._width, axis=1).astype(np.float32))
        pen = ImageDraw.Draw(image)
        gap = max(round(self._step / 26), 1)
        for key in range(self.WHITES + 1):
            x = round(key * self._step)
            pen.rectangle((x - gap, 0, x, self._high), fill=0)
        return Mask.of(image)

    def _sharps(self) -> Image.Image:
        image = Image.new("L", (self._width, self._high))
        pen = ImageDraw.Draw(image)
        for key in range(self.WHITES):
            if key % self.OCTAVE in self.SHARPS:
                x, half = (key + 1) * self._step, self._step * 0.29
                box = (x - half, -9, x + half, self._high * 0.6)
                pen.rounded_rectangle(box, radius=half * 0.25, fill=255)
        return image
