"""Text typed by people or servers, made harmless inside Discord's markdown."""

import re
import unicodedata
from typing import Final

from anyascii import anyascii

_INLINE: Final = re.compile(r"[\\*_~|`\[\]<>]|:(?=//)")
"""What formats, mentions (`<@1>`), links or masks a link anywhere in a line."""
_OPENING: Final = re.compile(r"^(\d*)([#+.-])")
"""What makes a heading, a list or small print at the beginning of a line."""
_EVERYBODY: Final = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_SPACE: Final = re.compile(r"\s+")
STEM_OF: Final = 80
STEM: Final = 40
"""Characters of a text that are looked at for a file name, and of the name without its ending."""
_NOT_NAME: Final = re.compile(r"[^a-z0-9]+")

_JOINERS: Final = "\u200c\u200d"
"""ZWNJ and ZWJ, which shape Persian and Indic words and join emoji."""
_FLAG: Final = "\N{WAVING BLACK FLAG}"
_FLAG_TAGS: Final = re.compile(f"(?<={_FLAG})[\U000e0030-\U000e007a]{{1,8}}\U000e007f")
"""The tags that make a region's flag. Source: Unicode, UTS 51, "Emoji Tag Sequences"."""
MOST_MARKS: Final = 5
"""Combining marks on one character, at the most: Hebrew with points and accents, Tibetan, and
decomposed Vietnamese need no more; "zalgo" text writes over the lines around it with dozens."""
_EXTENDING: Final = frozenset({"Mn", "Me", "Mc"})
"""General categories of marks, which belong to the character before them."""
_REGIONAL: Final = range(0x1F1E6, 0x1F200)
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)


def shorten(text: str, limit: int) -> str:
    """Cut to `limit` characters, at a word where one ends near, with an ellipsis.

    What is seen as one character is not cut apart.
    """
    if len(text) <= limit:
        return text
    cut = text[: _boundary(text, limit - 1)]
    head = cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut
    return head.rstrip() + "…"


def _boundary(text: str, at: int) -> int:
    """Return the last place up to `at` between two characters as people see them.

    Source: Unicode, UAX 29, grapheme clusters. Where one alone is longer than that, it is cut.
    """
    for place in range(at, 0, -1):
        if not _is_inside(text, place):
            return place
    return at


def _is_inside(text: str, place: int) -> bool:
    """Whether the characters before and after a place belong together."""
    after = text[place]
    if _extends(after) or text[place - 1] == "\u200d":
        return True
    if ord(after) not in _REGIONAL:
        return False
    # Flags are pairs: an odd number of letters before leaves one that waits for its second.
    before = text[:place]
    letters = len(before) - len(before.rstrip("".join(map(chr, _REGIONAL))))
    return letters % 2 == 1


def _extends(character: str) -> bool:
    code = ord(character)
    if character in _JOINERS or code in _TAGS or code in _SKIN_TONES:
        return True
    return unicodedata.category(character) in _EXTENDING


def _visible(text: str) -> str:
    """Drop what nobody sees: controls, bidi overrides, joiners and tags that join nothing.

    What stays invisible shapes the characters beside it.
    """
    kept = list[str]()
    flags = {place for found in _FLAG_TAGS.finditer(text) for place in range(*found.span())}
    marks = 0
    for place, character in enumerate(text):
        if character.isascii():
            marks = 0
            keeps = character.isprintable() or character.isspace()
        elif unicodedata.category(character) in {"Mn", "Me"}:
            marks += 1
            keeps = marks <= MOST_MARKS
        else:
            marks = marks if character in _JOINERS else 0
            keeps = character in _JOINERS or place in flags
            keeps = keeps or character.isprintable() or character.isspace()
        if keeps:
            kept.append(character)
    return "".join(kept)


def _joined(text: str) -> str:
    """Keep one joiner of a row, and that only where it has something to join."""
    return re.sub(f"[{_JOINERS}]+", lambda row: _joiner(text, row), text)


def _joiner(text: str, row: re.Match[str]) -> str:
    """Return the joiner that a row of them comes to, or nothing.

    At the end of a word it shapes a mark, as the last consonant's in Malayalam. Beside ASCII
    it joins nothing, and would hide "@everyone" from the eye alone.
    """
    before, after = text[: row.start()][-1:], text[row.end() :][:1]
    if before <= "\x7f" or before.isspace():
        return ""
    shapes = after > "\x7f" and not after.isspace()
    return row[0][0] if shapes or unicodedata.category(before) == "Mn" else ""


def plain(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters that formats, pings and links nothing.

    Discord shows an escaped mark as the mark itself. A zero-width space breaks "@everyone", which
    no backslash does.
    """
    line = _SPACE.sub(" ", _joined(_visible(text))).strip()
    escaped = _INLINE.sub(r"\\\g<0>", shorten(line, limit))
    return _EVERYBODY.sub("@\u200b", _OPENING.sub(r"\1\\\2", escaped))


def file_stem(text: str) -> str:
    """Make a short file name of the first words, in ASCII whatever their script.

    Discord removes the letters of other scripts from attachments' names.
    """
    ascii_text = anyascii(unicodedata.normalize("NFKC", text[:STEM_OF])).lower()
    return _NOT_NAME.sub("-", ascii_text)[:STEM].strip("-") or "video"
