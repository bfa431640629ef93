"""The prompt's words set as a title that arrives word by word."""

import unicodedata
from functools import cache
from itertools import islice
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

from bot.server.preview.canvas import Canvas, Mask, Yuv, yuv
from bot.server.preview.layers import Frame
from bot.server.preview.mood import names_mood

# Sizes to try, as parts of the frame's shorter side, until the words fit.
TITLE_SIZES: Final = (0.150, 0.128, 0.108, 0.092, 0.078, 0.066, 0.056, 0.048)
CAPTION_SIZES: Final = (0.062, 0.054, 0.046)
# The size at which words are measured.
MEASURE: Final = 100
# A glyph the font lacks is drawn like that of a code point no font has; size of the test print.
PROBE: Final = 24
NO_SIGN: Final = "\uffff"
LEADING: Final = 1.16
MARGIN: Final = 0.085
# Frames from one word to the next, at most, and the frames a word takes to arrive.
STAGGER: Final = 5
ARRIVAL: Final = 14
# All words stand by this part of the film, so the last frames show the whole title.
STANDING: Final = 0.45
# More, or longer ones, never fit at the smallest size.
MOST_WORDS: Final = 120
LONGEST_WORD: Final = 40
ELLIPSIS: Final = "\u2026"
SHADE: Final = "#05060c"
WHITE: Final = "#ffffff"

Font = ImageFont.FreeTypeFont


class Word(NamedTuple):
    """A word's stencil on the frame and the frame at which it begins to arrive."""

    mask: Mask
    left: int
    top: int
    colour: Yuv
    start: int


class Lettering:
    """A prompt's words: a title in the upper half of the frame, or a caption at its foot."""

    def __init__(self, prompt: str, frame: Frame, frames: int, *, is_caption: bool) -> None:
        unit = min(frame.width, frame.height)
        left = round(unit * MARGIN)
        wide = min(frame.width - 2 * left, round(frame.height * 1.05))
        tall = round(frame.height * (0.22 if is_caption else 0.40))
        sizes = CAPTION_SIZES if is_caption else TITLE_SIZES
        size, lines = _fit(readable(prompt), wide, tall, [max(round(unit * at), 8) for at in sizes])
        foot = frame.height - left - round(len(lines) * size * LEADING)
        top = foot if is_caption else round(frame.height * 0.105)
        words = _words(lines, size, (left, top), frames, frame.mood.palette.accent)
        # All shadows lie below all words.
        self._words = [*(_shadow(word, size) for word in words), *words]
        self._rise = round(size * 0.4)

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the words that have come by a frame."""
        for word in self._words:
            if frame > word.start:
                away = max(1 - (frame - word.start) / ARRIVAL, 0.0) ** 3
                mask = word.mask.faded(1 - away) if away else word.mask
                canvas.stencil(mask, word.left, word.top + round(self._rise * away), word.colour)


def readable(prompt: str) -> list[str]:
    """Return the prompt's words the font can set, without control characters.

    Accents the font lacks are left off; a word in another script is left out.
    """
    cleaned = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in prompt)
    words = map(_spelling, unicodedata.normalize("NFC", cleaned).split())
    return list(islice(filter(None, words), MOST_WORDS))


def _spelling(word: str) -> str:
    """Return a word as the font can set it, empty where it cannot."""
    parts = unicodedata.normalize("NFKD", word)
    plain = "".join(sign for sign in parts if not unicodedata.category(sign).startswith("M"))
    spelling = next((way for way in (word, plain) if all(map(_has, way))), "")
    too_long = len(spelling) > LONGEST_WORD
    return spelling[:LONGEST_WORD] + ELLIPSIS if too_long else spelling


@cache
def _has(sign: str) -> bool:
    return _drawn(sign) != _drawn(NO_SIGN)


def _drawn(sign: str) -> bytes:
    image = Image.new("L", (2 * PROBE, 2 * PROBE))
    ImageDraw.Draw(image).text((PROBE // 2, 0), sign, font=_font(PROBE), fill=255)
    return image.tobytes()


@cache
def _font(size: int) -> Font:
    font = ImageFont.load_default(size)
    if isinstance(font, ImageFont.FreeTypeFont):
        return font
    raise ImportError("Pillow was built without FreeType, so no text can be drawn.")


def _fit(words: list[str], wide: int, tall: int, sizes: list[int]) -> tuple[int, list[str]]:
    """Return the largest size at which the words fit, and their lines; else what fits of them."""
    ruler = _font(MEASURE)
    size, most, measure, lines = 0, 0, 0.0, words
    for size in sizes:
        measure, most = wide * MEASURE / size, max(int(tall / (size * LEADING)), 1)
        lines = _wrap(words, measure)
        if len(lines) <= most and all(ruler.getlength(line) <= measure for line in lines):
            return size, lines
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += ELLIPSIS
    return size, [_clip(line, measure) for line in kept]


def _wrap(words: list[str], wide: float) -> list[str]:
    lines: list[str] = []
    for word in words:
        if lines and _font(MEASURE).getlength(f"{lines[-1]} {word}") <= wide:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _clip(line: str, wide: float) -> str:
    while _font(MEASURE).getlength(line) > wide:
        line = line[:-2] + ELLIPSIS
    return line


def _words(
    lines: list[str], size: int, origin: tuple[int, int], frames: int, accent: str
) -> list[Word]:
    font, words = _font(size), list[Word]()
    count = sum(len(line.split()) for line in lines)
    pace = min(STAGGER, max(frames * STANDING - ARRIVAL, 0) / max(count, 1))
    for number, line in enumerate(lines):
        x, y = float(origin[0]), origin[1] + round(number * size * LEADING)
        for text in line.split():
            left, _, right, _ = (round(edge) for edge in font.getbbox(text))
            # Every stencil is as high as the font, so the words of a line share their baseline.
            image = Image.new("L", (right - left + 4, sum(font.getmetrics()) + 2))
            ImageDraw.Draw(image).text((1 - left, 0), text, font=font, fill=255)
            colour = yuv(accent if names_mood(text) else WHITE)
            # An even corner keeps the chroma stencil exactly under the luma one.
            corner = ((round(x) + left) // 2 * 2, y // 2 * 2)
            words.append(Word(Mask.of(image), *corner, colour, 3 + round(len(words) * pace)))
            x += font.getlength(text + " ")
    return words


def _shadow(word: Word, size: int) -> Word:
    """Return a word's soft shadow."""
    reach = max(round(size * 0.2) * 2, 4)
    wide = ImageOps.expand(word.mask.full, reach)
    soft = wide.filter(ImageFilter.GaussianBlur(max(size * 0.16, 4)))
    soft = soft.point([min(round(level * 0.62), 150) for level in range(256)])
    return Word(Mask.of(soft), word.left - reach, word.top - reach, yuv(SHADE), word.start)
