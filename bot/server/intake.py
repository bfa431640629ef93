"""Reading what `POST /v1/videos` takes: JSON or a form in, one checked Order out.

Source of the fields: the "Create video" page of the API reference. Clients send all three body
types: curl and the Python SDK multipart, others JSON or an urlencoded form.
"""

import asyncio
import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, LiteralString, NoReturn, TypeVar, cast, get_args
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bot.server.answers import BODY_LIMIT, ApiError, too_large
from bot.server.job import VideoJob
from bot.server.objects import Seconds, Size
from bot.server.reference import PARAM, ReferenceImage, read_reference
from bot.serving.connection import waiting
from bot.videos.models import PROMPT_LIMIT

KEY_LIMIT: Final = 255
"""Characters of an Idempotency-Key, the customary bound."""

SIZES: Final[tuple[Size, ...]] = get_args(Size)
SECONDS: Final[tuple[Seconds, ...]] = get_args(Seconds)
DEFAULT_MODEL: Final = "preview"
MODELS: Final = (DEFAULT_MODEL, "sora-2", "sora-2-pro")
"""Names to ask by: our own first, then those that programs written for the API send."""

MODEL_PATTERN: Final = r"preview|sora-2(-pro)?(-[0-9]{4}-[0-9]{2}-[0-9]{2})?"
_MODEL: Final = re.compile(MODEL_PATTERN)
_FIELDS_LIMIT: Final = 1000
"""Fields of a form, as aiohttp has it for multipart."""

_Parsed = TypeVar("_Parsed")
_Word = TypeVar("_Word", bound=LiteralString)

# Everything aiohttp's form reading raises on bytes that are no form.
_NOT_A_FORM: Final = (
    ValueError,
    LookupError,
    RuntimeError,
    TypeError,
    AssertionError,
    HttpProcessingError,
    web.RequestPayloadError,
    zlib.error,
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """A create request that can be fulfilled as it stands."""

    prompt: str
    model: str
    seconds: Seconds
    size: Size
    image: ReferenceImage | None
    scene: str
    """What to draw; for a remix more than its prompt."""
    remixed_from_video_id: str | None = None

    def digest(self) -> str:
        """Fingerprint of everything asked for; equal orders are equal whatever body they had."""
        image = hashlib.sha256(self.image.data).hexdigest() if self.image else None
        source = self.remixed_from_video_id
        fields = [self.prompt, self.model, self.seconds, self.size, image, source]
        return hashlib.sha256(json.dumps(fields).encode()).hexdigest()


async def read_order(request: web.Request, *, within: float) -> Order:
    """Read and check the body, which has to be there `within` so many seconds.

    Raises ApiError: 400, 408, 413 or 415, with the field at fault.
    """
    fields = await _read_fields(request, within)
    # Decoding and hashing megabytes would hold up every other request.
    return await asyncio.to_thread(_order, fields)


def read_idempotency_key(request: web.Request) -> str | None:
    """Read the `Idempotency-Key` header; blank is none. Raises ApiError when it is too long."""
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > KEY_LIMIT:
        raise ApiError(f"The Idempotency-Key is longer than {KEY_LIMIT} characters.")
    return key or None


async def _read_fields(request: web.Request, within: float) -> Mapping[str, object]:
    if (request.content_length or 0) > BODY_LIMIT:
        raise too_large()
    try:
        async with waiting(request, within):
            return await _read_body(request)
    except TimeoutError:
        raise ApiError(
            "The request body took too long, or too many are being sent at once.",
            status=408,
            code="request_timeout",
        ) from None


async def _read_body(request: web.Request) -> Mapping[str, object]:
    kind = request.content_type
    if kind == "application/json" or kind.endswith("+json"):
        return await _read_json(request)
    if kind == "application/x-www-form-urlencoded":
        return _fold_brackets(await _read_urlencoded(request))
    if kind == "multipart/form-data":
        return _fold_brackets(await _read_multipart(request))
    raise ApiError(
        "Send the request as JSON or as multipart/form-data.",
        status=415,
        code="unsupported_media_type",
    )


async def _read_json(request: web.Request) -> Mapping[str, object]:
    try:
        body = await _parsed(request, json.loads)
    except (ValueError, RecursionError, zlib.error, web.RequestPayloadError):
        raise ApiError("The request body is not valid JSON.", code="invalid_json") from None
    if not isinstance(body, dict):
        raise ApiError("The request body must be a JSON object.", code="invalid_json")
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

    try:
        pairs = await _parsed(request, parse)
    except _NOT_A_FORM:
        raise _no_form() from None
    # Of several of one name, the first.
    return dict(reversed(pairs))


async def _read_multipart(request: web.Request) -> dict[str, object]:
    try:
        form = await request.post()
    except _NOT_A_FORM:
        raise _no_form() from None
    fields: dict[str, object] = {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            fields.setdefault(name, await asyncio.to_thread(value.file.read))
        else:
            fields.setdefault(name, value)
    return fields


async def _parsed(request: web.Request, parse: Callable[[bytes], _Parsed]) -> _Parsed:
    """Read the whole body and parse it in a thread; what was read is not kept."""
    parts: list[bytes] = []
    size = 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > BODY_LIMIT:
            raise too_large()
        parts.append(part)
    return await asyncio.to_thread(_take, parts, parse)


def _take(parts: list[bytes], parse: Callable[[bytes], _Parsed]) -> _Parsed:
    data = b"".join(parts)
    parts.clear()
    return parse(data)


def _no_form() -> ApiError:
    return ApiError("The request body is not a valid form.", code="invalid_form")


def _fold_brackets(fields: dict[str, object]) -> dict[str, object]:
    """Make `input_reference[image_url]`, the npm SDK's way to write an object, that object.

    An empty one counts as left out, like every empty field of a form.
    """
    nested = {
        name: fields[f"{PARAM}[{name}]"]
        for name in ("image_url", "file_id")
        if fields.get(f"{PARAM}[{name}]")
    }
    return fields | {PARAM: fields.get(PARAM) or nested} if nested else fields


async def read_remix(request: web.Request, source: VideoJob, *, within: float) -> Order:
    """Read the change that a remix asks for: `{"prompt"}`. Raises ApiError as read_order.

    Source: "Remix video" of the API reference. Size, length and model are the source's.
    """
    prompt = _prompt((await _read_fields(request, within)).get("prompt"))
    return Order(
        prompt=prompt,
        model=source.model,
        seconds=source.seconds,
        size=source.size,
        image=None,
        scene=f"{source.scene}. {prompt}"[-PROMPT_LIMIT:],
        remixed_from_video_id=source.id,
    )


def _order(fields: Mapping[str, object]) -> Order:
    reference = fields.get(PARAM)
    prompt = _prompt(fields.get("prompt"))
    return Order(
        prompt=prompt,
        scene=prompt,
        model=_model(fields.get("model")),
        seconds=_choice("seconds", _as_text(fields.get("seconds")), SECONDS),
        size=_choice("size", fields.get("size"), SIZES),
        image=None if reference is None or reference == "" else read_reference(reference),
    )


def _prompt(value: object) -> str:
    if value is None:
        _refuse("prompt", "prompt is required.", code="missing_required_parameter")
    if not isinstance(value, str):
        _refuse("prompt", "prompt must be a string.", code="invalid_type")
    if not value.strip():
        _refuse("prompt", "prompt must not be blank.")
    if len(value) > PROMPT_LIMIT:
        _refuse("prompt", f"prompt must be at most {PROMPT_LIMIT} characters.")
    try:
        value.encode()
    except UnicodeEncodeError:
        _refuse("prompt", "prompt holds half of a surrogate pair, which is no text.")
    return value


def _model(value: object) -> str:
    if value is None or value == "":
        return DEFAULT_MODEL
    if not isinstance(value, str) or not _MODEL.fullmatch(value):
        known = ", ".join(MODELS)
        _refuse("model", f"This server has no such model; it knows {known}.", code="unknown_model")
    return value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _choice(param: str, value: object, allowed: tuple[_Word, ...]) -> _Word:
    """Take one of the contract's values; the first of them when nothing was said."""
    if value is None or value == "":
        return allowed[0]
    found = next((word for word in allowed if word == value), None)
    if found is None:
        _refuse(param, f"{param} must be one of {', '.join(allowed)}.")
    return found


def _refuse(param: str, message: str, *, code: str = "invalid_value") -> NoReturn:
    raise ApiError(message, param=param, code=code)
