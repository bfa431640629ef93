"""Every wire rule of the Videos API, without I/O.

Sources: the API reference ("Create video", "Retrieve video", "List videos") and what the living
servers answer instead; the server a rule is for stands beside it.
"""

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final, cast

from pydantic import ValidationError

from bot.videos.container import Container
from bot.videos.dialects import OPENAI, Dialect, ImageAs
from bot.videos.errors import (
    BadRequest,
    Busy,
    FilmNotReady,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.models import CreateVideo, Video, VideoPage, film_url, is_status, without_queries

REASON_LIMIT: Final = 500
"""Characters kept of a server's own sentence: enough for a card, too few for a page of HTML."""

_UNAUTHORIZED: Final = frozenset({401, 403})
_GONE: Final = frozenset({404, 410})
# A proxy's time-out (408), and nginx's and OpenRouter's "client closed" (499): the request may
# have been passed on before.
_TIMED_OUT: Final = 408
_AMBIGUOUS_NO: Final = frozenset({_TIMED_OUT, 499})
_FIRST_SERVER_ERROR: Final = 500


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    has_film: bool = False
    """A film inside it was taken out and written to disk."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field of a multipart/form-data body; with a file name it is a file part."""

    name: str
    value: str | bytes
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a poll told: the job, and the seconds the server asks to wait before the next."""

    video: Video
    poll_after: float | None = None
    film: Container | None = None
    """What film came along with it, at the place that was named for it."""


def create_parts(request: CreateVideo, dialect: Dialect = OPENAI) -> tuple[Part, ...]:
    """Encode a create as multipart fields, the form that nearly every living server takes.

    The image is a file part: it is the one shape vLLM-Omni, SGLang, LiteLLM, New API and the SDKs
    share. Fields that were not chosen are left out, so that the server's defaults hold.
    """
    fields = _fields(request, dialect)
    parts = [Part(name=name, value=str(value)) for name, value in fields.items()]
    if (image := request.input_reference) is not None:
        parts.append(
            Part(
                name="input_reference",
                value=image.data,
                filename=image.filename,
                content_type=image.content_type,
            )
        )
    return tuple(parts)


def create_json(request: CreateVideo, dialect: Dialect) -> dict[str, object]:
    """Encode a create as JSON, for the servers that take nothing else; the image is a data URL."""
    body: dict[str, object] = _fields(request, dialect)
    if (image := request.input_reference) is not None:
        url = f"data:{image.content_type};base64,{b64encode(image.data).decode()}"
        if dialect.image is ImageAs.FIRST_FRAME:
            frame = {"type": "image_url", "image_url": {"url": url}, "frame_type": "first_frame"}
            body["frame_images"] = [frame]
        elif dialect.image is ImageAs.MEDIA:
            body["media"] = {"frame_images": [{"input_image": url, "frame": "first"}]}
        else:
            body["input_reference"] = url
    return body


def _fields(request: CreateVideo, dialect: Dialect) -> dict[str, object]:
    """Return the chosen fields under the names and in the types of a dialect."""
    seconds: object = request.seconds
    if request.seconds is not None and dialect.seconds_is_number:
        seconds = int(request.seconds)
    frame: dict[str, object] = {"size": request.size}
    if request.size is not None and dialect.size_is_two_numbers:
        width, height = request.size.split("x")
        frame = {"width": int(width), "height": int(height)}
    fields: dict[str, object] = {
        "prompt": request.prompt,
        "model": request.model,
        **frame,
        dialect.seconds: seconds,
        **request.extra,
    }
    return {name: value for name, value in fields.items() if value is not None}


def read_created(answer: Answer) -> Reading:
    """Read the answer to a create.

    Any 2xx with an id counts (TensorRT-LLM and OpenRouter say 202), `completed` included (Dynamo).
    Raises Refused where the server said no, OutcomeUnknown where nobody can tell.
    """
    body = _json(answer.body)
    if (video := _video_in(body, answer.status)) is not None:
        return Reading(video=video, poll_after=poll_after(answer.headers))
    if answer.status < 300:  # noqa: PLR2004
        raise OutcomeUnknown(f"HTTP {answer.status} without a job in it: {_excerpt(answer.body)}")
    if _said_no(answer, body):
        raise _refusal(answer, body)
    raise OutcomeUnknown(f"HTTP {answer.status} {_reason(body) or _excerpt(answer.body)}")


def read_video(answer: Answer) -> Reading:
    """Read the answer to a poll.

    A 400 or 500 that carries a job is the job: vLLM-Omni answers so for failed ones, and behind
    LiteLLM the same JSON sits inside `error.message`. Raises NotFound, Unauthorized or Unavailable.
    """
    body = _json(answer.body)
    if (video := _video_in(body, answer.status)) is not None:
        return Reading(video=video, poll_after=poll_after(answer.headers))
    raise _read_error(answer, body)


def read_page(answer: Answer) -> VideoPage:
    """Read one page of jobs; an entry that is none is passed over. Raises as read_video."""
    body = _json(answer.body)
    if answer.status >= 300 or not isinstance(body, dict):  # noqa: PLR2004
        raise _read_error(answer, body)
    fields = cast("dict[str, Any]", body)
    if not isinstance(data := fields.get("data"), list):
        raise Unavailable("not a list of videos")
    videos = (_video_in(entry, answer.status) for entry in cast("list[object]", data))
    return VideoPage(
        data=tuple(video for video in videos if video is not None),
        has_more=fields.get("has_more") is True,
        last_id=fields.get("last_id"),
    )


def read_deleted(answer: Answer) -> None:
    """Read the answer to a delete; what the body says differs per server, the status counts.

    Raises as read_video; a job that is not there any more counts as deleted.
    """
    if answer.status >= 300 and answer.status not in _GONE:  # noqa: PLR2004
        raise _read_error(answer, _json(answer.body))


def film_elsewhere(answer: Answer) -> str | None:
    """Find where /content says that the film lies instead of sending it.

    SGLang answers 400 with the address in its sentence where the film went to cloud storage;
    resellers answer JSON that holds it.
    """
    body = _json(answer.body)
    if answer.status < 300:  # noqa: PLR2004
        return film_url(body)
    _, message = _facts(body)
    named = re.search(r"https?://\S+", message or "") if answer.status == 400 else None  # noqa: PLR2004
    return None if named is None else named.group().rstrip(".,;)\"'")


def content_error(answer: Answer, *, ours: bool = True) -> VideosError:
    """Tell why no film was sent: not yet (to be tried a few times more), or not allowed.

    Where it was not `ours`, the configured server, that answered, nobody has judged our key: a
    signed address that is past its time answers 401 or 403.
    """
    body = _json(answer.body)
    if ours and answer.status in _UNAUTHORIZED:
        return _refusal(answer, body)
    cause = f"HTTP {answer.status} {_reason(body) or ''}".strip()
    wait = retry_after(answer.headers)
    if answer.status < _FIRST_SERVER_ERROR and answer.status != _TIMED_OUT:
        return FilmNotReady(cause, retry_after=wait)
    return Unavailable(cause, retry_after=wait)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds the server asks to wait: `retry-after-ms`, or `Retry-After` in either form.

    LiteLLM hands the upstream's on as `llm_provider-retry-after`. RFC 9110, section 10.2.3.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    if (milliseconds := _seconds(lowered.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    for name in ("retry-after", "llm_provider-retry-after"):
        if (value := lowered.get(name)) is None:
            continue
        if (seconds := _seconds(value)) is not None:
            return seconds
        try:
            wait = parsedate_to_datetime(value) - (now or datetime.now(UTC))
        except (ValueError, TypeError):
            continue
        return max(0.0, wait.total_seconds())
    return None


def poll_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the next poll by `openai-poll-after-ms`, or the server's Retry-After."""
    lowered = {name.lower(): value for name, value in headers.items()}
    milliseconds = _seconds(lowered.get("openai-poll-after-ms"))
    return retry_after(headers) if milliseconds is None else milliseconds / 1000


def _seconds(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _embedded(message: object) -> object:
    """Find the upstream's JSON that LiteLLM puts, as text, into an error's message."""
    if not isinstance(message, str) or (start := message.find("{")) < 0:
        return None
    try:
        found: object = json.JSONDecoder().raw_decode(message, start)[0]
    except (ValueError, RecursionError):
        return None
    return found


def _video_in(body: object, http_status: int) -> Video | None:
    if not isinstance(body, dict):
        return None
    fields = cast("dict[str, Any]", body)
    if "status" in fields:
        # An error body may have an id and a status of its own, which are no job's.
        if http_status >= 300 and not is_status(fields["status"]):  # noqa: PLR2004
            return None
        try:
            return Video.from_body(fields)
        except ValidationError:
            return None
    error = fields.get("error")
    if isinstance(error, dict):
        return _video_in(_embedded(cast("dict[str, object]", error).get("message")), http_status)
    return None


def _said_no(answer: Answer, body: object) -> bool:
    """Whether a create was surely not taken.

    A 503 proves it only when the application itself speaks (Retry-After, or its JSON): Envoy sends
    a bare one after the upstream had the request and reset the connection.
    """
    if answer.status < _FIRST_SERVER_ERROR:
        return answer.status not in _AMBIGUOUS_NO
    deliberate = retry_after(answer.headers) is not None or isinstance(body, dict)
    return answer.status == 503 and deliberate  # noqa: PLR2004


def _refusal(answer: Answer, body: object) -> Refused:
    kind: type[Refused] = BadRequest
    if answer.status in _UNAUTHORIZED:
        kind = Unauthorized
    elif answer.status in {425, 429, 503}:
        kind = Busy
    server_code, message = error_facts(body)
    return kind(
        answer.status,
        server_code=server_code,
        message=message,
        retry_after=retry_after(answer.headers),
    )


def _read_error(answer: Answer, body: object) -> VideosError:
    server_code, message = error_facts(body)
    # New API answers 400 for an id it does not know.
    unknown = answer.status in _GONE or server_code == "task_not_exist"
    if unknown:
        return NotFound(answer.status, server_code=server_code, message=message)
    if answer.status in _UNAUTHORIZED:
        return _refusal(answer, body)
    cause = f"HTTP {answer.status} {_reason(body) or _excerpt(answer.body)}".strip()
    return Unavailable(cause, retry_after=retry_after(answer.headers))


def error_facts(body: object) -> tuple[str | None, str | None]:
    """Read an error body of any server as (code, sentence), fit to be logged and shown.

    OpenAI's `{"error": {code, message}}`, vLLM's string error, FastAPI's `detail` as a sentence or
    a list, New API's flat `{code, message}`, and LiteLLM's JSON inside the message.
    """
    code, message = _facts(body)
    return _fit(code), _fit(message)


def _fit(text: str | None) -> str | None:
    return None if text is None else without_queries(text)[:REASON_LIMIT]


def _facts(body: object) -> tuple[str | None, str | None]:
    if not isinstance(body, dict):
        return None, None
    fields = cast("dict[str, Any]", body)
    error = fields.get("error") or fields.get("detail") or fields
    if isinstance(error, str):
        return None, error
    if isinstance(error, Sequence):
        return None, _validation_sentence(cast("Sequence[object]", error))
    if not isinstance(error, dict):
        return None, None
    facts = cast("dict[str, Any]", error)
    inner_code, inner_message = _facts(_embedded(facts.get("message")))
    code = inner_code or (None if facts.get("code") is None else str(facts["code"]))
    message = inner_message or facts.get("message")
    return code, None if message is None else str(message)


def _validation_sentence(errors: Sequence[object]) -> str | None:
    """Join FastAPI's `[{"loc": [...], "msg": "..."}]`."""
    details = [cast("dict[str, Any]", error) for error in errors if isinstance(error, dict)]
    sentences = [f"{_place(detail.get('loc'))}: {detail.get('msg', '')}" for detail in details]
    return "; ".join(sentences) or None


def _place(loc: object) -> str:
    if isinstance(loc, list | tuple):
        return ".".join(str(step) for step in cast("Sequence[object]", loc))
    return str(loc)


def _reason(body: object) -> str | None:
    code, message = error_facts(body)
    return " ".join(part for part in (code, message) if part) or None


def _excerpt(body: bytes) -> str:
    return without_queries(body[:4096].decode("utf-8", "replace"))[:120].strip()
