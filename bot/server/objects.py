"""The objects of the server's answers, which the OpenAPI document describes too.

Source of the fields: the API reference. Source of the types' strictness: LiteLLM answers 500 to a
float timestamp or int seconds, and New API's Go structs refuse an error code that is no string.
"""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, get_args

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from bot.videos.contract import VideoStatus

Size = Literal["720x1280", "1280x720", "1024x1792", "1792x1024"]
"""Width x height in pixels; the first is the default."""
Seconds = Literal["4", "8", "12"]
"""Length of a film; a string in the contract. The first is the default."""
SIZES: Final[tuple[Size, ...]] = get_args(Size)
SECONDS: Final[tuple[Seconds, ...]] = get_args(Seconds)

UnixTime = Annotated[int, Field(ge=0, description="Unix time in whole seconds.")]

ShownStatus = Annotated[
    VideoStatus,
    WithJsonSchema({"type": "string", "enum": ["queued", "in_progress", "completed", "failed"]}),
]
"""The contract's four words; this server writes no others."""


class _Shown(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        # What has a default is always written too.
        json_schema_serialization_defaults_required=True,
    )


class JobError(_Shown):
    """Why a job failed: a code for programs, a sentence for people."""

    code: str
    message: str


class VideoObject(_Shown):
    """A video job."""

    id: str
    object: Literal["video"] = "video"
    model: str
    status: ShownStatus
    progress: int = Field(ge=0, le=100)
    created_at: UnixTime
    completed_at: UnixTime | None
    expires_at: UnixTime | None
    prompt: str | None
    size: Size
    seconds: Seconds
    remixed_from_video_id: str | None
    error: JobError | None
    quality: Literal["standard"] = "standard"


class ListedVideos(_Shown):
    """One page of `GET /v1/videos`; the next begins after `last_id`."""

    object: Literal["list"] = "list"
    data: list[VideoObject]
    first_id: str | None
    last_id: str | None
    has_more: bool


class DeletedVideo(_Shown):
    """What is left of a video that was removed."""

    id: str
    object: Literal["video.deleted"] = "video.deleted"
    deleted: Literal[True] = True


class ModelObject(_Shown):
    """A name to ask by."""

    id: str
    object: Literal["model"] = "model"
    created: UnixTime = 0
    owned_by: str = "rushes"


class ListedModels(_Shown):
    """All names to ask by."""

    object: Literal["list"] = "list"
    data: list[ModelObject]


class Health(_Shown):
    """That the server answers, and how much it has to do."""

    status: Literal["ok"] = "ok"
    queued: int = Field(ge=0)
    in_progress: int = Field(ge=0)


class ErrorFacts(_Shown):
    """A refusal: a sentence for people, and for programs a code and the field at fault."""

    message: str
    type: Literal["invalid_request_error", "server_error"]
    param: str | None
    code: str | None


class ErrorBody(_Shown):
    """The body of every answer from 400 on, where the SDKs look for it."""

    error: ErrorFacts


def answer(
    model: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return an object as an answer in JSON."""
    return web.json_response(text=model.model_dump_json(), status=status, headers=headers)
