"""How a job lives, as pure functions of the job, the news and the time."""

from typing import Final

from bot.jobs.models import Job, JobStatus
from bot.videos.errors import Refused, VideosError
from bot.videos.models import Video, VideoStatus

MISSING_LOOKS: Final = 5
"""404s in a row before a job counts as lost by its server; routers lag behind a create."""
DOWNLOAD_TRIES: Final = 6
"""Downloads in a row that brought no film before the job ends as undelivered."""
LONGEST_PAUSE: Final = 60.0
"""Seconds between two looks at a server that does not answer, at the most."""
SERVER_FORGOT: Final = "server_forgot"
NOT_SENT_BEFORE_RESTART: Final = "not_sent_before_restart"
LOST_WHILE_SENDING: Final = "lost_while_sending"
DISK_FAILED: Final = "disk_failed"
IMAGE_LOST: Final = "image_lost"

_STATUS: Final = {
    VideoStatus.QUEUED: JobStatus.QUEUED,
    VideoStatus.IN_PROGRESS: JobStatus.IN_PROGRESS,
    VideoStatus.COMPLETED: JobStatus.COMPLETED,
    VideoStatus.FAILED: JobStatus.FAILED,
    VideoStatus.CANCELLED: JobStatus.CANCELLED,
    VideoStatus.EXPIRED: JobStatus.EXPIRED,
}


def sending(job: Job, now: float) -> Job:
    """The create is about to leave."""
    return job.evolve(status=JobStatus.SENDING, sent_at=now)


def not_sent(job: Job, code: str, now: float) -> Job:
    """The request ends before anything was sent, so nothing was bought."""
    return _ended(job, JobStatus.FAILED, now, code, None)


def accepted(job: Job, video: Video, now: float, pause: float) -> Job:
    """The server has it: keep the id it gave, whatever later polls say (LiteLLM changes it)."""
    return advance(job.evolve(video_id=video.id), video, now, pause)


def refused(job: Job, error: VideosError, now: float) -> Job:
    """The server said no, or could not be reached: nothing was bought."""
    server_code = error.server_code if isinstance(error, Refused) else None
    message = error.message if isinstance(error, Refused) else None
    return _ended(job, JobStatus.FAILED, now, server_code or error.code, message)


def unconfirmed(job: Job, code: str, now: float) -> Job:
    """Nobody knows whether the server has it; it is never sent again by itself."""
    return _ended(job, JobStatus.UNCONFIRMED, now, code, None)


def advance(job: Job, video: Video, now: float, pause: float) -> Job:
    """Take over what a poll told; `pause` is the seconds until the next look.

    Progress never runs backwards on the card, and never decides anything: only the status does.
    """
    status = _STATUS[video.status]
    seen = job.evolve(
        video_model=video.model or job.video_model, failed_looks=0, unreachable_since=None
    )
    if status in (JobStatus.QUEUED, JobStatus.IN_PROGRESS):
        if job.status is JobStatus.IN_PROGRESS:
            status = JobStatus.IN_PROGRESS
        progress = max(video.progress or 0, job.progress or 0) or video.progress
        return seen.evolve(status=status, progress=progress, next_look_at=now + pause)
    if status is JobStatus.COMPLETED:
        return seen.evolve(status=status, progress=100, completed_at=now, next_look_at=now)
    code = video.error.code if video.error else None
    message = video.error.message if video.error else None
    return _ended(seen, status, now, code, message)


def missing(job: Job, now: float, pause: float) -> Job:
    """A poll was answered with "no such job": a few may lie, a row of them does not."""
    looks = job.failed_looks + 1
    if looks >= MISSING_LOOKS:
        return _ended(job, JobStatus.FAILED, now, SERVER_FORGOT, None)
    return job.evolve(failed_looks=looks, next_look_at=now + backoff(looks, pause))


def unreachable(job: Job, now: float, pause: float, retry_after: float | None = None) -> Job:
    """A poll got no answer: the job waits, and remembers since when."""
    looks = job.failed_looks + 1
    wait = backoff(looks, pause) if retry_after is None else retry_after
    return job.evolve(
        failed_looks=looks,
        next_look_at=now + wait,
        unreachable_since=job.unreachable_since or now,
    )


def download_failed(
    job: Job, error: VideosError, now: float, pause: float, retry_after: float | None = None
) -> Job:
    """The film did not arrive whole; another try later, until `DOWNLOAD_TRIES`."""
    looks = job.failed_looks + 1
    if looks >= DOWNLOAD_TRIES:
        return undeliverable(job, error.code, str(error), now)
    wait = backoff(looks, pause) if retry_after is None else retry_after
    return job.evolve(failed_looks=looks, next_look_at=now + wait)


def disk_failed(job: Job, error: OSError, now: float, pause: float) -> Job:
    """Our own disk did not take the film: it stays on the server, and we come back for it."""
    looks = job.failed_looks + 1
    return job.evolve(
        failed_looks=looks,
        error_code=DISK_FAILED,
        error_message=error.strerror,
        next_look_at=now + backoff(looks, pause),
    )


def postponed(job: Job, now: float, pause: float) -> Job:
    """Discord did not answer as it should; the film waits on disk."""
    looks = job.failed_looks + 1
    return job.evolve(failed_looks=looks, next_look_at=now + backoff(looks, pause))


def downloaded(job: Job, film: str) -> Job:
    """The whole film is on our disk."""
    return job.evolve(film=film, failed_looks=0, error_code=None, error_message=None)


def delivered(job: Job, attachment_id: int | None, now: float) -> Job:
    """Discord's answer shows the film in the message."""
    return _ended(job, JobStatus.DELIVERED, now, None, None).evolve(
        film_attachment_id=attachment_id
    )


def undeliverable(job: Job, code: str, message: str | None, now: float) -> Job:
    """Rendered and, if it was downloaded, kept; no way into the chat."""
    return _ended(job, JobStatus.UNDELIVERED, now, code, message)


def backoff(looks: int, pause: float) -> float:
    """Seconds to wait after `looks` failures in a row: doubling, up to `LONGEST_PAUSE`."""
    return min(LONGEST_PAUSE, pause * 2 ** min(looks, 10))


def _ended(job: Job, status: JobStatus, now: float, code: str | None, message: str | None) -> Job:
    return job.evolve(
        status=status,
        error_code=code,
        error_message=message,
        ended_at=now,
        next_look_at=None,
        unreachable_since=None,
        failed_looks=0,
    )
