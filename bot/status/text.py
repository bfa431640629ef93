"""Text typed by people or servers, made harmless inside Discord's markdown."""

import re
import unicodedata
from typing import Final

_INLINE: Final = re.compile(r"[\\*_~|`\[\]<>]|:(?=//)")
"""What formats, mentions (`<@1>`), links or masks a link wherever it stands in a line."""
_OPENING: Final = re.compile(r"^(\d*)([#+.-])")
"""What makes a heading, a list or small print at the beginning of a line."""
_EVERYBODY: Final = re.compile(r"@(?=everyone|here)", re.IGNORECASE)
_SPACE: Final = re.compile(r"\s+")
_NOT_NAME: Final = re.compile(r"[^a-z0-9]+")


def shorten(text: str, limit: int) -> str:
    """Cut to `limit` characters, at a word where one ends near, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    head = cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut
    return head.rstrip() + "…"


def plain(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters that formats, pings and links nothing.

    Discord shows an escaped mark as the mark itself. A zero-width space breaks "@everyone", which
    no backslash does.
    """
    line = _SPACE.sub(" ", "".join(c for c in text if c.isprintable() or c.isspace())).strip()
    escaped = _INLINE.sub(r"\\\g<0>", shorten(line, limit))
    return _EVERYBODY.sub("@\u200b", _OPENING.sub(r"\1\\\2", escaped))


def file_stem(text: str) -> str:
    """Make a short ASCII file name of the first words."""
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return _NOT_NAME.sub("-", ascii_text)[:40].strip("-") or "film"
