"""Where an answer holds its job: bare as in the contract, or wrapped as relays do.

Sources: OpenAI's bare object; `{"code": "success", "data": {"task_id", "status"}}`, whose `data`
may be the id alone (New API's relays); xAI's `{"request_id"}`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

ID_LIMIT: Final = 512
"""Characters of an id: LiteLLM's have 250."""
_IDS: Final = ("id", "task_id", "video_id", "job_id", "generation_id", "request_id", "uuid")
"""Names of a job's id, the likeliest first."""
_STATUSES: Final = ("status", "state", "task_status", "job_status", "video_status")
_HOLDERS: Final = ("data", "result", "response", "task", "job", "generation", "video")
DEEPEST: Final = 3


def job_in(body: object) -> dict[str, Any] | None:
    """Return the fields of the job in an answer, `id` and `status` under these names.

    Either may be missing: a create may answer an id alone, a poll a status alone. None where
    neither is there.
    """
    found = list(_candidates(body, DEEPEST))
    whole = [each for each in found if "id" in each and "status" in each]
    return next(iter(whole or found), None)


def is_id(value: object) -> bool:
    """Whether a value can be a job's id: printable, and no step in a path."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    return 0 < len(text) <= ID_LIMIT and text.isprintable() and text.strip(" .") != ""


def _candidates(body: object, depth: int) -> Iterator[dict[str, Any]]:
    """Give what may be the job, the innermost first: an envelope may have a status of its own."""
    if isinstance(body, list) and len(cast("list[object]", body)) == 1:
        body = cast("list[object]", body)[0]
    if not isinstance(body, dict):
        return
    fields = cast("dict[str, Any]", body)
    if depth and fields.get("object") != "video":
        for holder in _HOLDERS:
            inner = fields.get(holder)
            if holder in ("data", "result") and isinstance(inner, str) and _is_plain(inner):
                yield {"id": inner}
            elif inner is not None:
                yield from _candidates(inner, depth - 1)
    if (job := _named(fields)) is not None:
        yield job


def _is_plain(text: str) -> bool:
    return is_id(text) and not any(mark in text for mark in " /<{")


def _named(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a job's fields with its id and status under the contract's names."""
    job = dict(fields)
    for name, aliases in (("id", _IDS), ("status", _STATUSES)):
        value = next((fields[each] for each in aliases if fields.get(each) is not None), None)
        job.pop(name, None)
        if value is not None:
            job[name] = value
    return job if "id" in job or "status" in job else None
