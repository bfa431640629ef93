"""Finds what a prompt names, by tables of words in the bot's six languages."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple, cast

FOLDER: Final = Path(__file__).with_name("words")
LANGUAGES: Final = ("en", "de", "es", "fr", "ja", "pt", "emoji")
# A sign of a script that is written without spaces is a token of its own, as an emoji is.
TOKEN: Final = re.compile(r"[\u2600-\U0001ffff]|[^\W_\u2600-\U0001ffff]+")
ACCENTS: Final = re.compile(r"[\u0300-\u036f]")
Row = Mapping[str, str]
"""The words by language, separated by commas, and what else the table has."""


class Found(NamedTuple):
    """A row's name, and the positions of the tokens that name it; `end` is exclusive."""

    name: str
    start: int
    end: int


class Words:
    """A table of words: its rows by name, in the order of their file."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self.rows = rows
        self._names = {
            tuple(tokens(phrase)): name
            for name, row in reversed(list(rows.items()))
            for language in LANGUAGES
            for phrase in row.get(language, "").split(",")
        }
        self._longest = max(map(len, self._names))

    def find(self, said: Sequence[str]) -> list[Found]:
        """Return the rows that the tokens name, in their order; the longest phrase wins."""
        found, start = list[Found](), 0
        while start < len(said):
            ends = range(min(start + self._longest, len(said)), start, -1)
            end = next((end for end in ends if tuple(said[start:end]) in self._names), start)
            if end > start:
                found.append(Found(self._names[tuple(said[start:end])], start, end))
            start = max(end, start + 1)
        return found

    def first(self, said: Sequence[str]) -> str | None:
        """Return the first row in the file's order that the tokens name."""
        named = {found.name for found in self.find(said)}
        return next((name for name in self.rows if name in named), None)


def tokens(text: str) -> list[str]:
    """Return a text's words and signs without case and accents."""
    plain = ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return TOKEN.findall(unicodedata.normalize("NFC", plain))


def read(path: Path) -> dict[str, object]:
    """Return a file of data."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def table(file: str) -> Words:
    """Return the table of a file."""
    return Words(cast("Mapping[str, Row]", read(FOLDER / f"{file}.toml")))
