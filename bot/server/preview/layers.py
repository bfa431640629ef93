"""Stencils that move across the frame and reenter it at the opposite edge."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from bot.server.preview.canvas import Canvas, Mask, Yuv
from bot.server.preview.mood import Mood

# Sizes and moves of layers are in pixels of a frame with this shorter side.
DESIGN_SIDE: Final = 720


class Frame(NamedTuple):
    """What a scene is drawn for: a mood, and a size in pixels."""

    mood: Mood
    width: int
    height: int

    @property
    def scale(self) -> float:
        """Pixels of this frame in one of the design size."""
        return min(self.width, self.height) / DESIGN_SIDE

    def random(self, key: float) -> np.random.Generator:
        """Return random numbers for a part of the scene; equal keys give equal numbers."""
        return np.random.default_rng([self.mood.seed, round(key * 100)])

    def scaled(self, pixels: int) -> int:
        """Return pixels of the design size in pixels of this frame; only 0 gives 0."""
        return round(pixels * self.scale) or int(np.sign(pixels))


@dataclass(frozen=True)
class Layer:
    """A stencil of the frame's width that wraps around; it moves by whole pixels a frame."""

    mask: Mask
    colour: Yuv
    top: int = 0
    move: tuple[int, int] = (0, 0)

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the stencil where it is at a frame number."""
        width, height = canvas.y.size
        x, y = self.move[0] * frame % width, self.move[1] * frame % height
        for left in {x, x - width} if x else {0}:
            for top in {y, y - height} if y else {0}:
                canvas.stencil(self.mask, left, self.top + top, self.colour)
