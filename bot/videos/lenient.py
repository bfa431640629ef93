"""Values of JSON fields, read whatever type a server gives them; None where they say nothing."""

import math
import re
from typing import Annotated, Final

from pydantic import BeforeValidator

from bot.runtime.json_fields import is_object
from bot.videos.envelopes import is_id

PROGRESS: Final = (
    "progress", "progress_percent", "progress_percentage", "progress_pct", "percentage", "percent",
    "percent_complete", "pct",
)  # fmt: skip
"""Names of the field that holds a job's progress, the likeliest first."""
_FRACTION: Final = re.compile(r"(\d+)\s*(?:/|of)\s*([1-9]\d*)", re.IGNORECASE)
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|\uff05|percent)", re.IGNORECASE)
_QUERY: Final = re.compile(r"[?#][^\s\"'<>?#]{0,64}=[^\s\"'<>]*")
_USER: Final = re.compile(r"(?<=//)[^\s/@]+@")


def number(value: object) -> float | None:
    """Read a finite number, also from text and with a percent sign."""
    if isinstance(value, str):
        value = value.strip().removesuffix("%")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        result = float(value)
    except (ValueError, OverflowError):
        return None
    return result if math.isfinite(result) else None


def whole_number(value: object) -> int | None:
    """Read a number without its fraction."""
    result = number(value)
    return None if result is None else int(result)


def percentage(value: object) -> int | None:
    """Read a percentage, 0 to 100, also from "3/20" and from an object that holds one.

    A number between 0 and 1 is a fraction, as relays of Sora give it.
    """
    if is_object(value):
        value = next((value[name] for name in PROGRESS if name in value), None)
    if isinstance(value, str) and (found := _FRACTION.search(value)):
        value = 100 * float(found[1]) / float(found[2])
    elif isinstance(value, str) and (found := _PERCENT.search(value)):
        value = max(1.0, float(found[1])) if float(found[1]) else 0.0
    result = number(value)
    if result is None:
        return None
    percents = result * 100 if 0 < result < 1 else result
    return max(0, min(100, int(round(percents, 6))))


def text(value: object) -> str | None:
    """Read text that is not empty, also from a number."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return without_surrogates(str(value)) or None


def without_surrogates(value: str) -> str:
    """Replace halves of surrogate pairs, which JSON may hold and UTF-8 may not."""
    return value.encode("utf-8", "replace").decode()


def without_queries(value: str) -> str:
    """Remove what signs an address, its query and its user, anywhere in a text."""
    return _USER.sub("", _QUERY.sub("", without_surrogates(value)))


def _server_words(value: object) -> str | None:
    found = text(value)
    return None if found is None else without_queries(found)


def _video_id(value: object) -> object:
    """Refuse an id that cannot be stored, or that leads elsewhere in a path."""
    if not is_id(value) or without_surrogates(str(value)) != str(value):
        raise ValueError("no id")
    return value


VideoId = Annotated[str, BeforeValidator(_video_id)]
LenientInt = Annotated[int | None, BeforeValidator(whole_number)]
LenientText = Annotated[str | None, BeforeValidator(text)]
Percentage = Annotated[int | None, BeforeValidator(percentage)]
ServerWords = Annotated[str | None, BeforeValidator(_server_words)]
"""A server's own words, which go onto a card and into the log."""
