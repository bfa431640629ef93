"""The land before the sky: ranges, haze, trees and houses, as a table of strips for each place."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Required, TypedDict, cast

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from bot.server.preview.canvas import Field, Mask, as_image, blend, yuv
from bot.server.preview.layers import Frame, Layer
from bot.server.preview.words import read

# Strips are drawn this much larger and then shrunk, which smooths their edges.
FINE: Final = 2
SKIRTS: Final = 7
STRIPS: Final = Path(__file__).with_name("land.toml")


class Strip(TypedDict, total=False):
    """One strip of land; heights are parts 0..1 of the frame's height."""

    draw: Required[str]
    """A key of `DRAWN`."""
    top: Required[float]
    bottom: Required[float]
    high: Required[float]
    """How tall its trees and houses are, or how much lower its valleys lie than its peaks."""
    speed: Required[int]
    """Pixels to the left in a frame of `DESIGN_SIDE`."""
    colours: Required[tuple[str, str]]
    """Two of the palette by name."""
    mix: Required[float]
    """How far from the first to the second, 0..1."""
    is_rough: bool
    """Whether a range has peaks instead of domes."""


def land(frame: Frame) -> list[Layer]:
    """Return the strips of the mood's place, the farthest first."""
    strips = cast("Mapping[str, list[Strip]]", read(STRIPS)).get(frame.mood.place, [])
    return [_layer(frame, strip) for strip in strips]


def _layer(frame: Frame, strip: Strip) -> Layer:
    top, bottom = (int(frame.height * at) // 2 * 2 for at in (strip["top"], strip["bottom"]))
    image = Image.new("L", (frame.width * FINE, (bottom - top) * FINE))
    drawn = DRAWN[strip["draw"]](image, frame, strip).reduce(FINE)
    first, second = (yuv(frame.mood.palette._asdict()[name]) for name in strip["colours"])
    move = (-frame.scaled(strip["speed"]), 0)
    return Layer(Mask.of(drawn), blend(first, second, strip["mix"]), top, move)


def _ridge(frame: Frame, strip: Strip) -> Field:
    """Return a line 0..1 whose ends meet: waves of falling size, pointed where it is rough."""
    random, total = frame.random(strip["top"]), np.zeros(frame.width * FINE)
    x = np.linspace(0, 2 * np.pi, len(total), endpoint=False)
    for octave in range(6):
        turns = max(round(0.5 * 1.93**octave * frame.width / min(frame[1:])), 1)
        wave = np.sin(x * turns / (2 if strip.get("is_rough") else 1) + random.random() * 7)
        total += (
            (1 - 2 * np.abs(wave)) * 0.5**octave if strip.get("is_rough") else wave * 0.4**octave
        )
    total -= total.min()
    return total / total.max()


def _fill(image: Image.Image, line: Field) -> None:
    """Fill an image below a line of heights, from its upper edge in its pixels."""
    ground = [(0, image.height), *enumerate(line.tolist()), (image.width, image.height)]
    ImageDraw.Draw(image).polygon(ground, fill=255)


def _range(image: Image.Image, frame: Frame, strip: Strip) -> Image.Image:
    _fill(image, (1 - _ridge(frame, strip)) * strip["high"] * frame.height * FINE)
    return image


def _haze(image: Image.Image, _frame: Frame, _strip: Strip) -> Image.Image:
    strength = np.sin(np.linspace(0, np.pi, image.height))[:, None] * 120
    return as_image(np.repeat(strength, image.width, axis=1))


def _trees(image: Image.Image, frame: Frame, strip: Strip) -> Image.Image:
    full, random = strip["high"] * frame.height * FINE, frame.random(strip["top"])
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
    x, random, unit = 0, frame.random(strip["top"]), min(frame[1:]) * FINE
    while x < image.width:
        wide = min(int(unit * random.uniform(0.07, 0.17)), image.width - x)
        high = frame.height * FINE * strip["high"] * random.uniform(0.35, 1.0)
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
    random = np.random.default_rng([frame.mood.seed, len(strip["colours"][0])])
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


DRAWN: Final = {
    "range": _range, "haze": _haze, "trees": _trees, "walls": _walls, "windows": _windows,
}  # fmt: skip
