"""A reference picture under a slow camera."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from bot.media.children.frame import TooLarge, upright
from bot.server.preview.canvas import Canvas, Mask, split, yuv

# How much closer the camera is at the end, and how far aside it has gone, in parts of the frame.
ZOOM: Final = 0.12
PAN: Final = 0.025
SHADE: Final = yuv("#05060c")


class Photograph:
    """A picture cut to the frame's shape at its centre, with the camera moving slowly in."""

    def __init__(self, path: Path, width: int, height: int, frames: int, seed: int) -> None:
        """Load a picture; one that cannot be read raises ``ValueError``."""
        self._width = width
        self._height = height
        self._frames = frames
        self._side = 1 if seed % 2 else -1
        picture = _load(path)
        size = (round(width * (1 + ZOOM)) // 2 * 2, round(height * (1 + ZOOM)) // 2 * 2)
        self._size = size
        y, u, v = split(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))
        self._planes = (y, u.reduce(2), v.reduce(2))
        self._shade = Mask.of(_scrim(width, height))

    def paint(self, frame: int) -> Canvas:
        """Return the picture at a frame number."""
        share = frame / self._frames
        eased = share * share * (3 - 2 * share)
        scale = (1 + ZOOM) / (1 + ZOOM * eased)
        wide, high = self._width * scale, self._height * scale
        # Rounding must not push the camera past the picture's edge.
        wide, high = min(wide, self._size[0]), min(high, self._size[1])
        spare_x, spare_y = self._size[0] - wide, self._size[1] - high
        left = spare_x / 2 + self._side * min(PAN * self._width * eased, spare_x / 2)
        box = (left, spare_y / 2, left + wide, spare_y / 2 + high)
        half = (box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2)
        y, u, v = self._planes
        smooth = Image.Resampling.BICUBIC
        frame_size, half_size = (self._width, self._height), (self._width // 2, self._height // 2)
        canvas = Canvas(
            y.resize(frame_size, smooth, box),
            u.resize(half_size, Image.Resampling.BILINEAR, half),
            v.resize(half_size, Image.Resampling.BILINEAR, half),
        )
        canvas.stencil(self._shade, 0, self._height - self._shade.full.height, SHADE)
        return canvas


def _load(path: Path) -> Image.Image:
    """Return the picture upright and without transparency."""
    try:
        return upright(path.read_bytes())
    except TooLarge as error:
        raise ValueError("The reference picture has more than 16 megapixels.") from error
    except (OSError, ValueError, MemoryError) as error:
        raise ValueError("The reference picture cannot be read.") from error


def _scrim(width: int, height: int) -> Image.Image:
    """Return the darkening at the foot that keeps a caption legible on any picture."""
    high = round(height * 0.34) // 2 * 2
    ramp = Image.linear_gradient("L").resize((width, high))
    return ramp.point([round(level * level / 255 * 0.62) for level in range(256)])
