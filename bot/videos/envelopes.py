"""Where an answer holds its job: bare as in the contract, or wrapped as relays do.

Sources: OpenAI's bare object; `{"code": "success", "data": {"task_id", "status"}}`, whose `data`
may be the id alone (New API's relays); `{"output": {"task_id", "task_status"}, "request_id"}`
(DashScope); xAI's `{"request_id"}`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

ID_LIMIT: Final = 512
"""Characters of an id: LiteLLM's have 250."""
_OWN_IDS: Final = (
    "id", "task_id", "video_id", "job_id", "generation_id", "prediction_id", "operation_id",
)  # fmt: skip
"""Names of a job's id, the likeliest first."""
_IDS: Final = (*_OWN_IDS, "request_id", "uuid")
"""The last two name the job where nothing else does, as at xAI."""
_STATUSES: Final = ("status", "state", "task_status", "job_status", "video_status")
_HOLDERS: Final = (
    "data", "result", "response", "resp", "task", "job", "generation", "prediction", "output",
)  # fmt: skip
_PRODUCTS: Final = ("video", "videos", "output", "outputs")
"""They hold the job, or what a job that tells its own status has made."""
_STEP: Final = re.compile(r"[/\\]|%2f|%5c", re.IGNORECASE)
_NAME: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
DEEPEST: Final = 3


def job_in(body: object) -> dict[str, Any] | None:
    """Return the fields of the job in an answer, `id` and `status` under these names.

    Either may be missing: a create may answer an id alone, a poll a status alone. None where
    neither is there.
    """
    found = list(_candidates(body, DEEPEST, outermost=True))
    whole = [each for each in found if "id" in each and "status" in each]
    return next(iter(whole or found), None)


def is_id(value: object) -> bool:
    """Whether a value can be a job's id: printable, and nothing that leads elsewhere in a path."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return False
    text = str(value)
    if not (0 < len(text) <= ID_LIMIT and text.isprintable()):
        return False
    steps = _STEP.split(text)
    return bool(text.strip(" .")) and not any(step in {".", ".."} for step in steps)


def plain_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Name fields in one way, however their server spells them: `failReason` is `fail_reason`."""
    return {
        "_".join(word.lower() for word in _NAME.split(str(key)) if word): value
        for key, value in fields.items()
    }


def _candidates(body: object, depth: int, *, outermost: bool = False) -> Iterator[dict[str, Any]]:
    """Give what may be the job, the innermost first: an envelope may have a status of its own.

    What an envelope holds and is a whole job is not opened: in it lies its upstream's (New API).
    """
    if isinstance(body, list) and len(cast("list[object]", body)) == 1:
        body = cast("list[object]", body)[0]
    if not isinstance(body, dict):
        return
    fields = plain_names(cast("dict[str, Any]", body))
    has_status = any(fields.get(name) is not None for name in _STATUSES)
    has_id = any(fields.get(name) is not None for name in _OWN_IDS)
    is_job = fields.get("object") == "video" or (has_id and has_status and not outermost)
    if depth and not is_job:
        for holder in dict.fromkeys((*_HOLDERS, *_PRODUCTS)):
            inner = fields.get(holder)
            if holder in ("data", "result") and isinstance(inner, str) and _is_plain(inner):
                yield {"id": inner}
            elif inner is not None:
                is_part = holder in _PRODUCTS and has_status
                yield from (
                    each
                    for each in _candidates(inner, depth - 1)
                    if not is_part or {"id", "status"} <= each.keys()
                )
    if (job := _named(fields)) is not None:
        yield job


def _is_plain(text: str) -> bool:
    return is_id(text) and not any(mark in text for mark in " /<{")


def _named(fields: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a job's fields with its id and status under the contract's names."""
    job = dict(fields)
    if isinstance(job.get("id"), int) and isinstance(job.get("task_id"), str):
        del job["id"]  # a relay's own row of its table
    for name, aliases in (("id", _IDS), ("status", _STATUSES)):
        value = next((job[each] for each in aliases if job.get(each) is not None), None)
        job.pop(name, None)
        if value is not None:
            job[name] = value
    return job if "id" in job or "status" in job else None
