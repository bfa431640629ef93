"""The objects of the Videos API: strict when we write them, lenient when we read them.

Source of the shapes: the "Create video" page of the API reference. Source of the leniency: the
living servers, which leave out, retype or rename every field but the id and the status.
"""

import math
import re
from typing import Annotated, Any, Final, cast
from urllib.parse import unquote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bot.media.input_reference import InputReference
from bot.videos.addresses import film_url
from bot.videos.envelopes import is_id, job_in
from bot.videos.reasons import Reason, error_in, reason_in
from bot.videos.statuses import VideoStatus, read_status

PROMPT_LIMIT: Final = 4000
"""Characters of a prompt, the most a Discord modal field holds; the API itself names no limit."""


def _number(value: object) -> float | None:
    if isinstance(value, str):
        value = value.strip().removesuffix("%")
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _percent(value: object) -> int | None:
    """Read a percentage; a number between 0 and 1 is a fraction, as relays of Sora give it."""
    if isinstance(value, dict):
        told = cast("dict[str, object]", value)
        value = next((told[name] for name in _PROGRESS if name in told), None)
    if isinstance(value, str) and (part := _PART.search(value)):
        value = 100 * float(part[1]) / float(part[2])
    elif isinstance(value, str) and (percent := _PERCENT.search(value)):
        value = max(1.0, float(percent[1])) if float(percent[1]) else 0.0
    number = _number(value)
    if number is None:
        return None
    percents = number * 100 if 0 < number < 1 else number
    return max(0, min(100, int(round(percents, 6))))


_PART: Final = re.compile(r"(\d+)\s*(?:/|of)\s*([1-9]\d*)", re.IGNORECASE)
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|\uff05|percent)", re.IGNORECASE)
_PROGRESS: Final = (
    "progress", "progress_percent", "progress_percentage", "progress_pct", "percentage", "percent",
    "percent_complete", "pct",
)  # fmt: skip


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return sound(str(value)) or None


def sound(text: str) -> str:
    """Replace what JSON may hold and UTF-8 may not: halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def _id(value: object) -> object:
    """Refuse an id that could be written down nowhere, or that leads elsewhere in a path."""
    if not is_id(value) or sound(str(value)) != str(value):
        raise ValueError("no id")
    return value


_QUERY: Final = re.compile(r"[?#][^\s\"'<>?#]{0,64}=[^\s\"'<>]*")
_USER: Final = re.compile(r"(?<=//)[^\s/@]+@")


def without_queries(text: str) -> str:
    """Leave out what signs an address: its query and its user, wherever it stands in a text."""
    return _USER.sub("", _QUERY.sub("", sound(text)))


def _shown(value: object) -> str | None:
    text = _text(value)
    return None if text is None else without_queries(text)


LenientInt = Annotated[int | None, BeforeValidator(_whole)]
LenientText = Annotated[str | None, BeforeValidator(_text)]
Shown = Annotated[str | None, BeforeValidator(_shown)]
"""A server's own words, which go onto a card and into the log."""


class CreateVideo(BaseModel):
    """What `POST /v1/videos` takes. Refuses what the contract refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = Field(min_length=1, max_length=PROMPT_LIMIT)
    model: str | None = None
    """None leaves the field out, and the server takes its own default (the contract's: sora-2)."""
    size: str | None = Field(default=None, pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")
    """Width x height in pixels."""
    seconds: str | None = Field(default=None, pattern=r"^[1-9]\d{0,2}$")
    """Clip duration in seconds, a string in the contract."""
    input_reference: InputReference | None = None
    extra: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Fields beyond the contract that a server takes, like `fps` or `negative_prompt`."""


class VideoError(BaseModel):
    """Why a job failed, in the server's words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: Shown = None
    """The server's own; what people are told is in `bot.cards.words`."""
    message: Shown = None


class Made(BaseModel):
    """What a server says that it made, which may not be what was asked for; None: not said."""

    model_config = ConfigDict(frozen=True)

    size: str | None = None
    """Width x height in pixels."""
    seconds: float | None = None
    cost: float | None = None
    """In `currency`; that of OpenRouter's `usage.cost` is USD."""
    currency: str = "USD"


_SIZE: Final = re.compile(r"\s*(\d{2,5})\s*[x\u00d7*]\s*(\d{2,5})\s*", re.IGNORECASE)
_LONGEST: Final = 3600.0
"""Seconds of a film; more is another unit."""


def made_in(job: dict[str, Any]) -> Made:
    """Return what a finished job says of its film.

    Frames are `size` or `width` and `height`; lengths `duration_s` (vLLM-Omni, which leaves the
    asked `seconds` as they were), `duration` (TensorRT-LLM, xAI's `video.duration`), else
    `seconds`; costs `usage.cost` (OpenRouter) or `cost`.
    """
    film = dict(job)
    for name in ("output", "task_result", "metadata", "videos", "video"):
        film |= {key: value for key, value in _inner(film, name).items() if value is not None}
    usage = _inner(job, "usage")
    cost = _number(usage.get("cost", usage.get("total_cost", job.get("cost"))))
    currency = str(usage.get("currency") or job.get("currency") or "USD").upper()
    return Made(
        size=_frame(film),
        seconds=_length(film),
        cost=None if cost is None or cost < 0 else cost,
        currency=currency,
    )


def _inner(job: dict[str, Any], name: str) -> dict[str, Any]:
    found = job.get(name)
    if isinstance(found, list) and len(cast("list[object]", found)) == 1:
        found = cast("list[object]", found)[0]
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _frame(film: dict[str, Any]) -> str | None:
    width, height = _whole(film.get("width")), _whole(film.get("height"))
    told = f"{width}x{height}" if width and height else str(film.get("size") or "")
    match = _SIZE.fullmatch(told)
    return None if match is None else f"{match[1]}x{match[2]}"


def _length(film: dict[str, Any]) -> float | None:
    told = (film.get(name) for name in ("duration_s", "duration", "duration_seconds", "seconds"))
    numbers = (_number(value) for value in told)
    return next((number for number in numbers if number and 0 < number <= _LONGEST), None)


class Video(BaseModel):
    """A video job as any living server may describe it: only id and status are relied upon."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, BeforeValidator(_id)] = Field(min_length=1)
    status: VideoStatus
    is_certain: bool = True
    """False where the word for the status is known nowhere, and nothing tells an end."""
    progress: Annotated[int | None, BeforeValidator(_percent)] = None
    """Percent, 0 to 100, or None where the server does not say."""
    model: LenientText = None
    prompt: LenientText = None
    size: LenientText = None
    seconds: LenientText = None
    created_at: LenientInt = None
    completed_at: LenientInt = None
    expires_at: LenientInt = None
    """Unix time in seconds, like the two above."""
    error: VideoError | None = None
    film_url: str | None = Field(default=None, repr=False)
    """Where the film lies, if the job says so; it may be signed, so it belongs in no log."""
    made: Made = Made()

    @classmethod
    def from_body(cls, body: object, *, known_id: str | None = None) -> "Video":
        """Read the one job in an answer, however it is wrapped.

        `known_id` is the id that was asked for, where the answer names none. Raises pydantic's
        ValidationError without an id.
        """
        job = job_in(body) or _fields_of(body)
        told = {key: value for key, value in job.items() if value is not None}
        address = film_url(job) or film_url(body)
        if address is not None and sound(address) != address:
            address = None
        status, is_certain = _judge(job, address)
        aliases = {
            "id": told.get("id", known_id),
            "created_at": told.get("created_at", told.get("created")),
            "progress": next((told[name] for name in _PROGRESS if name in told), None),
            "status": status,
            "is_certain": is_certain,
            "error": _error(job, body, status),
            "film_url": address,
            "made": made_in(job),
        }
        return cls.model_validate(told | aliases)


def _judge(job: dict[str, Any], address: str | None) -> tuple[VideoStatus, bool]:
    """Return a job's status and whether that is certain.

    A word that is known nowhere, or none at all, is judged by what else the job says.
    """
    known = read_status(job.get("status"))
    if known is not None:
        return known, True
    if error_in(job):
        return VideoStatus.FAILED, True
    if (address is not None and not _asks_about(address, job)) or _is_time(job.get("completed_at")):
        return VideoStatus.COMPLETED, True
    return VideoStatus.QUEUED, "status" not in job


def _asks_about(address: str, job: dict[str, Any]) -> bool:
    """Whether an address is the job's own or its `/content`'s: these stand from the start."""
    steps = [unquote(step) for step in address.partition("?")[0].rstrip("/").split("/")]
    return str(job.get("id")) in (steps[-1], steps[-2] if steps[-1] == "content" else None)


def _is_time(value: object) -> bool:
    """Whether a field holds a moment: Unix time, or text as ISO 8601 has it."""
    number = _number(value)
    if number is not None:
        return number > 0
    return isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value) is not None


def _error(job: dict[str, Any], body: object, status: VideoStatus) -> VideoError | None:
    """Return why a job failed: the job's own words, else those of what it is wrapped in."""
    found = error_in(job)
    if status in _WITHOUT_FILM:
        found = reason_in(job) or found or _around(body)
    return VideoError(code=found.code, message=found.message) if found else None


def _fields_of(body: object) -> dict[str, Any]:
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _around(body: object) -> Reason:
    fields = _fields_of(body)
    return reason_in({key: value for key, value in fields.items() if not isinstance(value, dict)})


_WITHOUT_FILM: Final = frozenset({VideoStatus.FAILED, VideoStatus.CANCELLED, VideoStatus.EXPIRED})


class VideoPage(BaseModel):
    """One page of `GET /v1/videos`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    data: tuple[Video, ...] = ()
    has_more: bool = False
    last_id: LenientText = None
