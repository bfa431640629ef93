"""What floats through the air: sheets of flakes, drops, stars or sparks that wrap around."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.server.preview.canvas import Canvas, Mask, Yuv, yuv
from bot.server.preview.mood import Mood, Place, Weather

DESIGN_SIDE: Final = 720
TURN: Final = 2 * np.pi


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A frame-sized stencil whose edges meet; it moves by whole pixels a frame."""

    mask: Mask
    across: int
    down: int
    colour: Yuv

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the sheet where it is at a frame."""
        width, height = canvas.width, canvas.height
        x, y = self.across * frame % width, self.down * frame % height
        for left in {x, x - width} if x else {0}:
            for top in {y, y - height} if y else {0}:
                canvas.stencil(self.mask, left, top, self.colour)


class Printer:
    """Prints sheets for one frame size in pixels."""

    def __init__(self, mood: Mood, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self.scale = min(width, height) / DESIGN_SIDE
        self._generator = np.random.default_rng(mood.seed + 2)

    def dots(self, count: int, radii: tuple[float, float], levels: tuple[int, int]) -> Image.Image:
        """Return dots; radii are for the design size, levels are opacities 0..255."""
        image = Image.new("L", (self.width, self.height))
        pen = ImageDraw.Draw(image)
        for _ in range(count):
            radius = max(self._generator.uniform(*radii) * self.scale, 0.5)
            x = self._generator.uniform(radius, self.width - radius)
            y = self._generator.uniform(radius, self.height - radius)
            level = int(self._generator.integers(*levels))
            pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=level)
        return image

    def streaks(self, count: int, length: float, levels: tuple[int, int]) -> Image.Image:
        """Return slanted strokes of rain."""
        image = Image.new("L", (self.width, self.height))
        pen = ImageDraw.Draw(image)
        for _ in range(count):
            run = length * self.scale * self._generator.uniform(0.6, 1.2)
            x = self._generator.uniform(run, self.width)
            y = self._generator.uniform(0, self.height - run)
            level = int(self._generator.integers(*levels))
            pen.line((x, y, x - run * 0.12, y + run), fill=level, width=max(round(self.scale), 1))
        return image

    def sheet(self, image: Image.Image, move: tuple[float, float], colour: str) -> Sheet:
        """Return a print as a sheet moving right and down, in pixels for the design size."""
        across, down = (round(step * self.scale) or int(np.sign(step)) for step in move)
        return Sheet(mask=Mask.of(image), across=across, down=down, colour=yuv(colour))


def fall_of(mood: Mood, width: int, height: int) -> list[Sheet]:
    """Return the mood's sheets, the farthest first."""
    printer = Printer(mood, width, height)
    light, accent = mood.palette.light, mood.palette.accent
    match mood.weather:
        case Weather.RAIN:
            thin, thick = printer.streaks(170, 46, (26, 60)), printer.streaks(70, 90, (36, 88))
            return [printer.sheet(thin, (-3, 25), light), printer.sheet(thick, (-5, 42), light)]
        case Weather.SNOW:
            return _snow(printer, light)
        case Weather.STARS if mood.place is not Place.STAGE:
            return []
        case Weather.CLEAR:
            return []
        case _:
            dust = printer.dots(46, (1.0, 2.4), (90, 220))
            bokeh = _soft(printer.dots(14, (9, 26), (18, 52)), printer.scale)
            return [printer.sheet(bokeh, (0, -1), light), printer.sheet(dust, (1, -1), accent)]


def starlight(mood: Mood, width: int, height: int) -> list[Sheet]:
    """Return the stars that stand behind the land, none unless the mood has them."""
    if mood.weather is not Weather.STARS or mood.place is Place.STAGE:
        return []
    printer = Printer(mood, width, height)
    image = printer.dots(190, (0.5, 1.5), (60, 235))
    fade = np.clip(np.linspace(1.15, -0.6, height), 0, 1)[:, None]
    faded = Image.fromarray((np.asarray(image) * fade).astype(np.uint8))
    return [printer.sheet(faded, (0, 0), mood.palette.light)]


def _snow(printer: Printer, colour: str) -> list[Sheet]:
    far = printer.dots(150, (1.0, 1.9), (90, 190))
    middle = printer.dots(60, (2.2, 3.6), (120, 220))
    close = _soft(printer.dots(16, (7, 15), (50, 110)), printer.scale)
    moves = ((0.0, 2.0), (-1.0, 3.0), (-2.0, 6.0))
    return [
        printer.sheet(image, move, colour)
        for image, move in zip((far, middle, close), moves, strict=True)
    ]


def _soft(image: Image.Image, scale: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(1.6 * scale))
