"""What floats through the air: snow, rain, stars, and the dust of clear air."""

from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter

from bot.server.preview.canvas import Mask, yuv
from bot.server.preview.layers import Frame, Layer
from bot.server.preview.mood import Place, Weather


class Particles(NamedTuple):
    """One sheet of dots, or of strokes twice as long as their size."""

    number: int
    sizes: tuple[float, float]
    levels: tuple[int, int]
    """Opacities 0..255."""
    move: tuple[int, int] = (0, 0)
    is_rain: bool = False
    is_soft: bool = False
    is_dust: bool = False


# The farthest sheet first.
SHEETS: Final = {
    Weather.CLEAR: (),
    Weather.RAIN: (
        Particles(170, (14, 28), (26, 60), (-3, 25), is_rain=True),
        Particles(70, (27, 54), (36, 88), (-5, 42), is_rain=True),
    ),
    Weather.SNOW: (
        Particles(150, (1.0, 1.9), (90, 190), (0, 2)),
        Particles(60, (2.2, 3.6), (120, 220), (-1, 3)),
        Particles(16, (7, 15), (50, 110), (-2, 6), is_soft=True),
    ),
    Weather.STARS: (Particles(150, (0.5, 1.5), (60, 235)),),
    Weather.SPARKS: (
        Particles(14, (9, 26), (18, 52), (0, -1), is_soft=True),
        Particles(46, (1.0, 2.4), (90, 220), (1, -1), is_dust=True),
    ),
}


def weather(frame: Frame) -> list[Layer]:
    """Return the mood's weather; on a stage dust floats instead of stars."""
    kind = frame.mood.weather
    if kind is Weather.STARS and frame.mood.place is Place.STAGE:
        kind = Weather.SPARKS
    return [_sheet(frame, key, particles) for key, particles in enumerate(SHEETS[kind])]


def _sheet(frame: Frame, key: int, particles: Particles) -> Layer:
    image = Image.new("L", (frame.width, frame.height))
    pen, random, scale = ImageDraw.Draw(image), frame.random(key), frame.scale
    for _ in range(particles.number):
        size = max(random.uniform(*particles.sizes) * scale, 0.5)
        x, y = random.uniform(size, (frame.width - size, frame.height - size))
        level = int(random.integers(*particles.levels))
        if particles.is_rain:
            stroke = (x + size * 0.12, y - size, x - size * 0.12, y + size)
            pen.line(stroke, fill=level, width=max(round(scale), 1))
        else:
            pen.ellipse((x - size, y - size, x + size, y + size), fill=level)
    if particles.is_soft:
        image = image.filter(ImageFilter.GaussianBlur(1.6 * scale))
    palette = frame.mood.palette
    colour = palette.accent if particles.is_dust else palette.light
    move = (frame.scaled(particles.move[0]), frame.scaled(particles.move[1]))
    return Layer(mask=Mask.of(image), colour=yuv(colour), move=move)
