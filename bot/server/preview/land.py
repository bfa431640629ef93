"""The land before the sky: ranges, haze, trees and houses, as a table of strips for each place."""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.server.preview.canvas import Field, Mask, as_image, blend, yuv
from bot.server.preview.layers import Frame, Layer
from bot.server.preview.mood import Place

# Strips are drawn this much larger and then shrunk, which smooths their edges.
FINE: Final = 2
STREET: Final = 0.78
SKIRTS: Final = 7


class Strip(NamedTuple):
    """One strip of land; heights are parts 0..1 of the frame's height."""

    draw: Callable[[Image.Image, Frame, "Strip"], Image.Image]
    top: float
    high: float
    """How tall its trees and houses are, or how much lower its valleys lie than its peaks."""
    speed: int
    colours: tuple[str, str, float]
    """Two of the palette by name, and how far from the first to the second."""
    bottom: float = 1.0
    is_rough: bool = False
    """Whether a range has peaks instead of domes."""


def land(frame: Frame) -> list[Layer]:
    """Return the strips of the mood's place, the farthest first."""
    return [_layer(frame, strip) for strip in STRIPS.get(frame.mood.place, ())]


def _layer(frame: Frame, strip: Strip) -> Layer:
    top, bottom = (int(frame.height * at) // 2 * 2 for at in (strip.top, strip.bottom))
    image = Image.new("L", (frame.width * FINE, (bottom - top) * FINE))
    drawn = strip.draw(image, frame, strip).reduce(FINE)
    first, second, amount = strip.colours
    palette = frame.mood.palette._asdict()
    colour = blend(yuv(palette[first]), yuv(palette[second]), amount)
    move = (-frame.scaled(strip.speed), 0)
    return Layer(mask=Mask.of(drawn), colour=colour, top=top, move=move)


def _ridge(frame: Frame, strip: Strip) -> Field:
    """Return a line 0..1 whose ends meet: waves of falling size, pointed where it is rough."""
    random, total = frame.random(strip.top), np.zeros(frame.width * FINE)
    x = np.linspace(0, 2 * np.pi, len(total), endpoint=False)
    for octave in range(6):
        turns = max(round(0.5 * 1.93**octave * frame.width / min(frame[1:])), 1)
        wave = np.sin(x * turns / (2 if strip.is_rough else 1) + random.random() * 7)
        total += (1 - 2 * np.abs(wave)) * 0.5**octave if strip.is_rough else wave * 0.4**octave
    total -= total.min()
    return total / total.max()


def _fill(image: Image.Image, line: Field) -> None:
    """Fill an image below a line of heights, from its upper edge in its pixels."""
    ground = [(0, image.height), *enumerate(line.tolist()), (image.width, image.height)]
    ImageDraw.Draw(image).polygon(ground, fill=255)


def _range(image: Image.Image, frame: Frame, strip: Strip) -> Image.Image:
    _fill(image, (1 - _ridge(frame, strip)) * strip.high * frame.height * FINE)
    return image


def _haze(image: Image.Image, _frame: Frame, _strip: Strip) -> Image.Image:
    strength = np.sin(np.linspace(0, np.pi, image.height))[:, None] * 120
    return as_image(np.repeat(strength, image.width, axis=1))


def _trees(image: Image.Image, frame: Frame, strip: Strip) -> Image.Image:
    full, random = strip.high * frame.height * FINE, frame.random(strip.top)
    slope = full * (0.98 + 0.2 * _ridge(frame, strip))
    x = 0.0
    while x < image.width:
        high = full * random.uniform(0.55, 1.0)
        for at in (x - image.width, x, x + image.width):
            _conifer(ImageDraw.Draw(image), at, float(slope[int(x)]) - high, high * 1.04)
        x += full * random.uniform(0.10, 0.36)
    _fill(image, slope)
    return image


def _conifer(pen: ImageDraw.ImageDraw, x: float, top: float, high: float) -> None:
    """Draw a trunk under skirts of branches."""
    for skirt in range(SKIRTS):
        upper = top + high * 0.93 * skirt / SKIRTS
        lower = top + high * 0.93 * (skirt + 1.55) / SKIRTS
        half = high * 0.2 * (skirt + 1.2) / SKIRTS
        corners = [(x, upper), (x + half, lower), (x, lower - high * 0.03), (x - half, lower)]
        pen.polygon(corners, fill=255)
    pen.rectangle((x - high * 0.012, top + high * 0.2, x + high * 0.012, top + high), fill=255)


def _houses(image: Image.Image, frame: Frame, strip: Strip) -> Iterator[tuple[int, int, int]]:
    """Yield each house's left side, roof and width, the same ones for its walls and windows."""
    x, random, unit = 0, frame.random(strip.top), min(frame[1:]) * FINE
    while x < image.width:
        wide = min(int(unit * random.uniform(0.07, 0.17)), image.width - x)
        high = frame.height * FINE * strip.high * random.uniform(0.35, 1.0)
        yield x, int(image.height - high), wide
        x += max(int(wide * random.uniform(0.95, 1.1)), 1)


def _walls(image: Image.Image, frame: Frame, strip: Strip) -> Image.Image:
    pen = ImageDraw.Draw(image)
    for number, (x, roof, wide) in enumerate(_houses(image, frame, strip)):
        pen.rectangle((x, roof, x + wide, image.height), fill=255)
        # Every third house has a mast, and every third a smaller storey on top.
        left, right, high = ((0.48, 0.51, 0.7), (0.2, 0.75, 0.25), (0, 1, 0))[number % 3]
        pen.rectangle((x + wide * left, roof - wide * high, x + wide * right, roof), fill=255)
    return image


def _windows(image: Image.Image, frame: Frame, strip: Strip) -> Image.Image:
    """Light a fifth of the windows, each with a soft halo; other colours light others."""
    pen, cell = ImageDraw.Draw(image), min(frame[1:]) * FINE * 0.018
    random = np.random.default_rng([frame.mood.seed, len(strip.colours[0])])
    for x, roof, wide in _houses(image, frame, strip):
        columns, rows = int(wide / cell) - 1, int((image.height - roof) / (cell * 1.5)) - 1
        lit = np.argwhere(random.random((max(rows, 0), max(columns, 0))) < 0.2)  # noqa: PLR2004
        inset = (wide - columns * cell) / 2
        for row, column in lit.tolist():
            left, upper = x + inset + column * cell, roof + cell * (0.9 + row * 1.5)
            pen.rectangle((left, upper, left + cell * 0.5, upper + cell * 0.8), fill=220)
    small = image.reduce(8).filter(ImageFilter.GaussianBlur(2.2))
    halo = small.resize(image.size, Image.Resampling.BILINEAR)
    return Image.fromarray(np.maximum(np.asarray(image), np.asarray(halo)))


STRIPS: Final = {
    Place.MOUNTAINS: (
        Strip(_range, 0.50, 0.16, 1, ("far", "horizon", 0.45), is_rough=True),
        Strip(_range, 0.59, 0.15, 1, ("far", "horizon", 0.12), is_rough=True),
        Strip(_haze, 0.60, 0, 0, ("horizon", "horizon", 0), bottom=0.84),
        Strip(_range, 0.69, 0.13, 2, ("far", "near", 0.5)),
        Strip(_range, 0.82, 0.12, 3, ("near", "near", 0)),
    ),
    Place.FOREST: (
        Strip(_range, 0.48, 0.14, 1, ("far", "horizon", 0.4), is_rough=True),
        Strip(_haze, 0.50, 0, 0, ("horizon", "horizon", 0), bottom=0.70),
        Strip(_trees, 0.58, 0.10, 1, ("far", "horizon", 0.05)),
        Strip(_haze, 0.62, 0, 0, ("horizon", "horizon", 0), bottom=0.82),
        Strip(_trees, 0.63, 0.17, 1, ("far", "near", 0.5)),
        Strip(_haze, 0.72, 0, 0, ("far", "horizon", 0.5), bottom=0.98),
        Strip(_trees, 0.66, 0.30, 2, ("near", "near", 0)),
    ),
    Place.CITY: (
        Strip(_walls, 0.40, 0.24, 1, ("far", "horizon", 0.35), STREET),
        Strip(_walls, 0.45, 0.28, 1, ("far", "near", 0.35), STREET),
        Strip(_windows, 0.45, 0.28, 1, ("light", "far", 0.35), STREET),
        Strip(_walls, 0.52, 0.26, 2, ("near", "far", 0.12), STREET),
        Strip(_windows, 0.52, 0.26, 2, ("light", "light", 0), STREET),
        Strip(_windows, 0.52, 0.26, 2, ("accent", "accent", 0), STREET),
    ),
}
