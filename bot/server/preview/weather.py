"""What floats through the air: snow, rain, stars, and the dust of clear air."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, TypedDict, cast

from PIL import Image, ImageDraw, ImageFilter

from bot.server.preview.canvas import Mask, yuv
from bot.server.preview.layers import Frame, Layer
from bot.server.preview.mood import Place, Weather
from bot.server.preview.words import read

SHEETS: Final = Path(__file__).with_name("sheets.toml")


class Particles(TypedDict):
    """One sheet of dots, or of strokes twice as long as their size; sizes are `DESIGN_SIDE`'s."""

    number: int
    sizes: tuple[float, float]
    levels: tuple[int, int]
    """Opacities 0..255."""
    move: tuple[int, int]
    """Pixels to the right and down in a frame."""
    kind: str
    """``dot``, ``soft`` (a blurred one), ``dust`` (in the accent's colour) or ``rain``."""


def weather(frame: Frame) -> list[Layer]:
    """Return the mood's weather; on a stage dust floats instead of stars."""
    kind = frame.mood.weather
    if kind is Weather.STARS and frame.mood.place is Place.STAGE:
        kind = Weather.SPARKS
    sheets = cast("Mapping[str, list[Particles]]", read(SHEETS)).get(kind, [])
    return [_sheet(frame, key, particles) for key, particles in enumerate(sheets)]


def _sheet(frame: Frame, key: int, particles: Particles) -> Layer:
    image = Image.new("L", (frame.width, frame.height))
    pen, random, scale = ImageDraw.Draw(image), frame.random(key), frame.scale
    for _ in range(particles["number"]):
        size = max(random.uniform(*particles["sizes"]) * scale, 0.5)
        x, y = random.uniform(size, (frame.width - size, frame.height - size))
        level = int(random.integers(*particles["levels"]))
        if particles["kind"] == "rain":
            stroke = (x + size * 0.12, y - size, x - size * 0.12, y + size)
            pen.line(stroke, fill=level, width=max(round(scale), 1))
        else:
            pen.ellipse((x - size, y - size, x + size, y + size), fill=level)
    if particles["kind"] == "soft":
        image = image.filter(ImageFilter.GaussianBlur(1.6 * scale))
    palette = frame.mood.palette
    colour = palette.accent if particles["kind"] == "dust" else palette.light
    right, down = map(frame.scaled, particles["move"])
    return Layer(mask=Mask.of(image), colour=yuv(colour), move=(right, down))
