"""The objects of the Videos API: strict when we write them, lenient when we read them.

Source of the shapes: the "Create video" page of the API reference. Source of the leniency: the
living servers, which leave out, retype or rename every field but the id and the status.
"""

import re
from collections.abc import Mapping
from typing import Final, Self
from urllib.parse import unquote

from pydantic import BaseModel, ConfigDict, Field

from bot.media.input_reference import InputReference
from bot.runtime.json_fields import Fields, fields_of, is_object
from bot.videos.addresses import film_url
from bot.videos.contract import PROMPT_LIMIT, VideoStatus
from bot.videos.envelopes import job_in
from bot.videos.error_details import ErrorDetails, error_details, error_in
from bot.videos.lenient import (
    PROGRESS,
    LenientInt,
    LenientText,
    Percentage,
    ServerWords,
    VideoId,
    number,
    without_surrogates,
)
from bot.videos.made import Made, made_in
from bot.videos.spec import Option, VideoSpec
from bot.videos.statuses import read_status

_WITHOUT_FILM: Final = frozenset({VideoStatus.FAILED, VideoStatus.CANCELLED, VideoStatus.EXPIRED})


class CreateVideo(BaseModel):
    """The body of `POST /v1/videos`. Refuses what the contract refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = Field(min_length=1, max_length=PROMPT_LIMIT)
    model: str | None = None
    """None leaves the field out, and the server uses its own default (the contract's: sora-2)."""
    size: str | None = Field(default=None, pattern=r"^[1-9]\d{1,4}x[1-9]\d{1,4}$")
    """Width x height in pixels."""
    seconds: str | None = Field(default=None, pattern=r"^[1-9]\d{0,2}$")
    """Length of the film in seconds, a string in the contract."""
    input_reference: InputReference | None = None
    extra: dict[str, Option] = Field(default_factory=dict)
    """Fields beyond the contract that a server accepts, like `fps` or `negative_prompt`."""

    @classmethod
    def of(
        cls, spec: VideoSpec, *, image: InputReference | None, extra: Mapping[str, Option]
    ) -> Self:
        """Return the body for `spec`; its own options override the operator's `extra`."""
        return cls(
            prompt=spec.prompt,
            model=spec.model,
            size=spec.size or None,
            seconds=spec.seconds or None,
            input_reference=image,
            extra={**extra, **spec.options},
        )


class VideoError(BaseModel):
    """Why a job failed, in the server's words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: ServerWords = None
    """The server's own; the words for people are in `bot.cards.words`."""
    message: ServerWords = None


class Video(BaseModel):
    """A video job as any living server may describe it; only id and status are always there."""

    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)

    id: VideoId = Field(min_length=1)
    status: VideoStatus
    is_certain: bool = True
    """False where the word for the status is unknown, and nothing else shows that the job ended."""
    progress: Percentage = None
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

        `known_id` is the id of the request, where the answer names none. Raises pydantic's
        ValidationError without an id.
        """
        job = job_in(body) or fields_of(body)
        fields = {key: value for key, value in job.items() if value is not None}
        address = film_url(job) or film_url(body)
        if address is not None and without_surrogates(address) != address:
            address = None
        status, is_certain = _judge(job, address)
        aliases = {
            "id": fields.get("id", known_id),
            "created_at": fields.get("created_at", fields.get("created")),
            "progress": next((fields[name] for name in PROGRESS if name in fields), None),
            "status": status,
            "is_certain": is_certain,
            "error": _error(job, body, status),
            "film_url": address,
            "made": made_in(job),
        }
        return cls.model_validate(fields | aliases)


class VideoPage(BaseModel):
    """One page of `GET /v1/videos`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    data: tuple[Video, ...] = ()
    has_more: bool = False
    last_id: LenientText = None


def _judge(job: Fields, address: str | None) -> tuple[VideoStatus, bool]:
    """Return a job's status, and whether that is certain.

    Where the word for it is missing or unknown, the job's other fields decide.
    """
    known = read_status(job.get("status"))
    if known is not None:
        return known, True
    if error_in(job):
        return VideoStatus.FAILED, True
    has_film = address is not None and not _leads_to_job(address, job)
    if has_film or _is_time(job.get("completed_at")):
        return VideoStatus.COMPLETED, True
    return VideoStatus.QUEUED, "status" not in job


def _leads_to_job(address: str, job: Fields) -> bool:
    """Whether an address is the job's own or its `/content`'s: a job has these from the start."""
    steps = [unquote(step) for step in address.partition("?")[0].rstrip("/").split("/")]
    return str(job.get("id")) in (steps[-1], steps[-2] if steps[-1] == "content" else None)


def _is_time(value: object) -> bool:
    """Whether a field holds a moment: Unix time, or text as ISO 8601 has it."""
    seconds = number(value)
    if seconds is not None:
        return seconds > 0
    return isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value) is not None


def _error(job: Fields, body: object, status: VideoStatus) -> VideoError | None:
    """Return why a job failed: the job's own words, else those of its envelope."""
    found = error_in(job)
    if status in _WITHOUT_FILM:
        found = error_details(job) or found or _envelopes_details(body)
    return VideoError(code=found.code, message=found.message) if found else None


def _envelopes_details(body: object) -> ErrorDetails:
    fields = fields_of(body)
    return error_details({k: v for k, v in fields.items() if not is_object(v)})
