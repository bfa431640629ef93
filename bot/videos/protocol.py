"""Every rule for reading a Videos API server's answers, without I/O.

Sources: the API reference ("Create video", "Retrieve video", "List videos") and what the living
servers answer instead; each rule names its servers.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pydantic import ValidationError

from bot.media.container import Container
from bot.runtime.json_fields import fields_of, is_list, is_object
from bot.videos.addresses import film_url
from bot.videos.answer import Answer, poll_after
from bot.videos.envelopes import job_in
from bot.videos.error_details import error_details, error_in, json_inside
from bot.videos.errors import OutcomeUnknown, Unavailable
from bot.videos.lenient import text
from bot.videos.models import Video, VideoPage
from bot.videos.refusals import (
    GONE,
    excerpt,
    is_job,
    is_refusal,
    read_error,
    refusal,
    says_unknown,
    summary,
)
from bot.videos.statuses import read_status

MOST_LISTED: Final = 1000
"""Jobs that are read of one page of the list: ten times the number that is asked for."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The result of a poll: the job, and the seconds the server asks to wait before the next."""

    video: Video
    poll_after: float | None = None
    film: Container | None = None
    """The kind of the film that came with the answer and was written to disk."""


def read_created(answer: Answer) -> Reading:
    """Read the answer to a create.

    Any 2xx with an id counts (TensorRT-LLM and OpenRouter say 202), `completed` included (Dynamo),
    and an id alone (xAI's `request_id`). Raises Refused where the server said no, whatever its
    status, and OutcomeUnknown where nobody can tell.
    """
    if (video := _video_in(answer.json, is_ok=answer.is_ok)) is not None:
        return Reading(video=video, poll_after=poll_after(answer.headers))
    if is_refusal(answer):
        raise refusal(answer)
    if answer.is_ok:
        raise OutcomeUnknown(f"HTTP {answer.status} without a job in it: {excerpt(answer.body)}")
    raise OutcomeUnknown(summary(answer))


def read_video(answer: Answer, video_id: str | None = None) -> Reading:
    """Read the answer to a poll for `video_id`, which the answer need not name.

    A 400 or 500 that carries a job is the job: vLLM-Omni answers so for failed ones, and behind
    LiteLLM the same JSON sits inside `error.message`. Raises NotFound, Unauthorized or Unavailable.
    """
    video = _video_in(answer.json, video_id, is_ok=answer.is_ok)
    if video is not None and (is_job(answer.json) or not says_unknown(answer.json)):
        return Reading(video=video, poll_after=poll_after(answer.headers))
    raise read_error(answer)


def read_page(answer: Answer, wanted: Collection[str] | None = None) -> VideoPage:
    """Read one page of jobs; an entry that is no job is left out. Raises as read_video.

    At most MOST_LISTED entries are read, and only those whose ids are `wanted`, if any are given.
    """
    page = answer.json
    if not answer.is_ok or not is_object(page):
        raise read_error(answer)
    entries = page.get("data")
    if not is_list(entries):
        raise Unavailable("not a list of videos")
    read = islice(entries, MOST_LISTED)
    videos = (_video_in(entry, is_ok=True) for entry in read if _is_wanted(entry, wanted))
    return VideoPage(
        data=tuple(video for video in videos if video is not None),
        has_more=page.get("has_more") is True,
        last_id=text(page.get("last_id")),
    )


def _is_wanted(entry: object, wanted: Collection[str] | None) -> bool:
    if wanted is None or not is_object(entry):
        return True
    return any(str(entry.get(name)) in wanted for name in ("id", "task_id", "video_id"))


def read_deleted(answer: Answer) -> None:
    """Read the answer to a delete; what the body says differs per server, the status counts.

    A job that is gone already counts as deleted. Raises as read_video.
    """
    if not answer.is_ok and answer.status not in GONE:
        raise read_error(answer)


def film_elsewhere(answer: Answer) -> str | None:
    """Return where `/content` says that the film lies instead of sending it.

    SGLang answers 400 with the address in its sentence where the film went to cloud storage;
    resellers answer JSON that holds it.
    """
    if answer.is_ok:
        return film_url(answer.json)
    if answer.status != 400:  # noqa: PLR2004
        return None
    found = re.search(r"https?://\S+", error_details(answer.json).message or "")
    return None if found is None else found.group().rstrip(".,;)\"'")


def _video_in(body: object, known_id: str | None = None, *, is_ok: bool) -> Video | None:
    """Return the job in a body; `is_ok` is whether it came with a 2xx."""
    job = job_in(body)
    if job is None:
        return _inside_message(body, known_id, is_ok=is_ok) or _film_alone(
            body, known_id, is_ok=is_ok
        )
    # An error's body may have an id and a status of its own, which are no job's.
    is_error = not is_ok or (not known_id and (error_in(body) or error_in(job)))
    if is_error and read_status(job.get("status")) is None:
        return None
    try:
        return Video.from_body(body, known_id=known_id)
    except ValidationError:
        return None


def _film_alone(body: object, known_id: str | None, *, is_ok: bool) -> Video | None:
    """Read an answer to a poll that holds the film's address and nothing else (xAI's first)."""
    if known_id is None or not is_ok or error_in(body) or film_url(body) is None:
        return None
    return Video.from_body(body, known_id=known_id)


def _inside_message(body: object, known_id: str | None, *, is_ok: bool) -> Video | None:
    """Return the failed job that LiteLLM puts, as text, into an error's message."""
    error = fields_of(fields_of(body).get("error"))
    inner = json_inside(error.get("message"))
    return None if inner is None else _video_in(inner, known_id, is_ok=is_ok)
