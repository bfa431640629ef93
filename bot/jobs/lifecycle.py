"""How a job lives, as pure functions of the job, the news and the time."""

from typing import Final

from bot.jobs.models import RUNNING, Fallback, Job, JobStatus
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
    FilmTooLarge,
    FilmWithheld,
    Refused,
    VideosError,
)
from bot.videos.models import Video, VideoStatus

MISSING_LOOKS: Final = 5
"""404s in a row before a job counts as lost by its server; routers lag behind a create."""
DOWNLOAD_TRIES: Final = 6
"""Answers to downloads that were no whole film, at the least, before the job ends as
undelivered."""
FILM_PATIENCE: Final = 900.0
"""Seconds, at the least, for which a server may answer so before the job ends: some hand a film
over a minute after they call its job completed (qvac#2367), and object stores take longer."""
DELIVERY_TRIES: Final = 3
"""Times that a film may be refused by Discord, or fail by a fault of ours, before it is kept."""
DOWNLOAD_LOOKS: Final = 1440
"""Tries of any kind, about a day of them, after which the film of a server that does not answer
for it any more is undelivered until somebody asks again."""
WORTH_SAYING: Final = 15.0
"""Seconds for which such answers are nobody's news; then the card says what its film waits for.
That the operator has to do something is said at once."""
LONGEST_PAUSE: Final = 60.0
"""Seconds between two looks at a server that does not answer, at the most."""
LONGEST_WAIT: Final = 600.0
"""Seconds a server can make us wait for its next answer, whatever it asks for."""
CARD_TRIED_AFTER: Final = {Fallback.DIRECT: 60.0, Fallback.REPLY: 3600.0}
"""Seconds before a card whose end was shown elsewhere is tried again, and at least between two
tries: the few edits that a channel's old messages have are for ends."""
CARD_TRIED_FOR: Final = 24 * 3600.0
"""Seconds after a job's end for which that is done."""
QUEUED_PACE: Final = 2.0
LAST_PACE: Final = 0.6
"""Parts of the poll interval between two looks at a job in line, and at one that is nearly done."""
NEARLY_DONE: Final = 2.0
"""Poll intervals that a job probably has left when it counts as nearly done."""
SERVER_FORGOT: Final = "server_forgot"
NOT_SENT_BEFORE_RESTART: Final = "not_sent_before_restart"
LOST_WHILE_SENDING: Final = "lost_while_sending"
DISK_FAILED: Final = "disk_failed"
CANNOT_REMIX: Final = "cannot_remix"
IMAGE_LOST: Final = "image_lost"
IMAGE_UNUSABLE: Final = "image_unusable"
DISCORD_AWAY: Final = "discord_away"
UNFORESEEN: Final = "unforeseen"
NOT_TAKEN: Final = "not_taken"
CANCELLED_EVERYWHERE: Final = "cancelled_everywhere"
CANCELLED_HERE: Final = "cancelled_here"
DROPPED: Final = "dropped"
NOT_KEPT: Final = "not_kept"
OVERDUE: Final = "overdue"
FILM_LOST: Final = "film_lost"

FRESH: Final = 180.0
"""Seconds. A request found unsent after a restart is sent while its requester still waits for it;
an older one is not bought without being asked for again."""
MATCH_BEFORE: Final = 60.0
"""Seconds a server's clock may be behind ours when a lost create is looked for."""

_NO_REMIX: Final = frozenset({404, 405, 410, 501})
"""Answers to a remix of a server without such a route, or without the film."""

_STATUS: Final = {
    VideoStatus.QUEUED: JobStatus.QUEUED,
    VideoStatus.IN_PROGRESS: JobStatus.IN_PROGRESS,
    VideoStatus.COMPLETED: JobStatus.COMPLETED,
    VideoStatus.FAILED: JobStatus.FAILED,
    VideoStatus.CANCELLED: JobStatus.CANCELLED,
    VideoStatus.EXPIRED: JobStatus.EXPIRED,
}


def fresh(job: Job, now: float) -> bool:
    """Whether a request that was never sent is so young that its requester still waits for it.

    One from ahead of now was written by a clock that was ahead: nobody knows how old it is.
    """
    return 0 <= now - job.created_at <= FRESH


def sending(job: Job, now: float) -> Job:
    """The create is about to leave."""
    return job.evolve(status=JobStatus.SENDING, sent_at=now)


def not_sent(job: Job, code: str, now: float) -> Job:
    """The request ends before anything was sent, so nothing was bought.

    One that was to be sent once more goes back to being unconfirmed: its first create may have been
    taken.
    """
    if job.sent_at is not None:
        return unconfirmed(job, code, now)
    return _ended(job, JobStatus.FAILED, now, code, None)


def accepted(job: Job, video: Video, now: float, pause: float) -> Job:
    """The server has it: keep the id it gave, whatever later polls say (LiteLLM changes it)."""
    return advance(job.evolve(video_id=video.id, film_url=video.film_url), video, now, pause)


def cancelled(job: Job, code: str, now: float) -> Job:
    """Somebody no longer wants it; `code` says whether the server heard of it."""
    return _ended(job, JobStatus.CANCELLED, now, code, None)


def requested_again(job: Job) -> Job:
    """Somebody decides to send an unconfirmed request once more.

    `sent_at` stays: should the process end before it is sent, the first create is still in doubt.
    """
    return _revived(job, JobStatus.REQUESTED)


def offered_again(job: Job, now: float, limit: int | None = None) -> Job:
    """The film is to be delivered once more, from our disk or from the server.

    `limit` are the bytes the bot may upload there now, if that was asked for anew.
    """
    room = {} if limit is None else {"upload_limit": limit, "bot_upload_limit": limit}
    return _revived(job, JobStatus.COMPLETED).evolve(next_look_at=now, **room)


def found(job: Job, video: Video, now: float) -> Job:
    """An unconfirmed job is in the server's list after all; it is polled at once."""
    return accepted(_revived(job, JobStatus.SENDING), video, now, 0.0)


def may_be(job: Job, video: Video) -> bool:
    """Whether a job in the server's list can be this one, whose create was never answered.

    A field that the server leaves out proves nothing; the prompt has to be there and the same. A
    job that has ended may tell what was made instead of what was asked for.
    """
    length = video.made.seconds
    told = [(video.model, job.model)]
    if not video.status.is_final:
        told.append((video.made.size, job.size))
        told.append((None if length is None else f"{length:g}", job.seconds))
    same = all(theirs is None or ours is None or theirs == ours for theirs, ours in told)
    since = (job.sent_at or job.created_at) - MATCH_BEFORE
    new = video.created_at is None or video.created_at >= since
    return video.prompt == job.prompt and same and new


def refused(job: Job, error: VideosError, now: float) -> Job:
    """The server said no, or could not be reached: nothing was bought."""
    ended = _ended(job, JobStatus.FAILED, now, error.code, None)
    if isinstance(error, Refused):
        if job.remix_of is not None and error.status in _NO_REMIX:
            ended = ended.evolve(error_code=CANNOT_REMIX)
        return ended.evolve(server_code=error.server_code, error_message=error.message)
    return ended


def still_in_doubt(before: Job, after: Job, now: float) -> Job:
    """A second create that was refused tells nothing of the first, which may have been taken.

    `before` is the job as it was to be sent, `after` what came of that.
    """
    refused = after.status is JobStatus.FAILED and after.video_id is None
    if refused and before.sent_at is not None:
        return unconfirmed(after, after.error_code or LOST_WHILE_SENDING, now)
    return after


def unconfirmed(job: Job, code: str, now: float) -> Job:
    """Nobody knows whether the server has it; it is never sent again by itself."""
    return _ended(job, JobStatus.UNCONFIRMED, now, code, None)


def advance(job: Job, video: Video, now: float, pause: float) -> Job:
    """Take over what a poll told; `pause` is the seconds until the next look.

    Progress never runs backwards on the card, and never decides anything: only the status does.
    """
    status = _STATUS[video.status]
    seen = job.evolve(
        video_model=video.model or job.video_model,
        failed_looks=0,
        missing_looks=0,
        unreachable_since=None,
    )
    if status in RUNNING:
        if job.status is JobStatus.IN_PROGRESS:
            status = JobStatus.IN_PROGRESS
        told = [percent for percent in (video.progress, job.progress) if percent is not None]
        progress = max(told, default=None)
        wait = min(pause, LONGEST_WAIT)
        return seen.evolve(status=status, progress=progress, next_look_at=now + wait)
    if status is JobStatus.COMPLETED:
        made = video.made
        return seen.evolve(
            status=status,
            progress=100,
            completed_at=now,
            next_look_at=now,
            made_size=made.size,
            made_seconds=made.seconds,
            made_cost=made.cost,
            made_currency=None if made.cost is None else made.currency,
        )
    ended = _ended(seen, status, now, None, None)
    if video.error is None:
        return ended
    return ended.evolve(server_code=video.error.code, error_message=video.error.message)


def missing(job: Job, now: float, pause: float) -> Job:
    """A poll was answered with "no such job": a few may lie, a row of them does not."""
    looks = job.missing_looks + 1
    if looks >= MISSING_LOOKS:
        return _ended(job, JobStatus.FAILED, now, SERVER_FORGOT, None)
    return job.evolve(missing_looks=looks, next_look_at=now + backoff(looks, pause))


def unreachable(job: Job, now: float, pause: float, retry_after: float | None = None) -> Job:
    """A poll got no answer: the job waits, and remembers since when."""
    later = _later(job, now, pause, retry_after)
    return later.evolve(unreachable_since=job.unreachable_since or now)


def download_failed(
    job: Job, error: VideosError, now: float, pause: float, retry_after: float | None = None
) -> Job:
    """The film did not arrive whole; another try later.

    Only answers count against `DOWNLOAD_TRIES` and `FILM_PATIENCE`: a server that is away is waited
    for, though not for ever. The job remembers since when it waits for either. One that is too
    large stays so.
    """
    answered = isinstance(error, FilmNotReady | FilmBroken | FilmWithheld)
    tries = job.film_tries + answered
    since = (job.film_late_since or now) if answered else job.film_late_since
    impatient = tries >= DOWNLOAD_TRIES and since is not None and now - since >= FILM_PATIENCE
    hopeless = isinstance(error, FilmTooLarge) or job.failed_looks >= DOWNLOAD_LOOKS
    if hopeless or (answered and impatient):
        return undeliverable(job, error.code, now)
    is_news = isinstance(error, FilmWithheld) or now - (since or now) >= WORTH_SAYING
    later = _later(job, now, pause, None if retry_after is None else max(pause, retry_after))
    return later.evolve(
        film_tries=tries,
        film_late_since=since,
        unreachable_since=None if answered else job.unreachable_since or now,
        error_code=error.code if answered and is_news else None,
    )


def no_room(job: Job, now: float, pause: float) -> Job:
    """Our own disk did not take the film, or its copy; it waits where it is."""
    later = _later(job, now, pause, None)
    return later.evolve(error_code=DISK_FAILED, unreachable_since=None)


def postponed(job: Job, now: float, pause: float) -> Job:
    """Discord did not take the film; it waits on our disk."""
    return _later(job, now, pause, None).evolve(error_code=None)


def not_taken(job: Job, code: str, now: float, pause: float) -> Job:
    """Discord said no to the film itself, or a fault of ours was in the way; not tried for ever."""
    tries = job.film_tries + 1
    if tries >= DELIVERY_TRIES:
        return undeliverable(job, code, now)
    later = _later(job, now, pause, None)
    return later.evolve(film_tries=tries, unreachable_since=None, error_code=None)


def downloaded(job: Job, film: str) -> Job:
    """The whole film is on our disk."""
    return job.evolve(
        film=film,
        failed_looks=0,
        film_tries=0,
        film_late_since=None,
        unreachable_since=None,
        error_code=None,
    )


def delivered(job: Job, attachment_id: int | None, now: float) -> Job:
    """Discord's answer shows the film, or the link to it, in the message."""
    return _ended(job, JobStatus.DELIVERED, now, None, None).evolve(
        film_attachment_id=attachment_id
    )


def card_left(job: Job, road: Fallback, now: float) -> Job:
    """Its end stands elsewhere, and its card shows an earlier state; it is tried again later.

    A card that only the interaction's token reached is left for good.
    """
    if not job.is_member or job.message_id is None:
        return job
    age = now - (job.ended_at or now)
    after = max(CARD_TRIED_AFTER[road], age)
    return job.evolve(next_look_at=None if age >= CARD_TRIED_FOR else now + after)


def card_closed(job: Job) -> Job:
    """The bot may not change the card: it is tried once more a day later, unless asked before."""
    return job.evolve(next_look_at=(job.ended_at or job.created_at) + CARD_TRIED_FOR)


def card_settled(job: Job) -> Job:
    """The card says where the end stands, or is gone."""
    return job.evolve(next_look_at=None)


def found_too_large(job: Job, size: int) -> Job:
    """Discord did not take a file of `size` bytes, whatever limit it had named before."""
    smaller = job.bot_upload_limit if job.bot_upload_limit < size else size // 2
    return job.evolve(
        upload_limit=min(job.upload_limit, smaller),
        bot_upload_limit=min(job.bot_upload_limit, smaller),
    )


def undeliverable(job: Job, code: str, now: float) -> Job:
    """Rendered and, if it was downloaded, kept; no way into the chat."""
    return _ended(job, JobStatus.UNDELIVERED, now, code, None)


def film_lost(job: Job, now: float) -> Job:
    """The message no longer holds the film that was delivered into it."""
    return undeliverable(job, FILM_LOST, now).evolve(film_attachment_id=None)


def let_go(job: Job, now: float) -> Job:
    """Our copy of the film goes; one that nobody has seen is lost with it."""
    if job.status is JobStatus.UNDELIVERED:
        return _ended(job, JobStatus.EXPIRED, now, NOT_KEPT, None).evolve(film=None)
    return job.evolve(film=None)


def overdue(job: Job, now: float, deadline: float) -> bool:
    """Whether a job that still runs after a look has had its time, in seconds since its create.

    A server that is away is waited for as long again.
    """
    since = job.unreachable_since or job.sent_at or job.created_at
    return job.status in RUNNING and now - since > deadline


def stopped_waiting(job: Job, now: float) -> Job:
    """Its time is over, and the last look said that it still runs; it can be looked at again."""
    return _ended(job, JobStatus.EXPIRED, now, OVERDUE, None)


def watched_again(job: Job, now: float) -> Job:
    """Somebody wants one more look at a job that nobody waits for any more."""
    return _revived(job, JobStatus.IN_PROGRESS).evolve(next_look_at=now)


def pace(job: Job, now: float, pause: float) -> float:
    """Seconds until a running job is worth the next look; `pause` is the operator's interval.

    One that waits for its turn is looked at half as often, one that is nearly done more often, as
    far as its progress tells.
    """
    if job.status is JobStatus.QUEUED:
        return pause * QUEUED_PACE
    if job.progress and job.sent_at is not None:
        left = (now - job.sent_at) * (100 - job.progress) / job.progress
        if left < NEARLY_DONE * pause:
            return pause * LAST_PACE
    return pause


def backoff(looks: int, pause: float) -> float:
    """Seconds to wait after `looks` failures in a row: doubling, never under `pause`."""
    return min(max(LONGEST_PAUSE, pause), pause * 2 ** min(looks, 10))


def _later(job: Job, now: float, pause: float, retry_after: float | None) -> Job:
    looks = job.failed_looks + 1
    wait = backoff(looks, pause) if retry_after is None else min(retry_after, LONGEST_WAIT)
    return job.evolve(failed_looks=looks, next_look_at=now + wait)


def _revived(job: Job, status: JobStatus) -> Job:
    """Take back an end: nothing of it stays, and the next end has to be shown anew."""
    return job.evolve(
        status=status,
        error_code=None,
        server_code=None,
        error_message=None,
        ended_at=None,
        shown=None,
        road=None,
        road_at=None,
        next_look_at=None,
    )


def _ended(job: Job, status: JobStatus, now: float, code: str | None, message: str | None) -> Job:
    """End a job; the film's address goes then, since whoever reads it has the film.

    One that could not be delivered may have to be fetched by it once more.
    """
    return job.evolve(
        status=status,
        film_url=job.film_url if status is JobStatus.UNDELIVERED else None,
        error_code=code,
        error_message=message,
        ended_at=now,
        next_look_at=None,
        unreachable_since=None,
        failed_looks=0,
        missing_looks=0,
        film_tries=0,
        film_late_since=None,
    )
