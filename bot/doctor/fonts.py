"""Checks which scripts the embedded server can write into its pictures."""

from typing import Final

from bot.doctor.check import Check, Mark

_SAMPLES: Final = {
    "accented Latin": "éüñçß",
    "Greek": "αβγδε",
    "Cyrillic": "абвгд",
    "Hebrew": "שלום",
    "Arabic": "سلام",
    "Hindi": "नमस्ते",
    "Thai": "ไทย",
    "Japanese": "漢字かなカナ",
    "Chinese": "汉语",
    "Korean": "한국어",
}
"""Some signs of the scripts that people most write."""


def check() -> Check:
    """Name the scripts that no font here has. Blocking."""
    from bot.server.preview.fonts import best_font, sets  # noqa: PLC0415 - loads Pillow

    missing = [script for script, text in _SAMPLES.items() if not sets(best_font([text]), text)]
    if not missing:
        return Check("fonts", Mark.GOOD, "the preview's pictures show words in every common script")
    found = f"the preview's pictures leave words out in {', '.join(missing)}"
    fix = "install fonts that have them, like Debian's fonts-noto-core and fonts-noto-cjk"
    return Check("fonts", Mark.WARNING, found, fix)
