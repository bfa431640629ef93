"""A reference picture under a slow camera."""

from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from bot.media.children.frame import TooLarge, upright
from bot.server.preview.canvas import Canvas, Mask, split, yuv
from bot.server.preview.layers import Frame

# How much closer the camera is at the end, and how far aside it has gone, in parts of the frame.
ZOOM: Final = 0.12
PAN: Final = 0.025
SHADE: Final = yuv("#05060c")


class Photograph:
    """A picture cut to the frame's shape at its centre, with the camera moving slowly in."""

    def __init__(self, path: Path, frame: Frame, frames: int) -> None:
        """Load a picture; one that cannot be read raises ``ValueError``."""
        self._frame = frame
        self._frames = frames
        wide, high = (round(side * (1 + ZOOM)) // 2 * 2 for side in frame[1:])
        self._size = (wide, high)
        y, u, v = split(ImageOps.fit(_load(path), self._size, Image.Resampling.LANCZOS))
        self._planes = (y, u.reduce(2), v.reduce(2))
        self._shade = Mask.of(_scrim(frame.width, frame.height))

    def paint(self, frame: int) -> Canvas:
        """Return the picture at a frame number."""
        _, width, height = self._frame
        share = frame / self._frames
        eased = share * share * (3 - 2 * share)
        scale = (1 + ZOOM) / (1 + ZOOM * eased)
        # Rounding must not push the camera past the picture's edge.
        wide, high = min(width * scale, self._size[0]), min(height * scale, self._size[1])
        spare_x, upper = (self._size[0] - wide) / 2, (self._size[1] - high) / 2
        side = 1 if self._frame.mood.seed % 2 else -1
        left = spare_x + side * min(PAN * width * eased, spare_x)
        planes = (
            plane.resize(
                (width // step, height // step),
                Image.Resampling.BICUBIC,
                (left / step, upper / step, (left + wide) / step, (upper + high) / step),
            )
            for plane, step in zip(self._planes, (1, 2, 2), strict=True)
        )
        canvas = Canvas(*planes)
        canvas.stencil(self._shade, 0, height - self._shade.full.height, SHADE)
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
