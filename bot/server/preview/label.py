"""The label that tells viewers that no model made the video."""

from typing import Final

from PIL import Image, ImageDraw, ImageFont

from bot.server.preview.canvas import Canvas, Mask, yuv
from bot.server.preview.layers import Frame

LABEL: Final = "Preview only: no AI model is connected"
INK: Final = yuv("#ffffff")
# Parts of the frame's shorter side.
MARGIN: Final = 0.085
TOP: Final = 0.055
SIZE: Final = 0.027


class Label:
    """The sentence in the upper corner."""

    def __init__(self, frame: Frame) -> None:
        unit = min(frame.width, frame.height)
        size = max(round(unit * SIZE), 8)
        font = ImageFont.load_default(size)
        image = Image.new("L", (round(font.getlength(LABEL)) + 2, size * 2))
        ImageDraw.Draw(image).text((0, 0), LABEL, font=font, fill=209)
        self._mask = Mask.of(image)
        self._corner = (round(unit * MARGIN) // 2 * 2, round(unit * TOP) // 2 * 2)

    def paint(self, canvas: Canvas) -> None:
        """Paint the label on a frame."""
        canvas.stencil(self._mask, *self._corner, INK)
