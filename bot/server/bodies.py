"""The bodies of `POST /v1/videos` and its remixes: their fields, checked and described once.

The models below read requests and are part of the OpenAPI document. Clients send three types of
body: curl and the Python SDK multipart, others JSON or an urlencoded form.

Source of the fields: the "Create video" and "Remix video" pages of the API reference.
"""

import asyncio
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Final, Literal, TypeVar, cast
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from bot.server.errors import BODY_LIMIT, ApiError
from bot.server.job import VideoJob, VideoSpec
from bot.server.objects import SECONDS, SIZES, Seconds, Size
from bot.server.reference import PARAM, Empty, FileImage, JsonImage, ReferenceImage, TextImage
from bot.serving.connection import waiting
from bot.videos.contract import PROMPT_LIMIT

KEY_LIMIT: Final = 255
"""Characters of an Idempotency-Key, the customary bound."""

JSON: Final = "application/json"
URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"

DEFAULT_MODEL: Final = "preview"
MODELS: Final = (DEFAULT_MODEL, "sora-2", "sora-2-pro")
"""The models that `GET /v1/models` lists: our own, then the contract's, which clients send."""

_FIELDS_LIMIT: Final = 1000
"""Fields of an urlencoded form, as many as aiohttp reads of a multipart one."""

_Body = TypeVar("_Body", bound=BaseModel)
_Parsed = TypeVar("_Parsed")

# What the parsers raise on bytes that are no JSON, and aiohttp's form reading on no form.
_NOT_JSON: Final = (ValueError, RecursionError, zlib.error, web.RequestPayloadError)
_NOT_A_FORM: Final = (
    *_NOT_JSON, LookupError, RuntimeError, TypeError, AssertionError, HttpProcessingError
)  # fmt: skip


def _check_prompt(prompt: object) -> object:
    # Checked before pydantic does, which would report a surrogate before the length.
    if isinstance(prompt, str) and not prompt.strip():
        raise PydanticCustomError("blank", "blank")
    if isinstance(prompt, str) and len(prompt) > PROMPT_LIMIT:
        raise PydanticCustomError("string_too_long", "too long")
    return prompt


def _number_as_text(value: object) -> object:
    return str(value) if type(value) is int else value


Prompt = Annotated[
    str,
    Field(
        min_length=1,
        max_length=PROMPT_LIMIT,
        description="What the video shows; not blank.",
        json_schema_extra={"pattern": r"\S"},
    ),
    BeforeValidator(_check_prompt),
]
Model = Annotated[
    str,
    Field(
        pattern="^(preview|sora-2(-pro)?(-[0-9]{4}-[0-9]{2}-[0-9]{2})?)?$",
        description="Answered as asked; all draw alike.",
    ),
]
SecondsOrNumber = Annotated[
    Seconds | Empty | None,
    BeforeValidator(
        _number_as_text, json_schema_input_type=Seconds | Literal[4, 8, 12] | Empty | None
    ),
]
# Servers have fields of their own; unknown ones are ignored.
_OPEN: Final[JsonDict] = {"additionalProperties": True}
# A part's name stands in a header, where control characters are not allowed (RFC 9110, 5.5).
_PARTS: Final[JsonDict] = {**_OPEN, "propertyNames": {"pattern": r"^[^\x00-\x1f\x7f]*$"}}


class RemixFields(BaseModel):
    """`POST /v1/videos/{id}/remix` as JSON or as an urlencoded form."""

    model_config = ConfigDict(strict=True, json_schema_extra=_OPEN)

    prompt: Prompt


class RemixMultipart(RemixFields):
    """`POST /v1/videos/{id}/remix` as multipart/form-data."""

    model_config = ConfigDict(json_schema_extra=_PARTS)


class CreateJson(RemixFields):
    """`POST /v1/videos` as JSON."""

    model: Model | None = None
    seconds: SecondsOrNumber = None
    size: Size | Empty | None = None
    input_reference: JsonImage = None


class CreateForm(RemixFields):
    """`POST /v1/videos` as a form; with several fields of one name, the first counts."""

    model: Model = ""
    seconds: Seconds | Empty = ""
    size: Size | Empty = ""
    bracketed: TextImage = Field(default=None, alias=f"{PARAM}[image_url]")


class CreateUrlencoded(CreateForm):
    """`POST /v1/videos` as an urlencoded form."""

    input_reference: TextImage = None


class CreateMultipart(CreateForm):
    """`POST /v1/videos` as multipart/form-data; a text part may hold a data URL."""

    model_config = ConfigDict(json_schema_extra=_PARTS)

    input_reference: FileImage = None


CREATE: Final = {JSON: CreateJson, MULTIPART: CreateMultipart, URLENCODED: CreateUrlencoded}
REMIX: Final = {JSON: RemixFields, MULTIPART: RemixMultipart, URLENCODED: RemixFields}


@dataclass(frozen=True, kw_only=True)
class CreateRequest:
    """A create or remix request whose fields are valid and complete."""

    spec: VideoSpec
    image: ReferenceImage | None = None

    def digest(self) -> str:
        """Hash all that is asked for; the same request has one digest in every type of body."""
        image = hashlib.sha256(self.image.data).hexdigest() if self.image else None
        spec = self.spec
        fields = [spec.prompt, spec.model, spec.seconds, spec.size, image]
        fields.append(spec.remixed_from_video_id)
        return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


async def read_create(request: web.Request, *, within: float) -> CreateRequest:
    """Read and check the body, which has to arrive `within` so many seconds.

    Raises ApiError: 400, 408, 413 or 415, with the field at fault.
    """
    fields = await _read_fields(request, within)
    # Decoding and hashing megabytes would hold up every other request.
    return await asyncio.to_thread(_create, CREATE.get(request.content_type, CreateJson), fields)


async def read_remix(request: web.Request, source: VideoJob, *, within: float) -> CreateRequest:
    """Read the change that a remix asks for. Raises ApiError as read_create.

    Size, length and model are the source's.
    """
    prompt = _validated(RemixFields, await _read_fields(request, within)).prompt
    change = {
        "prompt": prompt,
        "scene": f"{source.scene}. {prompt}"[-PROMPT_LIMIT:],
        "remixed_from_video_id": source.id,
    }
    return CreateRequest(spec=VideoSpec.model_validate(source.model_dump() | change))


def read_idempotency_key(request: web.Request) -> str | None:
    """Read the `Idempotency-Key` header; blank is none. Raises ApiError when it is too long."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > KEY_LIMIT:
        raise ApiError(message=f"The Idempotency-Key is longer than {KEY_LIMIT} characters.")
    return key or None


def _create(
    kind: type[CreateJson | CreateUrlencoded | CreateMultipart], fields: Mapping[str, object]
) -> CreateRequest:
    body = _validated(kind, fields)
    spec = VideoSpec(
        prompt=body.prompt,
        scene=body.prompt,
        model=body.model or DEFAULT_MODEL,
        seconds=body.seconds or SECONDS[0],
        size=body.size or SIZES[0],
    )
    return CreateRequest(spec=spec, image=body.input_reference)


def _validated(kind: type[_Body], fields: Mapping[str, object]) -> _Body:
    try:
        return kind.model_validate(fields)
    except ValidationError as invalid:
        first = invalid.errors(include_url=False, include_context=False)[0]
        # A null prompt is a missing one.
        error = "missing" if first["input"] is None else first["type"]
        raise _refusal(str(first["loc"][0]), error, first["msg"]) from None


_PROMPT_ERRORS: Final = {
    "missing": "prompt is required.",
    "string_type": "prompt must be a string.",
    "string_too_long": f"prompt must be at most {PROMPT_LIMIT} characters.",
    "string_unicode": "prompt holds half of a surrogate pair, which is no text.",
}
_ERROR_CODES: Final = {"missing": "missing_required_parameter", "string_type": "invalid_type"}


def _refusal(field: str, error: str, message: str) -> ApiError:
    """Return the refusal of a field, for pydantic's type of error.

    `message` is pydantic's text, which is shown of the image alone: read_reference wrote it.
    """
    code = "invalid_value"
    match field:
        case "prompt":
            message = _PROMPT_ERRORS.get(error, "prompt must not be blank.")
            code = _ERROR_CODES.get(error, code)
        case "model":
            message = f"This server has no such model; it knows {', '.join(MODELS)}."
            code = "unknown_model"
        case "seconds" | "size":
            allowed = SECONDS if field == "seconds" else SIZES
            message = f"{field} must be one of {', '.join(allowed)}."
        case _:
            pass
    return ApiError(code, message, param=field)


async def _read_fields(request: web.Request, within: float) -> Mapping[str, object]:
    if (request.content_length or 0) > BODY_LIMIT:
        raise ApiError("request_too_large")
    try:
        async with waiting(request, within):
            return await _read_body(request)
    except TimeoutError:
        raise ApiError("request_timeout") from None


async def _read_body(request: web.Request) -> Mapping[str, object]:
    kind = request.content_type
    if kind == JSON or kind.endswith("+json"):
        return await _read_json(request)
    try:
        if kind == URLENCODED:
            return _fold_brackets(await _read_urlencoded(request))
        if kind == MULTIPART:
            return _fold_brackets(await _read_multipart(request))
    except _NOT_A_FORM:
        raise ApiError("invalid_form") from None
    raise ApiError("unsupported_media_type")


async def _read_json(request: web.Request) -> Mapping[str, object]:
    try:
        body = await _parsed(request, json.loads)
    except _NOT_JSON:
        raise ApiError("invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("invalid_json", "The request body must be a JSON object.")
    return cast("dict[str, object]", body)


async def _read_urlencoded(request: web.Request) -> dict[str, object]:
    charset = request.charset or "utf-8"

    def parse(data: bytes) -> list[tuple[str, str]]:
        return parse_qsl(
            data.decode(charset),
            keep_blank_values=True,
            encoding=charset,
            max_num_fields=_FIELDS_LIMIT,
        )

    # Of several fields of one name, the first.
    return dict(reversed(await _parsed(request, parse)))


async def _read_multipart(request: web.Request) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            fields.setdefault(name, await asyncio.to_thread(value.file.read))
        else:
            fields.setdefault(name, value)
    return fields


async def _parsed(request: web.Request, parse: Callable[[bytes], _Parsed]) -> _Parsed:
    """Read the whole body and parse it in a thread, without keeping what was read."""
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > BODY_LIMIT:
            raise ApiError("request_too_large")
        parts.append(part)
    return await asyncio.to_thread(_parse, parts, parse)


def _parse(parts: list[bytes], parse: Callable[[bytes], _Parsed]) -> _Parsed:
    data = b"".join(parts)
    parts.clear()
    return parse(data)


def _fold_brackets(fields: dict[str, object]) -> dict[str, object]:
    """Make `input_reference[image_url]`, the npm SDK's way to write an object, that object.

    An empty one counts as left out, like every empty field of a form.
    """
    bracketed = {name: fields.pop(f"{PARAM}[{name}]", None) for name in ("image_url", "file_id")}
    nested = {name: value for name, value in bracketed.items() if value}
    return fields | {PARAM: fields.get(PARAM) or nested} if nested else fields
