"""Every rule for reading a Videos API server's answers, without I/O.

Sources: the API reference ("Create video", "Retrieve video", "List videos") and what the living
servers answer instead; the server a rule is for stands beside it.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, Final, cast

from pydantic import ValidationError

from bot.media.container import Container
from bot.videos.addresses import film_url
from bot.videos.causes import Cause, cause_of
from bot.videos.envelopes import job_in
from bot.videos.errors import (
    BadRequest,
    Busy,
    FilmNotReady,
    Moved,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    Refused,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.models import Video, VideoPage, without_queries
from bot.videos.reasons import Reason, embedded, error_in, reason_in
from bot.videos.statuses import VideoStatus, read_status

MOST_LISTED: Final = 1000
"""Jobs that are read of one page of the list: ten times what is asked for."""
REASON_LIMIT: Final = 500
"""Characters kept of a server's own sentence: enough for a card, too few for a page of HTML."""

_UNAUTHORIZED: Final = frozenset({401, 403})
_GONE: Final = frozenset({404, 410})
# A proxy's time-out (408), and nginx's and OpenRouter's "client closed" (499): the request may
# have been passed on before.
_TIMED_OUT: Final = 408
_AMBIGUOUS_NO: Final = frozenset({_TIMED_OUT, 499})
_FIRST_SERVER_ERROR: Final = 500
_NEVER_TAKEN: Final = frozenset({501, 505, 511})
"""The server knows no such request, no such HTTP, or wants a login to the network first."""
_PAYMENT: Final = 402
_KEY_REFUSED: Final = 401
_NO_ENTRY: Final = 403


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    has_film: bool = False
    """A film inside it was taken out and written to disk."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a poll told: the job, and the seconds the server asks to wait before the next."""

    video: Video
    poll_after: float | None = None
    film: Container | None = None
    """What film came along with it, at the place that was named for it."""


def read_created(answer: Answer) -> Reading:
    """Read the answer to a create.

    Any 2xx with an id counts (TensorRT-LLM and OpenRouter say 202), `completed` included (Dynamo),
    and an id alone (xAI's `request_id`). Raises Refused where the server said no, whatever its
    status, and OutcomeUnknown where nobody can tell.
    """
    body = _json(answer.body)
    if (video := _video_in(body, answer.status)) is not None:
        return Reading(video=video, poll_after=poll_after(answer.headers))
    if _said_no(answer, body):
        raise _refusal(answer, body)
    if answer.status < 300:  # noqa: PLR2004
        raise OutcomeUnknown(f"HTTP {answer.status} without a job in it: {_excerpt(answer.body)}")
    raise OutcomeUnknown(f"HTTP {answer.status} {_reason(body) or _excerpt(answer.body)}")


def read_video(answer: Answer, video_id: str | None = None) -> Reading:
    """Read the answer to a poll for `video_id`, which the answer need not name.

    A 400 or 500 that carries a job is the job: vLLM-Omni answers so for failed ones, and behind
    LiteLLM the same JSON sits inside `error.message`. Raises NotFound, Unauthorized or Unavailable.
    """
    body = _json(answer.body)
    video = _video_in(body, answer.status, video_id)
    if video is not None and (_is_job(body) or not _says_unknown(body)):
        return Reading(video=video, poll_after=poll_after(answer.headers))
    raise _read_error(answer, body)


def read_page(answer: Answer, wanted: Collection[str] | None = None) -> VideoPage:
    """Read one page of jobs; an entry that is none is passed over. Raises as read_video.

    Of MOST_LISTED entries at the most those are read whose ids are `wanted`, if any are given.
    """
    body = _json(answer.body)
    if answer.status >= 300 or not isinstance(body, dict):  # noqa: PLR2004
        raise _read_error(answer, body)
    fields = cast("dict[str, Any]", body)
    if not isinstance(data := fields.get("data"), list):
        raise Unavailable("not a list of videos")
    entries = islice(cast("list[object]", data), MOST_LISTED)
    videos = (_video_in(entry, answer.status) for entry in entries if _is_wanted(entry, wanted))
    return VideoPage(
        data=tuple(video for video in videos if video is not None),
        has_more=fields.get("has_more") is True,
        last_id=fields.get("last_id"),
    )


def _is_wanted(entry: object, wanted: Collection[str] | None) -> bool:
    if wanted is None or not isinstance(entry, dict):
        return True
    fields = cast("dict[str, object]", entry)
    return any(str(fields.get(name)) in wanted for name in ("id", "task_id", "video_id"))


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
    if answer.status != 400:  # noqa: PLR2004
        return None
    named = re.search(r"https?://\S+", reason_in(body).message or "")
    return None if named is None else named.group().rstrip(".,;)\"'")


def content_error(answer: Answer, *, ours: bool = True) -> VideosError:
    """Tell why no film was sent: not yet (to be tried a few times more), or not allowed.

    Where it was not `ours`, the configured server, that answered, nobody has judged our key: a
    signed address that is past its time answers 401 or 403.
    """
    body = _json(answer.body)
    if ours and answer.status in _UNAUTHORIZED:
        code, message = error_facts(body)
        wait = retry_after(answer.headers)
        return Unauthorized(answer.status, server_code=code, message=message, retry_after=wait)
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


def _video_in(body: object, http_status: int, known_id: str | None = None) -> Video | None:
    job = job_in(body)
    if job is None:
        return _embedded_video(body, http_status, known_id) or _made_alone(
            body, http_status, known_id
        )
    # An error's body may have an id and a status of its own, which are no job's.
    has_status = read_status(job.get("status")) is not None
    is_ok = http_status < 300  # noqa: PLR2004
    if not has_status and (not is_ok or error_in(body) or error_in(job)) and not known_id:
        return None
    if not has_status and not is_ok:
        return None
    try:
        return Video.from_body(body, known_id=known_id)
    except ValidationError:
        return None


def _made_alone(body: object, http_status: int, known_id: str | None) -> Video | None:
    """Read an answer to a poll that holds the film's address and nothing else (xAI's first)."""
    is_ok = http_status < 300  # noqa: PLR2004
    if known_id is None or not is_ok or error_in(body) or film_url(body) is None:
        return None
    return Video.from_body(body, known_id=known_id)


def _embedded_video(body: object, http_status: int, known_id: str | None) -> Video | None:
    """Find the failed job that LiteLLM puts, as text, into an error's message."""
    error = cast("dict[str, Any]", body).get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None
    inner = embedded(cast("dict[str, object]", error).get("message"))
    return None if inner is None else _video_in(inner, http_status, known_id)


def _said_no(answer: Answer, body: object) -> bool:
    """Whether a create was surely not taken.

    A 2xx with an error and no job in it, and a 501 in JSON are a no. A 503 proves it only when the
    application itself speaks (Retry-After, or its JSON): Envoy sends a bare one after the upstream
    had the request and reset the connection.
    """
    if answer.status < 300:  # noqa: PLR2004
        is_error = bool(error_in(body)) or read_status(_status_of(body)) is VideoStatus.FAILED
        return is_error or cause_of(*error_facts(body)) is not None
    if answer.status < _FIRST_SERVER_ERROR:
        return answer.status not in _AMBIGUOUS_NO
    if answer.status in _NEVER_TAKEN:
        return isinstance(body, dict)
    deliberate = retry_after(answer.headers) is not None or isinstance(body, dict)
    return answer.status == 503 and deliberate  # noqa: PLR2004


def _status_of(body: object) -> object:
    return (job_in(body) or {}).get("status")


def _refusal(answer: Answer, body: object) -> Refused:
    server_code, message = error_facts(body)
    kind = _kind_of_refusal(answer.status, server_code, message)
    if answer.status == _PAYMENT and cause_of(server_code, message) is None:
        server_code = "payment_required"
    if kind is Moved:
        message = _told_location(answer.headers) or message
    return kind(
        answer.status,
        server_code=server_code,
        message=message,
        retry_after=retry_after(answer.headers),
    )


def _kind_of_refusal(status: int, code: str | None, message: str | None) -> type[Refused]:
    cause = cause_of(code, message)
    if 300 <= status < 400:  # noqa: PLR2004
        return Moved
    if status == 401:  # noqa: PLR2004
        return Unauthorized
    if status == 403:  # noqa: PLR2004
        return (
            NotAllowed
            if cause or not _SPEAKS_OF_A_KEY.search(f"{code} {message}")
            else Unauthorized
        )
    if status in {425, 429, 503} and cause is not Cause.QUOTA:
        return Busy
    return BadRequest


_SPEAKS_OF_A_KEY: Final = re.compile(
    r"key|token|credential|authenti|unauthori|forbidden|None None", re.IGNORECASE
)


def _told_location(headers: Mapping[str, str]) -> str | None:
    """Return where a redirect leads, for the operator's log."""
    location = next((headers[name] for name in headers if name.lower() == "location"), None)
    return _fit(location)


def _read_error(answer: Answer, body: object) -> VideosError:
    server_code, message = error_facts(body)
    if answer.status in _GONE or (answer.status != _KEY_REFUSED and _says_unknown(body)):
        return NotFound(answer.status, server_code=server_code, message=message)
    if answer.status in _UNAUTHORIZED:
        return _refusal(answer, body)
    cause = f"HTTP {answer.status} {_reason(body) or _excerpt(answer.body)}".strip()
    return Unavailable(cause, retry_after=retry_after(answer.headers))


_UNKNOWN_JOB: Final = re.compile(
    r"(?:task|video|job|generation|request|id|record|resource|object)\b.{0,60}(?:not.?(?:found"
    r"|exist)|unknown|(?:does|do|did) ?n[o']t exist|no longer|invalid|expired)"
    r"|(?:no such|no|unknown|(?:can(?:no|')t|could ?n[o']t|unable to|not) find(?: the| a| any)?"
    r"|invalid)\s+(?:task|video|job|generation|request)|not.?found|not.?exists?\b|不存在|找不到|未找到"
    r"|見つかりません",
    re.IGNORECASE,
)
_OTHER_THING: Final = re.compile(
    r"model|route|endpoint|user|account|channel|\bkey|param|reference|image", re.IGNORECASE
)


_NO_JOB: Final = re.compile(r"(?:.*[^a-z])?not.?(?:found|exists?)", re.IGNORECASE)
"""A status that says that there is no such job."""
_ENVELOPES_OWN: Final = frozenset({"error", "err", "ko"})
"""What stands for a status where a request failed, rather than a job."""


def _is_job(body: object) -> bool:
    """Whether a body tells a job's status, and not only how a question was answered."""
    job = job_in(body) or {}
    word = str(job.get("status", "")).lower()
    if not word or _NO_JOB.fullmatch(word):
        return False
    return "id" in job or word not in _ENVELOPES_OWN


def _says_unknown(body: object) -> bool:
    """Whether an error says, in whatever words, that the server does not know the job."""
    found = error_in(body) or (Reason() if _is_job(body) else reason_in(body))
    if _NO_JOB.fullmatch(str(_status_of(body))):
        return True
    told = f"{(found.code or '').replace('_', ' ')} {found.message or ''}"
    return bool(_UNKNOWN_JOB.search(told)) and not _OTHER_THING.search(told)


def error_facts(body: object) -> tuple[str | None, str | None]:
    """Read an error body of any server as (code, sentence), fit to be logged and shown."""
    found = reason_in(body)
    return _fit(found.code), _fit(found.message)


def _fit(text: str | None) -> str | None:
    return None if text is None else without_queries(text)[:REASON_LIMIT]


def _reason(body: object) -> str | None:
    code, message = error_facts(body)
    return " ".join(part for part in (code, message) if part) or None


def _excerpt(body: bytes) -> str:
    return without_queries(body[:4096].decode("utf-8", "replace"))[:120].strip()
