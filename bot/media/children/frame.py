"""A reference image cut and scaled to the exact frame of a film.

Servers refuse an image of another size ("Inpaint image must match the requested width and
height").
"""

import io
import struct
import sys
import warnings
import zlib
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.media.children import main
from bot.media.children.main import Unreadable
from bot.media.header import MOST_PIXELS, is_too_large

FORMATS: Final = ("PNG", "JPEG", "WEBP")
EXACT: Final = b"="
FITTED: Final = b"~"
_DAMAGED: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What Pillow raises for a damaged field, whichever it is."""


class TooLarge(Unreadable):
    """The image has more pixels than are opened."""


def fit(data: bytes, width: int, height: int) -> tuple[bytes, bool]:
    """Return a PNG of exactly `width` x `height` pixels, and whether anything was cut or scaled.

    The image covers the frame, centred. Raises Unreadable.
    """
    try:
        flat = upright(data)
        fitted = flat.size != (width, height)
        if fitted:
            flat = ImageOps.fit(flat, (width, height), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        flat.save(out, "PNG", compress_level=3)
    except MemoryError as error:
        raise Unreadable("it takes too much memory to open") from error
    return out.getvalue(), fitted


def upright(data: bytes) -> Image.Image:
    """Open a PNG, JPEG or WebP as RGB, turned as EXIF says, transparent parts on white.

    Raises TooLarge, Unreadable where the bytes are no such image, or damaged, and MemoryError.
    """
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    try:
        # Some formats allocate memory for every pixel before Pillow has seen their size.
        if is_too_large(data):
            raise Image.DecompressionBombError  # noqa: TRY301 - as Pillow itself raises it
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _flatten(ImageOps.exif_transpose(Image.open(io.BytesIO(data), formats=FORMATS)))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise TooLarge("it has more than 16 megapixels") from error
    except UnidentifiedImageError as error:
        raise Unreadable("it is not a PNG, JPEG or WebP image") from error
    except _DAMAGED as error:
        raise Unreadable("the file is damaged") from error


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits a pixel: converting would clip all but the darkest to white.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, "white")
    return Image.alpha_composite(ground, layer).convert("RGB")


def _marked(data: bytes, width: int, height: int) -> bytes:
    png, fitted = fit(data, width, height)
    return (FITTED if fitted else EXACT) + png


if __name__ == "__main__":
    # `python frame.py WIDTH HEIGHT` reads an image, and writes a mark and a PNG.
    main.run(
        lambda: _marked(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2])), niceness=0
    )
