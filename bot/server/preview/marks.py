"""The frame's small print: that this is a preview, how long it is, and how far it has run."""

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.server.preview.canvas import Canvas, Mask, yuv
from bot.server.preview.layers import Frame

LABEL: Final = "P R E V I E W"
INK: Final = yuv("#ffffff")
# Parts of the frame's shorter side.
MARGIN: Final = 0.085
SIZE: Final = 0.025


class Marks:
    """A label in the corner and a hairline at the foot that grows with the film."""

    def __init__(self, frame: Frame) -> None:
        unit = min(frame.width, frame.height)
        self._margin = round(unit * MARGIN) // 2 * 2
        self._top = round(unit * 0.06) // 2 * 2
        size = max(round(unit * SIZE), 8)
        label, font = Image.new("L", (size * len(LABEL), size * 2)), ImageFont.load_default(size)
        ImageDraw.Draw(label).text((0, 0), LABEL, font=font, fill=209)
        self._label = Mask.of(label)
        self._line = frame.height - round(unit * 0.05) // 2 * 2
        run = (frame.width - 2 * self._margin, 2 * max(round(unit / 720), 1))
        self._track, self._bar = Mask.of(Image.new("L", run, 56)), Image.new("L", run, 190)

    def paint(self, canvas: Canvas, progress: float) -> None:
        """Paint the marks at the film's progress 0..1."""
        canvas.stencil(self._label, self._margin, self._top, INK)
        canvas.stencil(self._track, self._margin, self._line, INK)
        done = round(self._bar.width * progress) // 2 * 2
        bar = Mask.of(self._bar.crop((0, 0, max(done, 2), self._bar.height)))
        canvas.stencil(bar, self._margin, self._line, INK)
