"""The frame's small print: that this is a preview, how long it is, and how far it has run."""

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.server.preview.canvas import Canvas, Mask, yuv

INK: Final = yuv("#ffffff")
# Parts of the frame's shorter side.
MARGIN: Final = 0.085
SIZE: Final = 0.025
TRACKING: Final = 0.32


class Marks:
    """A label in the corner and a hairline at the foot that grows with the film."""

    def __init__(self, label: str, width: int, height: int) -> None:
        unit = min(width, height)
        self._margin = round(unit * MARGIN) // 2 * 2
        self._top = round(unit * 0.06) // 2 * 2
        self._label = Mask.of(_spaced(label, max(round(unit * SIZE), 8))).faded(0.82)
        self._run = width - 2 * self._margin
        self._line = height - round(unit * 0.05) // 2 * 2
        thick = 2 * max(round(unit / 720), 1)
        self._track = Mask.of(Image.new("L", (self._run, thick), 56))
        self._bar = Image.new("L", (self._run, thick), 190)

    def paint(self, canvas: Canvas, progress: float) -> None:
        """Paint the marks at the film's progress 0..1."""
        canvas.stencil(self._label, self._margin, self._top, INK)
        canvas.stencil(self._track, self._margin, self._line, INK)
        done = round(self._run * progress) // 2 * 2
        if done:
            bar = Mask.of(self._bar.crop((0, 0, done, self._bar.height)))
            canvas.stencil(bar, self._margin, self._line, INK)


def _spaced(label: str, size: int) -> Image.Image:
    font = ImageFont.load_default(size)
    gap = size * TRACKING
    wide = sum(font.getlength(sign) + gap for sign in label)
    image = Image.new("L", (round(wide) + 2, round(size * 1.5)))
    pen = ImageDraw.Draw(image)
    x = 0.0
    for sign in label:
        pen.text((x, 0), sign, font=font, fill=255)
        x += font.getlength(sign) + gap
    return image
