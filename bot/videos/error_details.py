"""Why a server refused or a job failed: its own code and sentence, wherever it puts them.

Sources: OpenAI's `{"error": {code, message}}`, vLLM's error as a sentence, FastAPI's `detail` as a
sentence or a list, New API's flat `{code, message}` and `fail_reason`, LiteLLM's JSON inside the
message, and the envelopes of relays.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from bot.runtime.json_fields import Fields, fields_of, is_list, is_object, objects_in
from bot.videos.addresses import is_address
from bot.videos.envelopes import snake_case_names

DEEPEST: Final = 5
"""Levels that an error may be nested in."""
_SENTENCES: Final = (
    "message", "msg", "fail_reason", "failure_reason", "reason", "error_message", "error_msg",
    "err_msg", "errmsg", "status_message", "status_msg", "error_description", "description",
    "status_detail", "status_details", "title",
)  # fmt: skip
_CODES: Final = (
    "code",
    "error_code",
    "err_code",
    "errcode",
    "failure_code",
    "status_code",
    "error_type",
)
_ERRORS: Final = ("error", "errors", "detail", "details", "failure", "err", "base_resp")
_HOLDERS: Final = ("data", "result", "response", "task", "job", "output", "metadata")
_FINE: Final = frozenset({
    "", "0", "ok", "success", "succeeded", "successful", "succeed", "none", "null", "false",
    "200", "20000", "201", "202", "true", "no error", "noerror", "n/a",
})  # fmt: skip
"""Values of an error field where there is no error."""
_SENTENCE: Final = re.compile(r"(?:^|_)(?:msg|message|reason)$")
"""Names of further sentences, like Kling's `task_status_msg`."""
_ERROR_FIELD: Final = re.compile(
    r"^(?:reason|base_resp)$|(?:^|_)(?:error|err|fail|failed|failure|rejected|rejection)"
    r"_(?:reason|message|msg|detail|details|info|description|text)$"
    r"|(?:^|_)(?:failure|err|last_error|exception)$"
)
"""Names of fields that are there only where something went wrong."""
_FIRST_ERROR: Final = 400


@dataclass(frozen=True, kw_only=True)
class ErrorDetails:
    """A server's own code and sentence, as it gave them; either may be missing."""

    code: str | None = None
    message: str | None = None

    def __bool__(self) -> bool:
        return self.code is not None or self.message is not None


def error_details(body: object) -> ErrorDetails:
    """Return the details in the body of an error, or in a job that failed."""
    return _joined(_details(body, DEEPEST, is_error=False))


def error_in(body: object) -> ErrorDetails:
    """Return the details of an error that a body surely reports; empty where it may report none.

    Sure are an `error` with content, a code that is none of success, and `success: false`.
    """
    fields = snake_case_names(fields_of(body))
    for key in (*_ERRORS[:2], *(key for key in fields if _ERROR_FIELD.search(key))):
        if key in fields and (found := _joined(_details(fields[key], DEEPEST, is_error=True))):
            return found
    code = fields.get("code", fields.get("err_code", fields.get("error_code")))
    if _says_no(fields) or not _is_fine(code):
        return error_details(fields) or ErrorDetails(code=None if _is_fine(code) else str(code))
    return ErrorDetails()


def _says_no(fields: Fields) -> bool:
    return (
        fields.get("success") is False
        or fields.get("ok") is False
        or fields.get("error") is True
        or any(_is_http_error(fields.get(key)) for key in ("status", "status_code"))
    )


def _is_http_error(value: object) -> bool:
    return isinstance(value, int) and _FIRST_ERROR <= value < 600  # noqa: PLR2004


def json_inside(message: object) -> object:
    """Return the upstream's JSON that LiteLLM puts, as text, into an error's message; else None."""
    if not isinstance(message, str) or (start := message.find("{")) < 0:
        return None
    try:
        found: object = json.JSONDecoder().raw_decode(message, start)[0]
    except (ValueError, RecursionError):
        return None
    return found


def _joined(found: Iterable[ErrorDetails]) -> ErrorDetails:
    """Return the first code and the first sentence that are found."""
    code = message = None
    for each in found:
        code = code or each.code
        message = message or each.message
        if code and message:
            break
    return ErrorDetails(code=code, message=message)


def _details(body: object, depth: int, *, is_error: bool) -> Iterator[ErrorDetails]:
    """Yield details, the innermost first; with `is_error` a text is known to be a sentence."""
    if depth == 0:
        return
    if isinstance(body, str):
        if is_error and _is_sentence(body):
            yield from _in_text(body, depth)
    elif is_list(body):
        yield from _in_list(body, depth, is_error=is_error)
    elif is_object(body):
        yield from _in_fields(snake_case_names(body), depth)


def _in_text(text: str, depth: int) -> Iterator[ErrorDetails]:
    inner = json_inside(text)
    if is_object(inner):
        yield from _details(inner, depth - 1, is_error=True)
    yield ErrorDetails(message=text)


def _in_list(items: list[object], depth: int, *, is_error: bool) -> Iterator[ErrorDetails]:
    objects = objects_in(items)
    if objects and all("loc" in each for each in objects):
        sentences = [f"{_location(each['loc'])}: {each.get('msg', '')}" for each in objects]
        yield ErrorDetails(message="; ".join(sentences))
        return
    for item in items[:5]:
        yield from _details(item, depth - 1, is_error=is_error)


def _in_fields(fields: Fields, depth: int) -> Iterator[ErrorDetails]:
    for key in (*_ERRORS, *_others(fields, _ERROR_FIELD)):
        if not _is_fine(fields.get(key)):
            yield from _details(fields[key], depth - 1, is_error=True)
    for key in _HOLDERS:
        if is_object(fields.get(key)):
            yield from _details(fields[key], depth - 1, is_error=False)
    yield from _in_sentences(fields, depth)


def _in_sentences(fields: Fields, depth: int) -> Iterator[ErrorDetails]:
    """Yield the sentences that fields hold, each with the code beside it; else the code alone."""
    code = next((str(fields[key]) for key in _CODES if _is_code(fields.get(key))), None)
    has_sentence = False
    for key in (*_SENTENCES, *_others(fields, _SENTENCE)):
        value = fields.get(key)
        if is_object(value) or is_list(value):
            yield from _details(value, depth - 1, is_error=True)
        elif isinstance(value, str) and _is_sentence(value):
            for found in _in_text(value, depth):
                yield ErrorDetails(code=found.code or code, message=found.message)
            has_sentence = True
    if not has_sentence and code is not None:
        yield ErrorDetails(code=code)


def _others(fields: Fields, named: re.Pattern[str]) -> list[str]:
    return [key for key in fields if named.search(key) and key not in _SENTENCES]


def _is_sentence(text: str) -> bool:
    return not _is_fine(text) and not is_address(text)


def _is_code(value: object) -> bool:
    return isinstance(value, int | str) and not _is_fine(value)


def _is_fine(value: object) -> bool:
    """Whether the value of an error field says that there is no error."""
    if value is None or value is False or value is True:
        return True
    if isinstance(value, dict | list):
        return not value
    return str(value).strip().lower() in _FINE


def _location(loc: object) -> str:
    """Return FastAPI's path to a field as text."""
    return ".".join(str(step) for step in loc) if is_list(loc) else str(loc)
