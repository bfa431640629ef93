"""The prompt's words set as a title that arrives word by word."""

import re
import unicodedata
from bisect import bisect_right
from itertools import accumulate
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from bot.server.preview.canvas import Canvas, Mask, Yuv, yuv
from bot.server.preview.fonts import SHAPED, Font, best_font, font, spelling
from bot.server.preview.layers import Frame
from bot.server.preview.mood import names_mood

# Sizes to try, as parts of the frame's shorter side, until the words fit.
TITLE_SIZES: Final = (0.150, 0.128, 0.108, 0.092, 0.078, 0.066, 0.056, 0.048)
CAPTION_SIZES: Final = (0.062, 0.054, 0.046)
# The size at which words are measured.
MEASURE: Final = 100
LEADING: Final = 1.16
MARGIN: Final = 0.085
# Frames from one word to the next, at most, and the frames a word takes to arrive.
STAGGER: Final = 5
ARRIVAL: Final = 14
# All words stand by this part of the film, so the last frames show the whole title.
STANDING: Final = 0.45
# More never fit at the smallest size.
MOST_PIECES: Final = 160
ELLIPSIS: Final = "\u2026"
SHADE: Final = "#05060c"
WHITE: Final = "#ffffff"
# Chinese and Japanese have no spaces: a line may end after each sign, but not before a small or a
# closing one, nor after an opening one. Of other scripts a long word is cut.
HAN: Final = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
OPENING: Final = r"\u3008\u300a\u300c\u300e\u3010\uff08"
FOLLOWING: Final = (
    r"\u3001-\u3003\u3005\u3009\u300b\u300d\u300f\u3011\u30fc\uff01\uff09\uff0c\uff0e\uff1f"
    "ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
)
PIECE: Final = re.compile(rf"(?:[{OPENING}]{{0,3}}[{HAN}][{FOLLOWING}]{{0,3}}|[^{HAN} ]{{1,20}}) ?")
# Variation selectors, keycaps and skin tones: they only change the sign before them.
MODIFIERS: Final = re.compile(r"[\ufe00-\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")


class Word(NamedTuple):
    """A word's stencil on the frame and the frame at which it begins to arrive."""

    mask: Mask
    left: int
    top: int
    colour: Yuv
    start: int


class Layout(NamedTuple):
    """A font's name, its size in pixels, and the pieces of each line."""

    font: str
    size: int
    lines: list[list[str]]


class Lettering:
    """A prompt's words: a title in the upper half of the frame, or a caption at its foot."""

    def __init__(self, prompt: str, frame: Frame, frames: int, *, is_caption: bool) -> None:
        name, size, lines = layout(prompt, frame, is_caption=is_caption)
        left = round(min(frame.width, frame.height) * MARGIN)
        foot = frame.height - left - round(len(lines) * size * LEADING)
        top = foot if is_caption else round(frame.height * 0.105)
        accent = frame.mood.palette.accent
        placed = _words(lines, font(name, size), (left, top), frames, accent)
        # All shadows lie below all words.
        self._words = [*(_shadow(word, size) for word in placed), *placed]
        self._rise = round(size * 0.4)

    def paint(self, canvas: Canvas, frame: int) -> None:
        """Paint the words that have begun to arrive before a frame."""
        for word in self._words:
            if frame > word.start:
                away = max(1 - (frame - word.start) / ARRIVAL, 0.0) ** 3
                mask = word.mask.faded(1 - away) if away else word.mask
                canvas.stencil(mask, word.left, word.top + round(self._rise * away), word.colour)


def layout(prompt: str, frame: Frame, *, is_caption: bool) -> Layout:
    """Return a prompt's lines in the largest size that fits; the smallest may cut them."""
    unit = min(frame.width, frame.height)
    wide = min(frame.width - 2 * round(unit * MARGIN), round(frame.height * 0.88))
    tall = round(frame.height * (0.22 if is_caption else 0.40))
    sizes = CAPTION_SIZES if is_caption else TITLE_SIZES
    pieces = split(prompt)
    name = best_font(pieces)
    words = [word for word in (spelling(name, piece) for piece in pieces) if word.strip()]
    pixels = [max(round(unit * at), 8) for at in sizes]
    return Layout(name, *_fit(words, font(name, MEASURE), wide, tall, pixels))


def split(prompt: str) -> list[str]:
    """Return the prompt's pieces between which a line may end, with the spaces behind them.

    Control signs and emoji are left out.
    """
    signs = MODIFIERS.sub("", unicodedata.normalize("NFC", prompt))
    kinds = ((sign, unicodedata.category(sign)) for sign in signs)
    cleaned = "".join(" " if kind[0] in "CZ" or kind == "So" else sign for sign, kind in kinds)
    pieces = [piece for word in cleaned.split() for piece in PIECE.findall(f"{word} ")]
    return pieces[:MOST_PIECES]


def _fit(
    pieces: list[str], ruler: Font, wide: int, tall: int, sizes: list[int]
) -> tuple[int, list[list[str]]]:
    """Return the largest size at which the pieces fit, and their lines; else what fits of them."""
    size, most, measure, lines = 0, 0, 0.0, list[list[str]]()
    for size in sizes:
        measure, most = wide * MEASURE / size, max(int(tall / (size * LEADING)), 1)
        lines = _wrap(pieces, ruler, measure)
        if len(lines) <= most and all(_length(ruler, line) <= measure for line in lines):
            return size, lines
    kept = lines[:most]
    if len(lines) > most:
        kept[-1][-1] = kept[-1][-1].rstrip() + ELLIPSIS
    return size, [_clip(line, ruler, measure) for line in kept]


def _wrap(pieces: list[str], ruler: Font, wide: float) -> list[list[str]]:
    lines = list[list[str]]()
    for piece in pieces:
        if lines and _length(ruler, [*lines[-1], piece]) <= wide:
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return lines


def _length(ruler: Font, line: list[str]) -> float:
    return ruler.getlength("".join(line).rstrip())


def _clip(line: list[str], ruler: Font, wide: float) -> list[str]:
    """Return the line, or its longest start that fits with an ellipsis."""
    if _length(ruler, line) <= wide:
        return line
    ends = range(1, sum(map(len, line)))
    most = bisect_right(ends, wide, key=lambda end: _length(ruler, _cut(line, end)))
    return _cut(line, most)


def _cut(line: list[str], end: int) -> list[str]:
    """Return the line's first signs up to an end, with an ellipsis."""
    starts = accumulate(map(len, line), initial=0)
    kept = [piece[: end - start] for piece, start in zip(line, starts, strict=False) if start < end]
    return [*kept[:-1], "".join(kept[-1:]).rstrip() + ELLIPSIS]


def _words(
    lines: list[list[str]], font: Font, origin: tuple[int, int], frames: int, accent: str
) -> list[Word]:
    words = list[Word]()
    pace = min(STAGGER, max(frames * STANDING - ARRIVAL, 0) / max(sum(map(len, lines)), 1))
    for number, line in enumerate(lines):
        x, y = float(origin[0]), origin[1] + round(number * font.size * LEADING)
        for text in reversed(line) if SHAPED.match(line[0]) else line:
            left, _, right, _ = (round(edge) for edge in font.getbbox(text))
            # Every stencil is as high as the font, so the words of a line share their baseline.
            image = Image.new("L", (right - left + 4, sum(font.getmetrics()) + 2))
            ImageDraw.Draw(image).text((1 - left, 0), text, font=font, fill=255)
            colour = yuv(accent if names_mood(text) else WHITE)
            # An even corner keeps the chroma stencil exactly under the luma one.
            corner = ((round(x) + left) // 2 * 2, y // 2 * 2)
            words.append(Word(Mask.of(image), *corner, colour, 3 + round(len(words) * pace)))
            x += font.getlength(text)
    return words


def _shadow(word: Word, size: int) -> Word:
    """Return a word's soft shadow."""
    reach = max(round(size * 0.2) * 2, 4)
    wide = ImageOps.expand(word.mask.full, reach)
    soft = wide.filter(ImageFilter.GaussianBlur(max(size * 0.16, 4)))
    soft = soft.point([min(round(level * 0.62), 150) for level in range(256)])
    return Word(Mask.of(soft), word.left - reach, word.top - reach, yuv(SHADE), word.start)
