"""The prompt's words set as a title that arrives word by word."""

import unicodedata
from dataclasses import dataclass
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from bot.server.preview.canvas import Canvas, Mask, Yuv, yuv
from bot.server.preview.mood import Mood, names_mood

# Sizes to try, as parts of the frame's shorter side, until the words fit.
TITLE_SIZES: Final = (0.150, 0.128, 0.108, 0.092, 0.078, 0.066, 0.056, 0.048)
CAPTION_SIZES: Final = (0.062, 0.054, 0.046)
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
# More than this never fits at the smallest size; it bounds the work for endless prompts.
MOST_WORDS: Final = 120
ELLIPSIS: Final = "\u2026"
SHADE: Final = "#05060c"
WHITE: Final = "#ffffff"

Font = ImageFont.FreeTypeFont


class Box(NamedTuple):
    """Where the words may stand, in pixels."""

    left: int
    top: int
    width: int
    height: int


class Placed(NamedTuple):
    """A word and where it stands in its block."""

    text: str
    x: float
    y: float


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word's stencil on the frame and the frame at which it begins to arrive."""

    mask: Mask
    left: int
    top: int
    colour: Yuv
    start: int


class Lettering:
    """Words in the order they are painted, all shadows before the first word."""

    def __init__(self, words: list[Word], rise: int) -> None:
        self._words = words
        self._rise = rise

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the words that have come by a frame."""
        for word in self._words:
            self._place(canvas, word, frame, self._rise)

    @staticmethod
    def _place(canvas: Canvas, word: Word, frame: int, rise: int) -> None:
        share = min(max((frame - word.start) / ARRIVAL, 0.0), 1.0)
        if share == 0:
            return
        eased = 1 - (1 - share) ** 3
        mask = word.mask if share == 1 else word.mask.faded(eased)
        canvas.stencil(mask, word.left, word.top + round(rise * (1 - eased)), word.colour)


def title(prompt: str, mood: Mood, width: int, height: int, frames: int) -> Lettering:
    """Return the prompt as a title in the upper half of the frame."""
    margin = round(min(width, height) * MARGIN)
    wide = min(width - 2 * margin, round(height * 1.05))
    box = Box(margin, round(height * 0.105), wide, round(height * 0.40))
    return _set(prompt, mood, box, TITLE_SIZES, frames, unit=min(width, height))


def caption(prompt: str, mood: Mood, width: int, height: int, frames: int) -> Lettering:
    """Return the prompt as a caption at the foot of the frame."""
    unit = min(width, height)
    margin = round(unit * MARGIN)
    tall = round(height * 0.22)
    wide = min(width - 2 * margin, round(height * 1.05))
    box = Box(margin, height - margin - tall, wide, tall)
    return _set(prompt, mood, box, CAPTION_SIZES, frames, unit=unit, foot=True)


def readable(prompt: str) -> list[str]:
    """Return the prompt's words the font can set, without control characters.

    Accents the font lacks are left off; a word in another script is left out.
    """
    cleaned = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in prompt)
    words = unicodedata.normalize("NFC", cleaned).split()
    font = _font(PROBE)
    absent = _drawn(font, NO_SIGN)
    known: dict[str, bool] = {}
    kept: list[str] = []
    for word in words:
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", word) if not _is_mark(sign))
        for sign in word + plain:
            if sign not in known:
                known[sign] = _drawn(font, sign) != absent
        # The font has few accents; a Latin word without its accents still reads.
        spelling = next((way for way in (word, plain) if all(known[sign] for sign in way)), "")
        if spelling:
            kept.append(spelling)
        if len(kept) > MOST_WORDS:
            break
    return kept


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M")


def _drawn(font: Font, sign: str) -> bytes:
    image = Image.new("L", (2 * PROBE, 2 * PROBE))
    ImageDraw.Draw(image).text((PROBE // 2, 0), sign, font=font, fill=255)
    return image.tobytes()


def _set(
    prompt: str,
    mood: Mood,
    box: Box,
    sizes: tuple[float, ...],
    frames: int,
    *,
    unit: int,
    foot: bool = False,
) -> Lettering:
    words = readable(prompt)
    if not words:
        return Lettering([], 0)
    size, lines = _fit(words, box, [max(round(part * unit), 8) for part in sizes])
    font = _font(size)
    placed = _lay(lines, font, size)
    top = box.top + (box.height - round(len(lines) * size * LEADING) if foot else 0)
    pace = min(STAGGER, max(frames * STANDING - ARRIVAL, 0) / len(placed))
    set_words = [
        _word(item, font, (box.left, top), mood, 3 + round(order * pace))
        for order, item in enumerate(placed)
    ]
    shadows = [_shadow(word, size) for word in set_words]
    return Lettering([*shadows, *set_words], round(size * 0.4))


def _font(size: int) -> Font:
    font = ImageFont.load_default(size)
    if isinstance(font, ImageFont.FreeTypeFont):
        return font
    raise ImportError("Pillow was built without FreeType, so no text can be drawn.")


def _fit(words: list[str], box: Box, sizes: list[int]) -> tuple[int, list[list[str]]]:
    """Return the largest size at which the words fit the box, and its lines."""
    ruler = _font(MEASURE)
    space = ruler.getlength(" ")
    lengths = [ruler.getlength(word) for word in words]
    size, lines = sizes[-1], [words]
    for size in sizes:
        wide = box.width * MEASURE / size
        lines = _wrap(words, lengths, space, wide)
        if len(lines) * size * LEADING <= box.height and max(lengths) <= wide:
            return size, lines
    most = max(int(box.height / (size * LEADING)), 1)
    return size, _shorten(lines, most, ruler, box.width * MEASURE / size)


def _wrap(words: list[str], lengths: list[float], space: float, wide: float) -> list[list[str]]:
    lines: list[list[str]] = []
    used = wide + 1
    for word, length in zip(words, lengths, strict=True):
        if used + space + length > wide:
            lines.append([])
            used = -space
        lines[-1].append(word)
        used += space + length
    return lines


def _shorten(lines: list[list[str]], most: int, ruler: Font, wide: float) -> list[list[str]]:
    """Return the lines that fit, their long words and what follows them cut with an ellipsis."""
    kept = [[_clip(word, ruler, wide) for word in line] for line in lines[:most]]
    if len(lines) > most:
        last = kept[-1]
        last[-1] = _clip(
            last[-1] + ELLIPSIS, ruler, wide - ruler.getlength(" ".join(last[:-1]) + " ")
        )
    return kept


def _clip(word: str, ruler: Font, wide: float) -> str:
    if ruler.getlength(word[:MEASURE]) <= wide and len(word) <= MEASURE:
        return word
    stem = word[:MEASURE].rstrip(ELLIPSIS)
    while stem and ruler.getlength(stem + ELLIPSIS) > wide:
        stem = stem[:-1]
    return stem + ELLIPSIS


def _lay(lines: list[list[str]], font: Font, size: int) -> list[Placed]:
    placed: list[Placed] = []
    for number, line in enumerate(lines):
        x = 0.0
        for word in line:
            placed.append(Placed(word, x, number * size * LEADING))
            x += font.getlength(word + " ")
    return placed


def _word(item: Placed, font: Font, origin: tuple[int, int], mood: Mood, start: int) -> Word:
    left, _, right, _ = (round(edge) for edge in font.getbbox(item.text))
    # An even corner keeps the chroma stencil exactly under the luma one; every stencil is as
    # high as the font, so the words of a line share their baseline.
    x = (origin[0] + round(item.x) + left) // 2 * 2
    y = (origin[1] + round(item.y)) // 2 * 2
    image = Image.new("L", (right - left + 4, sum(font.getmetrics()) + 2))
    ImageDraw.Draw(image).text((1 - left, 0), item.text, font=font, fill=255)
    colour = mood.palette.accent if names_mood(item.text) else WHITE
    return Word(mask=Mask.of(image), left=x, top=y, colour=yuv(colour), start=start)


def _shadow(word: Word, size: int) -> Word:
    """Return a word's soft shadow; it is worked out at a quarter of the size."""
    reach = max(round(size * 0.4) // 4, 1)
    tiny = word.mask.full.reduce(4)
    small = Image.new("L", (tiny.width + 2 * reach, tiny.height + 2 * reach))
    small.paste(tiny, (reach, reach))
    soft = small.filter(ImageFilter.GaussianBlur(max(size * 0.04, 1)))
    soft = soft.point([min(round(level * 0.62), 150) for level in range(256)])
    full = soft.resize((soft.width * 4, soft.height * 4), Image.Resampling.BILINEAR)
    left, top = word.left - reach * 4, word.top - reach * 4
    return Word(mask=Mask.of(full), left=left, top=top, colour=yuv(SHADE), start=word.start)
