"""The objects of the Videos API: strict when we write them, lenient when we read them.

Source of the shapes: the "Create video" page of the API reference. Source of the leniency: the
living servers, which leave out, retype or rename every field but the id and the status.
"""

import math
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final, cast

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

PROMPT_LIMIT: Final = 4000
"""Characters of a prompt, the most a Discord modal field holds; the API itself names no limit."""


class VideoStatus(StrEnum):
    """Lifecycle of a video job, the contract's four words and the ends other servers know."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the server will not change it any more."""
        return self not in (VideoStatus.QUEUED, VideoStatus.IN_PROGRESS)


# What other servers call the same things: Veo and TensorRT-LLM (processing, generating,
# postprocessing), New API (unknown, not_start, submitted), OpenRouter (pending, cancelled,
# expired), Runway behind LiteLLM (running, succeeded).
_WORDS: Final = {word.value: word for word in VideoStatus} | {
    "pending": VideoStatus.QUEUED,
    "submitted": VideoStatus.QUEUED,
    "not_start": VideoStatus.QUEUED,
    "unknown": VideoStatus.QUEUED,
    "processing": VideoStatus.IN_PROGRESS,
    "generating": VideoStatus.IN_PROGRESS,
    "postprocessing": VideoStatus.IN_PROGRESS,
    "running": VideoStatus.IN_PROGRESS,
    "succeeded": VideoStatus.COMPLETED,
    "success": VideoStatus.COMPLETED,
    "failure": VideoStatus.FAILED,
    "error": VideoStatus.FAILED,
    "canceled": VideoStatus.CANCELLED,
    "deleted": VideoStatus.CANCELLED,
}


def _status(value: object) -> VideoStatus:
    """Read a status word; one that nobody knows is still pending, never an end."""
    return _WORDS.get(str(value).strip().lower(), VideoStatus.QUEUED)


def is_status(word: object) -> bool:
    """Whether this is a word that any server is known to use for a job's status."""
    return str(word).strip().lower() in _WORDS


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
    number = _number(value)
    return None if number is None else max(0, min(100, int(number)))


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return sound(str(value)) or None


def sound(text: str) -> str:
    """Replace what JSON may hold and UTF-8 may not: halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


def _id(value: object) -> object:
    """Refuse an id that could be written down nowhere."""
    if isinstance(value, str) and sound(value) != value:
        raise ValueError("no Unicode")
    return value


_QUERY: Final = re.compile(r"[?#][^\s\"'<>?#]{0,64}=[^\s\"'<>]*")
_USER: Final = re.compile(r"(?<=//)[^\s/@]+@")


def without_queries(text: str) -> str:
    """Leave out what signs an address: its query and its user, wherever it stands in a text."""
    return _USER.sub("", _QUERY.sub("", sound(text)))


def _shown(value: object) -> str | None:
    text = _text(value)
    return None if text is None else without_queries(text)


def _error(value: object) -> object:
    """Read an error that may be a plain sentence (TensorRT-LLM) or lack its code (SGLang)."""
    if isinstance(value, str) and value:
        return {"message": value}
    return cast("dict[str, object]", value) if isinstance(value, dict) and value else None


LenientInt = Annotated[int | None, BeforeValidator(_whole)]
LenientText = Annotated[str | None, BeforeValidator(_text)]
Shown = Annotated[str | None, BeforeValidator(_shown)]
"""A server's own words, which go onto a card and into the log."""


_URL_FIELDS: Final = ("url", "video_url", "unsigned_urls", "urls")
_URL_HOLDERS: Final = ("output", "outputs", "metadata", "data", "content", "video", "result")


def film_url(body: object, depth: int = 4) -> str | None:
    """Find the address of the film in a job, or in an answer that stands for the film.

    `url`, `urls` (SGLang with S3), `unsigned_urls` (OpenRouter, with the key), `video_url`
    (resellers), `outputs.video_url` (Together), `metadata.url` (New API), `data[].url` (Dynamo).
    """
    return next(_urls(body, depth), None)


def _urls(body: object, depth: int) -> Iterator[str]:
    if isinstance(body, str):
        if body.startswith(("http://", "https://", "/")) and sound(body) == body:
            yield body
    elif depth and isinstance(body, list):
        for each in cast("list[object]", body):
            yield from _urls(each, depth - 1)
    elif depth and isinstance(body, dict):
        fields = cast("dict[str, object]", body)
        for name in _URL_FIELDS:
            yield from _urls(fields.get(name), depth - 1)
        for name in _URL_HOLDERS:
            if isinstance(fields.get(name), dict | list):
                yield from _urls(fields[name], depth - 1)


class InputReference(BaseModel):
    """An image that guides generation: its bytes, its file name and its media type."""

    model_config = ConfigDict(frozen=True)

    data: bytes = Field(min_length=1, repr=False)
    filename: str
    content_type: str


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
    message: Shown = None


class Video(BaseModel):
    """A video job as any living server may describe it: only id and status are relied upon."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, BeforeValidator(_id)] = Field(
        min_length=1, validation_alias=AliasChoices("id", "task_id", "video_id")
    )
    status: Annotated[VideoStatus, BeforeValidator(_status)]
    progress: Annotated[int | None, BeforeValidator(_percent)] = None
    """Percent, 0 to 100, or None where the server does not say."""
    model: LenientText = None
    prompt: LenientText = None
    size: LenientText = None
    seconds: LenientText = None
    created_at: LenientInt = Field(
        default=None, validation_alias=AliasChoices("created_at", "created")
    )
    completed_at: LenientInt = None
    expires_at: LenientInt = None
    """Unix time in seconds, like the two above."""
    error: Annotated[VideoError | None, BeforeValidator(_error)] = None
    film_url: str | None = Field(default=None, repr=False)
    """Where the film lies, if the job says so; it may be signed, so it belongs in no log."""

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> "Video":
        """Read one job object. Raises pydantic's ValidationError without an id and a status."""
        told = {key: body[key] for key in body if body[key] is not None or key == "status"}
        return cls.model_validate(told | {"film_url": film_url(body)})


class VideoPage(BaseModel):
    """One page of `GET /v1/videos`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    data: tuple[Video, ...] = ()
    has_more: bool = False
    last_id: LenientText = None
