"""What a finished job says of its film: its frame, its length and its cost."""

import re
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.runtime.json_fields import Fields, fields_of, items_of
from bot.videos.lenient import number, whole_number

_SIZE: Final = re.compile(r"\s*(\d{2,5})\s*[x\u00d7*]\s*(\d{2,5})\s*", re.IGNORECASE)
_LONGEST: Final = 3600.0
"""Seconds of a film; more is another unit."""
_LENGTHS: Final = ("duration_s", "duration", "duration_seconds", "seconds")
_HOLDERS: Final = ("output", "task_result", "metadata", "videos", "video")


class Made(BaseModel):
    """What a server says that it made, which may differ from the request; None: it does not say."""

    model_config = ConfigDict(frozen=True)

    size: str | None = None
    """Width x height in pixels."""
    seconds: float | None = None
    cost: float | None = None
    """In `currency`; that of OpenRouter's `usage.cost` is USD."""
    currency: str = "USD"


def made_in(job: Fields) -> Made:
    """Return what a finished job says of its film.

    Frames are `size` or `width` and `height`; lengths `duration_s` (vLLM-Omni, which leaves the
    requested `seconds` as they were), `duration` (TensorRT-LLM, xAI's `video.duration`), else
    `seconds`; costs `usage.cost` (OpenRouter) or `cost`.
    """
    film = dict(job)
    for name in _HOLDERS:
        film |= {key: value for key, value in _inner(film, name).items() if value is not None}
    usage = _inner(job, "usage")
    cost = number(usage.get("cost", usage.get("total_cost", job.get("cost"))))
    return Made(
        size=_frame(film),
        seconds=_length(film),
        cost=None if cost is None or cost < 0 else cost,
        currency=str(usage.get("currency") or job.get("currency") or "USD").upper(),
    )


def _inner(job: Fields, name: str) -> Fields:
    """Return the fields of an object in a job, or of the only one in a list."""
    items = items_of(job.get(name))
    return fields_of(items[0] if len(items) == 1 else job.get(name))


def _frame(film: Fields) -> str | None:
    width, height = whole_number(film.get("width")), whole_number(film.get("height"))
    size = f"{width}x{height}" if width and height else str(film.get("size") or "")
    match = _SIZE.fullmatch(size)
    return None if match is None else f"{match[1]}x{match[2]}"


def _length(film: Fields) -> float | None:
    lengths = (number(film.get(name)) for name in _LENGTHS)
    return next((seconds for seconds in lengths if seconds and 0 < seconds <= _LONGEST), None)
