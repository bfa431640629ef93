"""The land in front of the sky: ridges, trees, a skyline, piano keys, each a moving cut-out."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.server.preview.canvas import Canvas, Mask, Yuv, yuv
from bot.server.preview.mood import Mood, Place

# Cut-outs are drawn this much larger and then shrunk, which smooths their edges.
FINE: Final = 2
# Half pixels keep a slow pan from juddering; the speeds below are multiples of one.
PHASES: Final = 2
# The speeds, in pixels a frame, are meant for a frame of this shorter side.
DESIGN_SIDE: Final = 720


@dataclass(frozen=True, kw_only=True)
class CutOut:
    """A strip wider than the frame that moves left ``speed`` pixels a frame."""

    masks: tuple[Mask, ...]
    top: int
    speed: float
    colour: Yuv

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the part of the strip the camera sees at a frame."""
        steps = round(self.speed * frame * PHASES)
        mask = self.masks[steps % PHASES if len(self.masks) > 1 else 0]
        canvas.stencil(mask, -(steps // PHASES), self.top, self.colour)


class Studio:
    """Draws strips for one film: frame size in pixels and the number of frames to cover."""

    def __init__(self, mood: Mood, width: int, height: int, frames: int) -> None:
        self._mood = mood
        self.width = width
        self.height = height
        self._frames = frames
        self.generator = np.random.default_rng(mood.seed + 1)
        self.unit = min(width, height)

    def speed(self, wanted: float) -> float:
        """Return a pan for this frame size from one for the design size, never standing still."""
        return max(round(wanted * self.unit / DESIGN_SIDE * PHASES), 1) / PHASES

    def sheet(self, high: int, speed: float) -> tuple[Image.Image, ImageDraw.ImageDraw]:
        """Return an empty strip, ``FINE`` times too large, and the pen for it."""
        wide = self.width + int(speed * self._frames) + 2 * PHASES
        image = Image.new("L", (wide * FINE, high * FINE))
        return image, ImageDraw.Draw(image)

    def cut(self, image: Image.Image, top: int, speed: float, colour: str) -> CutOut:
        """Return a drawn strip as a cut-out."""
        count = 1 if float(speed).is_integer() else PHASES
        starts = [phase * FINE // PHASES for phase in range(count)]
        shifted = [image.crop((at, 0, image.width - FINE + at, image.height)) for at in starts]
        masks = tuple(Mask.of(strip.reduce(FINE)) for strip in shifted)
        return CutOut(masks=masks, top=top, speed=speed, colour=yuv(colour))


def build(mood: Mood, width: int, height: int, frames: int) -> list[CutOut]:
    """Return the mood's cut-outs, the farthest first."""
    studio = Studio(mood, width, height, frames)
    builders = {Place.FOREST: _forest, Place.MOUNTAINS: _mountains, Place.CITY: _city}
    return builders[mood.place](studio, mood) if mood.place in builders else []


def blend(first: str, second: str, amount: float) -> str:
    """Return the colour an amount 0..1 on the way between two, as ``#rrggbb``."""
    pairs = ((int(first[at : at + 2], 16), int(second[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (two - one) * amount):02x}" for one, two in pairs)


def _ridge(
    studio: Studio, columns: int, rough: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a skyline 0..1 for each column: waves of falling size, the finest most jagged."""
    x = np.arange(columns) / (studio.unit * FINE)
    total = np.zeros(columns)
    for octave in range(6):
        start = studio.generator.random() * 7
        wave = np.sin(x * 3.1 * 1.93**octave + start)
        total += (1 - 2 * np.abs(wave)) * rough**octave if rough > 0 else wave * 0.4**octave
    total -= total.min()
    return total / total.max()


def _land(
    studio: Studio, place: tuple[float, float], wanted: float, colour: str, rough: float
) -> CutOut:
    """Return a range; ``place`` is its peaks' height and how much lower its valleys lie (0..1)."""
    top, deep = place
    speed = studio.speed(wanted)
    start = int(studio.height * top) // 2 * 2
    image, pen = studio.sheet(studio.height - start, speed)
    line = (1 - _ridge(studio, image.width, rough)) * studio.height * deep * FINE
    edge = [(x, float(line[x])) for x in range(0, image.width, FINE)]
    pen.polygon(
        [(0, image.height), *edge, (image.width, float(line[-1])), (image.width, image.height)],
        fill=255,
    )
    return studio.cut(image, start, speed, colour)


def _mountains(studio: Studio, mood: Mood) -> list[CutOut]:
    far, near, haze = mood.palette.far, mood.palette.near, mood.palette.horizon
    return [
        _land(studio, (0.50, 0.16), 0.5, blend(far, haze, 0.45), 0.52),
        _land(studio, (0.59, 0.15), 0.5, blend(far, haze, 0.12), 0.48),
        _mist(studio, (0.60, 0.84), haze),
        _land(studio, (0.69, 0.13), 1.0, blend(far, near, 0.5), 0.0),
        _land(studio, (0.82, 0.12), 2.0, near, 0.0),
    ]


def _forest(studio: Studio, mood: Mood) -> list[CutOut]:
    far, near, haze = mood.palette.far, mood.palette.near, mood.palette.horizon
    return [
        _land(studio, (0.48, 0.14), 0.5, blend(far, haze, 0.4), 0.5),
        _mist(studio, (0.50, 0.70), haze),
        _trees(studio, (0.58, 0.10), 0.5, blend(far, haze, 0.05)),
        _mist(studio, (0.62, 0.82), haze),
        _trees(studio, (0.63, 0.17), 1.0, blend(far, near, 0.5)),
        _mist(studio, (0.72, 0.98), blend(far, haze, 0.5)),
        _trees(studio, (0.66, 0.30), 2.0, near),
    ]


def _mist(studio: Studio, place: tuple[float, float], colour: str) -> CutOut:
    """Return a haze that thickens and thins again between two heights (0..1)."""
    top, bottom = (int(studio.height * at) // 2 * 2 for at in place)
    strength = np.sin(np.linspace(0, np.pi, bottom - top))[:, None] * 120
    mask = Image.fromarray(np.repeat(strength.astype(np.uint8), studio.width, axis=1))
    return CutOut(masks=(Mask.of(mask),), top=top, speed=0, colour=yuv(colour))


def _trees(studio: Studio, place: tuple[float, float], wanted: float, colour: str) -> CutOut:
    """Return a row of conifers: ``place`` is the tallest tip and the height of a tree (0..1)."""
    tip, tall = place
    speed = studio.speed(wanted)
    start = int(studio.height * tip) // 2 * 2
    image, pen = studio.sheet(studio.height - start, speed)
    full = tall * studio.height * FINE
    slope = _ridge(studio, image.width, 0.0)
    x = -full * 0.2
    while x < image.width + full * 0.2:
        high = full * studio.generator.uniform(0.55, 1.0)
        ground = full * (1.0 + 0.2 * float(slope[min(max(int(x), 0), image.width - 1)]))
        _conifer(pen, x, ground - high, high * 1.02)
        x += full * studio.generator.uniform(0.10, 0.36)
    edge = [(at, full * (0.98 + 0.2 * float(slope[at]))) for at in range(0, image.width, FINE)]
    pen.polygon(
        [(0, image.height), *edge, (image.width, edge[-1][1]), (image.width, image.height)],
        fill=255,
    )
    return studio.cut(image, start, speed, colour)


def _conifer(pen: ImageDraw.ImageDraw, x: float, top: float, high: float) -> None:
    """Draw a trunk under seven skirts of branches."""
    skirts = 7
    for skirt in range(skirts):
        upper = top + high * 0.93 * skirt / skirts
        lower = top + high * 0.93 * (skirt + 1.55) / skirts
        half = high * 0.2 * (skirt + 1.2) / skirts
        pen.polygon(
            [(x, upper), (x + half, lower), (x, lower - high * 0.03), (x - half, lower)], fill=255
        )
    pen.rectangle((x - high * 0.012, top + high * 0.2, x + high * 0.012, top + high), fill=255)


def _city(studio: Studio, mood: Mood) -> list[CutOut]:
    far, near, haze = mood.palette.far, mood.palette.near, mood.palette.horizon
    accent, light = mood.palette.accent, mood.palette.light
    rows = (
        ((0.40, 0.24), 0.5, blend(far, haze, 0.35), ()),
        ((0.45, 0.28), 1.0, blend(far, near, 0.35), (blend(light, far, 0.35),)),
        ((0.52, 0.26), 2.0, blend(near, far, 0.12), (light, accent)),
    )
    return [strip for row in rows for strip in _skyline(studio, *row)]


def _skyline(
    studio: Studio, place: tuple[float, float], wanted: float, colour: str, lights: tuple[str, ...]
) -> list[CutOut]:
    """Return a row of houses and, above it, one cut-out for each colour of lit windows."""
    top, tall = place
    speed = studio.speed(wanted)
    start = int(studio.height * top) // 2 * 2
    high = int(studio.height * 0.78) - start
    image, pen = studio.sheet(high, speed)
    panes = [studio.sheet(high, speed) for _ in lights]
    x = 0.0
    while x < image.width:
        wide = studio.unit * FINE * studio.generator.uniform(0.07, 0.17)
        roof = image.height - studio.height * FINE * tall * studio.generator.uniform(0.35, 1.0)
        pen.rectangle((x, roof, x + wide, image.height), fill=255)
        _roof(studio, pen, (x, roof, wide))
        for _, glass in panes:
            _windows(studio, glass, (x, roof, wide, image.height), len(panes))
        x += wide * studio.generator.uniform(0.9, 1.15)
    glows = [_bloom(pane) for pane, _ in panes]
    strips = [(image, colour), *zip(glows, lights, strict=True)]
    return [studio.cut(strip, start, speed, paint) for strip, paint in strips]


def _roof(studio: Studio, pen: ImageDraw.ImageDraw, house: tuple[float, float, float]) -> None:
    """Top a house with a mast or a set-back storey, or nothing."""
    x, roof, wide = house
    kind = studio.generator.random()
    if kind < 0.3:  # noqa: PLR2004 - three roofs, about a third of the houses each
        pen.rectangle((x + wide * 0.48, roof - wide * 0.7, x + wide * 0.51, roof), fill=255)
    elif kind < 0.65:  # noqa: PLR2004
        pen.rectangle((x + wide * 0.2, roof - wide * 0.25, x + wide * 0.75, roof), fill=255)


def _windows(
    studio: Studio, pen: ImageDraw.ImageDraw, house: tuple[float, float, float, float], colours: int
) -> None:
    """Light some of a house's windows."""
    x, roof, wide, ground = house
    cell = studio.unit * FINE * 0.018
    columns, rows = int(wide / cell) - 1, int((ground - roof) / (cell * 1.5)) - 1
    if columns < 1 or rows < 1:
        return
    inset = (wide - columns * cell) / 2
    lit = np.argwhere(studio.generator.random((rows, columns)) < 0.36 / colours)
    for row, column in lit.tolist():
        left, upper = x + inset + column * cell, roof + cell * (0.9 + row * 1.5)
        level = int(studio.generator.integers(120, 256))
        pen.rectangle((left, upper, left + cell * 0.5, upper + cell * 0.8), fill=level)


def _bloom(panes: Image.Image) -> Image.Image:
    """Return lit windows with a soft halo around each."""
    small = panes.reduce(8).filter(ImageFilter.GaussianBlur(2.2))
    halo = small.resize(panes.size, Image.Resampling.BILINEAR)
    return Image.fromarray(np.maximum(np.asarray(panes), np.asarray(halo)))
