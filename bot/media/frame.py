"""A reference image brought to the exact frame of a film: a plain function for its own process.

Servers refuse an image of another size ("Inpaint image must match the requested width and
height"). Decoding what strangers upload happens in a process with limits, never in the bot's.
"""

import io
import sys
import warnings
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.media.header import MOST_PIXELS, is_too_large

FORMATS: Final = ("PNG", "JPEG", "WEBP")
EXACT: Final = b"="
FITTED: Final = b"~"


class TooLarge(ValueError):
    """It has more pixels than are opened."""


def fit(data: bytes, width: int, height: int) -> tuple[bytes, bool]:
    """Return a PNG of exactly `width` x `height` pixels, and whether anything was cut or scaled.

    Cover, centred. Raises ValueError as `upright` does, and where memory does not suffice.
    """
    try:
        flat = upright(data)
        fitted = flat.size != (width, height)
        if fitted:
            flat = ImageOps.fit(flat, (width, height), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        flat.save(out, "PNG", compress_level=3)
    except MemoryError as error:
        raise ValueError("it takes too much memory to open") from error
    return out.getvalue(), fitted


def upright(data: bytes) -> Image.Image:
    """Open a PNG, JPEG or WebP in plain colours; EXIF orientation is kept, and white lies behind.

    Raises TooLarge, ValueError with a sentence where the bytes are no such image, or damaged, and
    MemoryError.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        # Some formats take memory for every pixel before Pillow has seen their size.
        if is_too_large(data):
            raise Image.DecompressionBombError  # noqa: TRY301 - as Pillow itself says it
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _flatten(ImageOps.exif_transpose(Image.open(io.BytesIO(data), formats=FORMATS)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge("it has more than 16 megapixels") from error
    except UnidentifiedImageError as error:
        raise ValueError("it is not a PNG, JPEG or WebP image") from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow raises whatever a damaged field leads to
        raise ValueError("the file is damaged") from error


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits a pixel: converting would clip all but the darkest to white.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def main() -> int:
    """`python frame.py WIDTH HEIGHT`: image on stdin, mark and PNG on stdout."""
    try:
        png, fitted = fit(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2]))
    except ValueError as error:
        sys.exit(str(error))
    sys.stdout.buffer.write((FITTED if fitted else EXACT) + png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
