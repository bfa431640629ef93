"""How a server says no, and how it says that it does not know a job."""

import re
from collections.abc import Mapping
from typing import Final

from bot.runtime.json_fields import is_object
from bot.videos.answer import Answer
from bot.videos.causes import Cause, cause_of
from bot.videos.envelopes import job_in
from bot.videos.error_details import ErrorDetails, error_details, error_in
from bot.videos.errors import (
    BadRequest,
    Busy,
    FilmNotReady,
    Moved,
    NotAllowed,
    NotFound,
    Refused,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.lenient import without_queries
from bot.videos.statuses import VideoStatus, read_status

WORDS_LIMIT: Final = 500
"""Characters kept of a server's own sentence: enough for a card, too few for a page of HTML."""

GONE: Final = frozenset({404, 410})
_UNAUTHORIZED: Final = frozenset({401, 403})
# A proxy's time-out (408), and nginx's and OpenRouter's "client closed" (499): the request may
# have been passed on before.
_TIMED_OUT: Final = 408
_AMBIGUOUS_NO: Final = frozenset({_TIMED_OUT, 499})
_FIRST_SERVER_ERROR: Final = 500
_NEVER_ACCEPTED: Final = frozenset({501, 505, 511})
"""The server knows no such request, no such HTTP, or wants a login to the network first."""
_PAYMENT: Final = 402
_KEY_REFUSED: Final = 401


def is_refusal(answer: Answer) -> bool:
    """Whether the answer to a create proves that nothing was bought.

    A 2xx with an error and no job, and a 501 in JSON, prove it. A 503 proves it only when the
    application itself speaks (Retry-After, or its JSON): Envoy sends a bare one after the upstream
    had the request and reset the connection.
    """
    body = answer.json
    if answer.is_ok:
        is_error = bool(error_in(body)) or read_status(_status(body)) is VideoStatus.FAILED
        return is_error or cause_of(*error_facts(body)) is not None
    if answer.status < _FIRST_SERVER_ERROR:
        return answer.status not in _AMBIGUOUS_NO
    if answer.status in _NEVER_ACCEPTED:
        return is_object(body)
    is_deliberate = answer.retry_after is not None or is_object(body)
    return answer.status == 503 and is_deliberate  # noqa: PLR2004


def refusal(answer: Answer) -> Refused:
    """Return the error of an answer that says no."""
    server_code, message = error_facts(answer.json)
    kind = _kind_of_refusal(answer.status, server_code, message)
    if answer.status == _PAYMENT and cause_of(server_code, message) is None:
        server_code = "payment_required"
    if kind is Moved:
        message = _location(answer.headers) or message
    return kind(
        answer.status,
        server_code=server_code,
        message=message,
        retry_after=answer.retry_after,
    )


def _kind_of_refusal(status: int, code: str | None, message: str | None) -> type[Refused]:
    cause = cause_of(code, message)
    if 300 <= status < 400:  # noqa: PLR2004
        return Moved
    if status == 401:  # noqa: PLR2004
        return Unauthorized
    if status == 403:  # noqa: PLR2004
        is_key = cause is None and _NAMES_A_KEY.search(f"{code} {message}")
        return Unauthorized if is_key else NotAllowed
    if status in {425, 429, 503} and cause is not Cause.QUOTA:
        return Busy
    return BadRequest


_NAMES_A_KEY: Final = re.compile(
    r"key|token|credential|authenti|unauthori|forbidden|None None", re.IGNORECASE
)


def _location(headers: Mapping[str, str]) -> str | None:
    """Return where a redirect leads, for the operator's log."""
    return _cut(next((headers[name] for name in headers if name.lower() == "location"), None))


def read_error(answer: Answer) -> VideosError:
    """Return the error of an answer that is none to a question about a job."""
    server_code, message = error_facts(answer.json)
    is_unknown = answer.status != _KEY_REFUSED and says_unknown(answer.json)
    if answer.status in GONE or is_unknown:
        return NotFound(answer.status, server_code=server_code, message=message)
    if answer.status in _UNAUTHORIZED:
        return refusal(answer)
    return Unavailable(summary(answer).strip(), retry_after=answer.retry_after)


def content_error(answer: Answer, *, ours: bool = True) -> VideosError:
    """Return why `/content` sent no film: not yet, not for this key, or no usable answer.

    `ours` is whether the configured server answered. Another has not judged our key: a signed
    address that has expired answers 401 or 403.
    """
    if ours and answer.status in _UNAUTHORIZED:
        code, message = error_facts(answer.json)
        wait = answer.retry_after
        return Unauthorized(answer.status, server_code=code, message=message, retry_after=wait)
    cause = f"HTTP {answer.status} {_words(answer.json) or ''}".strip()
    if answer.status < _FIRST_SERVER_ERROR and answer.status != _TIMED_OUT:
        return FilmNotReady(cause, retry_after=answer.retry_after)
    return Unavailable(cause, retry_after=answer.retry_after)


# ------------------------------------------------------------------ a job that is not known

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
"""Statuses of a failed request, not of a job."""


def is_job(body: object) -> bool:
    """Whether a body holds a job's status, and not only that of a request."""
    job = job_in(body) or {}
    word = str(job.get("status", "")).lower()
    if not word or _NO_JOB.fullmatch(word):
        return False
    return "id" in job or word not in _ENVELOPES_OWN


def says_unknown(body: object) -> bool:
    """Whether an error says, in whatever words, that the server does not know the job."""
    found = error_in(body) or (ErrorDetails() if is_job(body) else error_details(body))
    if _NO_JOB.fullmatch(str(_status(body))):
        return True
    words = f"{(found.code or '').replace('_', ' ')} {found.message or ''}"
    return bool(_UNKNOWN_JOB.search(words)) and not _OTHER_THING.search(words)


def _status(body: object) -> object:
    return (job_in(body) or {}).get("status")


# ------------------------------------------------------------------ words


def error_facts(body: object) -> tuple[str | None, str | None]:
    """Return the code and the sentence of an error, fit to be logged and shown."""
    found = error_details(body)
    return _cut(found.code), _cut(found.message)


def summary(answer: Answer) -> str:
    """Return an answer's status, and the server's words or the beginning of the body."""
    return f"HTTP {answer.status} {_words(answer.json) or excerpt(answer.body)}"


def excerpt(body: bytes) -> str:
    """Return the beginning of a body as text for the log."""
    return without_queries(body[:4096].decode("utf-8", "replace"))[:120].strip()


def _words(body: object) -> str | None:
    code, message = error_facts(body)
    return " ".join(part for part in (code, message) if part) or None


def _cut(text: str | None) -> str | None:
    return None if text is None else without_queries(text)[:WORDS_LIMIT]
