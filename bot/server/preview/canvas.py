"""One frame while it is painted: three planes of 4:2:0 video, BT.709, limited range."""

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
LUMA: Final = 219 / 255
U: Final = 224 / 255 / (2 - 2 * BLUE)
V: Final = 224 / 255 / (2 - 2 * RED)
LEVELS: Final = (
    *(RED * LUMA, GREEN * LUMA, BLUE * LUMA, 16.0),
    *(-RED * U, -GREEN * U, (1 - BLUE) * U, 128.0),
    *((1 - RED) * V, -GREEN * V, -BLUE * V, 128.0),
)
"""Rows of factors for red, green and blue, and what is added, for each plane."""


class Yuv(NamedTuple):
    """A colour at the encoder's levels, each part 16..240."""

    y: int
    u: int
    v: int


def yuv(colour: str) -> Yuv:
    """Return ``#rrggbb`` as video levels."""
    return Yuv(*Image.new("RGB", (1, 1), colour).convert("RGB", LEVELS).tobytes())


def blend(first: Yuv, second: Yuv, amount: float) -> Yuv:
    """Return the colour an amount 0..1 on the way between two."""
    pairs = zip(first, second, strict=True)
    return Yuv(*(round(one + (two - one) * amount) for one, two in pairs))


def split(picture: Image.Image) -> tuple[Image.Image, ...]:
    """Return an RGB picture's three planes at video levels, all of the picture's size."""
    return picture.convert("RGB", LEVELS).split()


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


class Canvas(NamedTuple):
    """A frame's planes; ``u`` and ``v`` have half of ``y``'s width and height."""

    y: Image.Image
    u: Image.Image
    v: Image.Image

    def stencil(self, mask: Mask, left: int, top: int, colour: Yuv) -> None:
        """Paint a colour through a mask; what lies outside the frame is cut."""
        for plane, level, stencil, step in zip(
            self, colour, (mask.full, mask.half, mask.half), (1, 2, 2), strict=True
        ):
            x, y = left // step, top // step
            plane.paste(level, (x, y, x + stencil.width, y + stencil.height), stencil)

    def pixels(self, grain: Pixels) -> Pixels:
        """Return the frame as one (height * 3 / 2, width) array, luma lifted by the grain."""
        high, wide = grain.shape
        pixels = np.empty((high * 3 // 2, wide), np.uint8)
        np.add(np.asarray(self.y), grain, out=pixels[:high])
        pixels[high:] = np.concatenate([np.asarray(self.u), np.asarray(self.v)]).reshape(-1, wide)
        return pixels
