"""The font that a prompt's words are set in: Pillow's own, or one of the system's that has more."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

from bot.server.renderer import FONT_FOLDERS

Font = ImageFont.FreeTypeFont
PILLOWS: Final = ""
"""In place of a path."""
MOST_FONTS: Final = 200
# Fonts that are neither upright nor regular are tried last.
STYLED: Final = re.compile("Bold|Black|Italic|Oblique|Light|Thin|Condensed|Mono|Serif")
# A glyph the font lacks is drawn like that of a code point no font has; size of the test print.
PROBE: Final = 24
NO_SIGN: Final = "\uffff"
# Scripts whose signs change with their neighbours, or run to the left; without Raqm they come out
# wrong: Hebrew to Arabic, the scripts of India, Tibetan and Burmese, Khmer.
SHAPED: Final = re.compile(r"[\u0590-\u0dff\u0f00-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefe]")


def fonts() -> Iterator[str]:
    """Yield Pillow's own font, then the system's, whose folders are read only then."""
    yield PILLOWS
    yield from system_fonts()


@cache
def system_fonts() -> tuple[str, ...]:
    """Return the paths of the system's fonts, the upright and regular ones first."""
    files = [path for folder in FONT_FOLDERS for path in folder.rglob("*.[ot]t[fc]")]
    files.sort(
        key=lambda path: (bool(STYLED.search(path.stem)), "Sans" not in path.stem, path.stem)
    )
    return tuple(map(str, files[:MOST_FONTS]))


def best_font(words: Sequence[str]) -> str:
    """Return the first font that has all signs of the words; else one that has most words."""
    for name in fonts():
        if all(sets(name, word) for word in words):
            return name
    return max(fonts(), key=lambda name: sum(sets(name, word) for word in words))


def sets(name: str, word: str) -> bool:
    """Whether a font has a word's signs, and Pillow can set them side by side."""
    can_shape = not SHAPED.search(word) or bool(features.check("fribidi"))
    return can_shape and all(_has(name, sign) for sign in word.strip())


def spelling(name: str, word: str) -> str:
    """Return a word as a font can set it: accents it lacks are left off; empty where it cannot."""
    parts = unicodedata.normalize("NFKD", word)
    plain = "".join(sign for sign in parts if not unicodedata.category(sign).startswith("M"))
    return next((way for way in (word, plain) if sets(name, way)), "")


@cache
def font(name: str, size: int) -> Font:
    """Return a font in a size. Raises OSError where it has none, as fonts of pictures."""
    found = ImageFont.truetype(name, size) if name else ImageFont.load_default(size)
    if isinstance(found, ImageFont.FreeTypeFont):
        return found
    raise ImportError("Pillow was built without FreeType, so no text can be drawn.")


@cache
def _has(name: str, sign: str) -> bool:
    try:
        return _drawn(name, sign) != _missing(name)
    except OSError:
        return False


@cache
def _missing(name: str) -> bytes:
    return _drawn(name, NO_SIGN)


def _drawn(name: str, sign: str) -> bytes:
    image = Image.new("L", (2 * PROBE, 2 * PROBE))
    ImageDraw.Draw(image).text((PROBE // 2, 0), sign, font=font(name, PROBE), fill=255)
    return image.tobytes()
