"""One frame while it is being painted: three planes of 4:2:0 video, BT.709, limited range."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.floating]
Pixels = NDArray[np.uint8]

# BT.709 luma weights; chroma is scaled to 224 of the 255 steps, luma to 219 above 16.
RED: Final = 0.2126
GREEN: Final = 0.7152
BLUE: Final = 0.0722


class Yuv(NamedTuple):
    """A colour as the encoder takes it, each part 16..240."""

    y: int
    u: int
    v: int


def yuv(colour: str) -> Yuv:
    """Return ``#rrggbb`` as video levels."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    luma = RED * red + GREEN * green + BLUE * blue
    return Yuv(
        round(16 + luma * 219 / 255),
        round(128 + (blue - luma) / (2 - 2 * BLUE) * 224 / 255),
        round(128 + (red - luma) / (2 - 2 * RED) * 224 / 255),
    )


def split(picture: Image.Image) -> tuple[Image.Image, Image.Image, Image.Image]:
    """Return an RGB picture's three planes at video levels, all of the picture's size."""
    pixels = np.asarray(picture, dtype=np.float32)
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    luma = RED * red + GREEN * green + BLUE * blue
    return (
        as_image(16 + luma * (219 / 255)),
        as_image(128 + (blue - luma) * (224 / 255 / (2 - 2 * BLUE))),
        as_image(128 + (red - luma) * (224 / 255 / (2 - 2 * RED))),
    )


def as_image(field: Field) -> Image.Image:
    """Return a (height, width) field of levels as an 8-bit picture, rounded and clipped."""
    return Image.fromarray(np.clip(field + np.float32(0.5), 0, 255).astype(np.uint8))


class Mask(NamedTuple):
    """A stencil for the luma plane and its half for the two chroma planes."""

    full: Image.Image
    half: Image.Image

    @classmethod
    def of(cls, full: Image.Image) -> "Mask":
        """Return the pair for an 8-bit stencil."""
        return cls(full, full.reduce(2))

    def faded(self, opacity: float) -> "Mask":
        """Return the stencil at an opacity 0..1."""
        ramp = [round(level * opacity) for level in range(256)]
        return Mask(self.full.point(ramp), self.half.point(ramp))


class Canvas:
    """A frame's planes; ``u`` and ``v`` have half of ``y``'s width and height."""

    def __init__(self, y: Image.Image, u: Image.Image, v: Image.Image) -> None:
        self.y = y
        self.u = u
        self.v = v

    @property
    def width(self) -> int:
        """Width of the frame in pixels."""
        return self.y.width

    @property
    def height(self) -> int:
        """Height of the frame in pixels."""
        return self.y.height

    def stencil(self, mask: Mask, left: int, top: int, colour: Yuv) -> None:
        """Paint a colour through a mask; what lies outside the frame is cut."""
        full, half = mask
        box = (left, top, left + full.width, top + full.height)
        self.y.paste(colour.y, box, full)
        x, y = left // 2, top // 2
        box = (x, y, x + half.width, y + half.height)
        self.u.paste(colour.u, box, half)
        self.v.paste(colour.v, box, half)

    def pixels(self, grain: Pixels) -> Pixels:
        """Return the frame as one (height * 3 / 2, width) array, luma lifted by the grain."""
        height, width = self.height, self.width
        out = np.empty((height * 3 // 2, width), np.uint8)
        np.add(np.asarray(self.y), grain, out=out[:height])
        chroma = out[height:].reshape(2, height // 2, width // 2)
        chroma[0] = np.asarray(self.u)
        chroma[1] = np.asarray(self.v)
        return out
