"""Why a server said no or a job failed: its own code and sentence, wherever it puts them.

Sources: OpenAI's `{"error": {code, message}}`, vLLM's error as a sentence, FastAPI's `detail` as a
sentence or a list, New API's flat `{code, message}` and `fail_reason`, LiteLLM's JSON inside the
message, and the envelopes of relays.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from bot.videos.addresses import is_address
from bot.videos.envelopes import plain_names

DEEPEST: Final = 5
"""Levels that an error may be packed in."""
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
"""What stands where an error would, when there is none."""
_SAYS: Final = re.compile(r"(?:^|_)(?:msg|message|reason)$")
"""Names of further sentences, like Kling's `task_status_msg`."""
_TELLS_OF_ERROR: Final = re.compile(
    r"^(?:reason|base_resp)$|(?:^|_)(?:error|err|fail|failed|failure|rejected|rejection)"
    r"_(?:reason|message|msg|detail|details|info|description|text)$"
    r"|(?:^|_)(?:failure|err|last_error|exception)$"
)
"""Names of what says why something went wrong, and so that it did."""
_FIRST_ERROR: Final = 400


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A server's own code and sentence, as it gave them; either may be missing."""

    code: str | None = None
    message: str | None = None

    def __bool__(self) -> bool:
        return self.code is not None or self.message is not None


def reason_in(body: object) -> Reason:
    """Return the reason that an error's body, or a job that failed, gives."""
    return _first(_reasons(body, DEEPEST, named=False))


def error_in(body: object) -> Reason:
    """Return the reason of what is surely an error; empty where the body tells of none.

    An `error` that holds one, a code that is none of success, or `success: false`.
    """
    if not isinstance(body, dict):
        return Reason()
    fields = plain_names(cast("dict[str, Any]", body))
    for key in (*_ERRORS[:2], *(key for key in fields if _TELLS_OF_ERROR.search(key))):
        if key in fields and (found := _first(_reasons(fields[key], DEEPEST, named=True))):
            return found
    says_no = (
        fields.get("success") is False
        or fields.get("ok") is False
        or fields.get("error") is True
        or any(_is_http_error(fields.get(key)) for key in ("status", "status_code"))
    )
    code = fields.get("code", fields.get("err_code", fields.get("error_code")))
    if says_no or not _is_fine(code):
        return reason_in(fields) or Reason(code=None if _is_fine(code) else str(code))
    return Reason()


def _is_http_error(value: object) -> bool:
    """Whether a number, where a status stands, is that of an HTTP error."""
    return isinstance(value, int) and _FIRST_ERROR <= value < 600  # noqa: PLR2004


def embedded(message: object) -> object:
    """Find the upstream's JSON that LiteLLM puts, as text, into an error's message."""
    if not isinstance(message, str) or (start := message.find("{")) < 0:
        return None
    try:
        found: object = json.JSONDecoder().raw_decode(message, start)[0]
    except (ValueError, RecursionError):
        return None
    return found


def _first(found: Iterator[Reason]) -> Reason:
    """Join the first code and the first sentence that are found."""
    code = message = None
    for each in found:
        code = code or each.code
        message = message or each.message
        if code and message:
            break
    return Reason(code=code, message=message)


def _reasons(body: object, depth: int, *, named: bool) -> Iterator[Reason]:
    """Give reasons, the innermost first; `named` where this is surely an error."""
    if depth == 0:
        return
    if isinstance(body, str):
        if named and not _is_fine(body) and not is_address(body):
            yield from _in_text(body, depth)
    elif isinstance(body, list):
        yield from _in_list(cast("list[object]", body), depth, named=named)
    elif isinstance(body, dict):
        yield from _in_fields(plain_names(cast("dict[str, Any]", body)), depth)


def _in_text(text: str, depth: int) -> Iterator[Reason]:
    inner = embedded(text)
    if isinstance(inner, dict):
        yield from _reasons(cast("dict[str, object]", inner), depth - 1, named=True)
    yield Reason(message=text)


def _in_list(entries: Sequence[object], depth: int, *, named: bool) -> Iterator[Reason]:
    checked = [cast("dict[str, Any]", each) for each in entries if isinstance(each, dict)]
    if checked and all("loc" in each for each in checked):
        sentences = [f"{_place(each['loc'])}: {each.get('msg', '')}" for each in checked]
        yield Reason(message="; ".join(sentences))
        return
    for each in entries[:5]:
        yield from _reasons(each, depth - 1, named=named)


def _in_fields(fields: Mapping[str, Any], depth: int) -> Iterator[Reason]:
    others = (key for key in fields if _TELLS_OF_ERROR.search(key) and key not in _SENTENCES)
    for key in (*_ERRORS, *others):
        if not _is_fine(fields.get(key)):
            yield from _reasons(fields[key], depth - 1, named=True)
    for key in _HOLDERS:
        if isinstance(fields.get(key), dict):
            yield from _reasons(fields[key], depth - 1, named=False)
    code = next((str(fields[key]) for key in _CODES if _is_code(fields.get(key))), None)
    said = False
    others = (key for key in fields if _SAYS.search(key) and key not in _SENTENCES)
    for key in (*_SENTENCES, *others):
        value = fields.get(key)
        if isinstance(value, dict | list):
            yield from _reasons(cast("object", value), depth - 1, named=True)
        elif isinstance(value, str) and not _is_fine(value) and not is_address(value):
            for found in _in_text(value, depth):
                yield Reason(code=found.code or code, message=found.message)
            said = True
    if not said and code is not None:
        yield Reason(code=code)


def _is_code(value: object) -> bool:
    return isinstance(value, int | str) and not _is_fine(value)


def _is_fine(value: object) -> bool:
    """Whether a value, where an error would stand, says that there is none."""
    if value is None or value is False or value is True:
        return True
    if isinstance(value, dict | list):
        return not value
    return str(value).strip().lower() in _FINE


def _place(loc: object) -> str:
    if isinstance(loc, list | tuple):
        return ".".join(str(step) for step in cast("Sequence[object]", loc))
    return str(loc)
