"""Where an answer holds its job: bare as in the contract, or wrapped as relays do.

Sources: OpenAI's bare object; `{"code": "success", "data": {"task_id", "status"}}`, whose `data`
may be the id alone (New API's relays); `{"output": {"task_id", "task_status"}, "request_id"}`
(DashScope); xAI's `{"request_id"}`.
"""

import re
from collections.abc import Iterator
from typing import Final

from bot.runtime.json_fields import Fields, fields_of, items_of

ID_LIMIT: Final = 512
"""Characters of an id: LiteLLM's have 250."""
_OWN_IDS: Final = (
    "id", "task_id", "video_id", "job_id", "generation_id", "prediction_id", "operation_id",
)  # fmt: skip
"""Names of a job's id, the likeliest first."""
_IDS: Final = (*_OWN_IDS, "request_id", "uuid")
"""The last two are the job's id where there is no other, as at xAI."""
_STATUSES: Final = ("status", "state", "task_status", "job_status", "video_status")
_HOLDERS: Final = (
    "data", "result", "response", "resp", "task", "job", "generation", "prediction", "output",
)  # fmt: skip
_PRODUCTS: Final = ("video", "videos", "output", "outputs")
"""They hold the job itself, or the product of a job that has its own status."""
_STEP: Final = re.compile(r"[/\\]|%2f|%5c", re.IGNORECASE)
_NAME: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
DEEPEST: Final = 3


def job_in(body: object) -> Fields | None:
    """Return the fields of the job in an answer, its `id` and `status` under these names.

    Either may be missing: a create may be answered with an id alone, a poll with a status alone.
    None where neither is there.
    """
    found = list(_candidates(body, DEEPEST, is_outermost=True))
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


def snake_case_names(fields: Fields) -> Fields:
    """Spell all names in one way, however their server does: `failReason` is `fail_reason`."""
    return {
        "_".join(word.lower() for word in _NAME.split(str(key)) if word): value
        for key, value in fields.items()
    }


def _candidates(body: object, depth: int, *, is_outermost: bool = False) -> Iterator[Fields]:
    """Yield what may be the job, the innermost first: an envelope may have a status of its own.

    A whole job inside an envelope is not opened: it may hold its upstream's job (New API).
    """
    items = items_of(body)
    fields = snake_case_names(fields_of(items[0] if len(items) == 1 else body))
    has_status = any(fields.get(name) is not None for name in _STATUSES)
    has_id = any(fields.get(name) is not None for name in _OWN_IDS)
    is_job = fields.get("object") == "video" or (has_id and has_status and not is_outermost)
    if depth and not is_job:
        yield from _held(fields, depth, has_status=has_status)
    if (job := _named(fields)) is not None:
        yield job


def _held(fields: Fields, depth: int, *, has_status: bool) -> Iterator[Fields]:
    """Yield what may be the job in the fields that may hold one."""
    for holder in dict.fromkeys((*_HOLDERS, *_PRODUCTS)):
        inner = fields.get(holder)
        if holder in ("data", "result") and isinstance(inner, str) and _is_plain(inner):
            yield {"id": inner}
        elif inner is not None:
            # Beside a status, a product counts only where it is a whole job.
            needed = {"id", "status"} if holder in _PRODUCTS and has_status else set[str]()
            found = _candidates(inner, depth - 1)
            yield from (each for each in found if needed <= each.keys())


def _is_plain(text: str) -> bool:
    return is_id(text) and not any(mark in text for mark in " /<{")


def _named(fields: Fields) -> Fields | None:
    """Return a job's fields with its id and status under the contract's names."""
    job = dict(fields)
    if isinstance(job.get("id"), int) and isinstance(job.get("task_id"), str):
        del job["id"]  # the number of a row in a relay's own table
    for name, aliases in (("id", _IDS), ("status", _STATUSES)):
        value = next((job[each] for each in aliases if job.get(each) is not None), None)
        job.pop(name, None)
        if value is not None:
            job[name] = value
    return job if "id" in job or "status" in job else None
