"""How a render lives: pure functions of the render, the news and the time.

Times are Unix seconds, pauses and waits are seconds.
"""

from typing import Final

from bot.jobs.models import RUNNING, Fallback, Render, RenderStatus, Verb
from bot.jobs.reasons import Reason
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
    FilmTooLarge,
    FilmWithheld,
    Refused,
    VideosError,
)
from bot.videos.models import Video

MISSING_POLLS: Final = 5
"""404 for a known id; only so many in a row count, since routers lag behind a create."""
DOWNLOAD_ATTEMPTS: Final = 6
"""Downloads that brought no whole film, at least, before the render ends as undelivered."""
FILM_PATIENCE: Final = 900.0
"""Seconds, at least, in which a server may answer so: some serve a film a minute after they report
its job completed (qvac#2367), and object stores take longer."""
DELIVERY_ATTEMPTS: Final = 3
"""Times that Discord may refuse a film, or a fault of ours may stop it, before it is kept."""
DELIVERIES: Final = 1440
"""Deliveries in a row without an answer, about a day of them, before the film of a silent server
counts as undelivered."""
WORTH_SAYING: Final = 15.0
"""Seconds after which the card says what a film waits for."""
LONGEST_PAUSE: Final = 60.0
"""Seconds between two polls of a server that does not answer, at most."""
LONGEST_WAIT: Final = 600.0
"""Seconds a server can delay our next request, whatever it asks for."""
CARD_RETRY_AFTER: Final = {Fallback.DIRECT: 60.0, Fallback.REPLY: 3600.0}
"""Seconds before a card whose end was shown elsewhere is edited again, and at least between two
attempts: a channel's old messages accept few edits, and those are for ends."""
CARD_RETRIED_FOR: Final = 24 * 3600.0
"""Seconds after the end in which that is done."""
QUEUED_PACE: Final = 2.0
LAST_PACE: Final = 0.6
"""Poll intervals between two polls of a queued render, and of one that is nearly done."""
NEARLY_DONE: Final = 2.0
"""Poll intervals that a render probably has left when it counts as nearly done."""
_NO_REMIX: Final = frozenset({404, 405, 410, 501})
"""Answers to a remix of a server without such a route, or without the video."""
_UNTROUBLED: Final[dict[str, int | None]] = {
    "unreachable_since": None,
    "failed_polls": 0,
    "missing_polls": 0,
    "failed_deliveries": 0,
    "download_attempts": 0,
    "delivery_attempts": 0,
    "film_late_since": None,
}


# -------------------------------------------------------------------- the create


def sending(render: Render, now: float) -> Render:
    """The create is about to leave."""
    return render.evolve(status=RenderStatus.SENDING, sent_at=now)


def fail_unsent(render: Render, reason: Reason, now: float) -> Render:
    """The request ends before anything was sent, so nothing was bought.

    One that was to be sent once more goes back to unconfirmed: its first create may have arrived.
    """
    if render.sent_at is not None:
        return unconfirmed(render, reason, now)
    return _ended(render, RenderStatus.FAILED, now, reason)


def accepted(render: Render, video: Video, now: float, pause: float) -> Render:
    """The server has it: keep the id it gave, whatever later polls say (LiteLLM changes it)."""
    known = render.evolve(video_id=video.id, film_url=video.film_url)
    return advance(known, video, now, pause)


def cancelled(render: Render, reason: Reason, now: float) -> Render:
    """Somebody no longer wants it; `reason` says whether the server knows."""
    return _ended(render, RenderStatus.CANCELLED, now, reason)


def requested_again(render: Render) -> Render:
    """Somebody decides to send an unconfirmed request once more.

    `sent_at` stays: should the process end before it is sent, the first create is still in doubt.
    """
    return _revived(render, RenderStatus.REQUESTED)


def found(render: Render, video: Video, now: float) -> Render:
    """The server's list has an unconfirmed render after all; it is polled at once."""
    return accepted(_revived(render, RenderStatus.SENDING), video, now, 0.0)


def refused(render: Render, error: VideosError, now: float) -> Render:
    """The server refused the create, or could not be reached: nothing was bought."""
    ended = _ended(render, RenderStatus.FAILED, now, Reason.of(error))
    if not isinstance(error, Refused):
        return ended
    if render.request.verb is Verb.REMIX and error.status in _NO_REMIX:
        ended = ended.evolve(reason=Reason.CANNOT_REMIX)
    return ended.evolve(server_code=error.server_code, server_message=error.message)


def still_in_doubt(before: Render, after: Render, now: float) -> Render:
    """A refused second create proves nothing of the first, which the server may have accepted.

    `before` is the render as it was to be sent, `after` what came of that.
    """
    was_refused = after.status is RenderStatus.FAILED and after.video_id is None
    if was_refused and before.sent_at is not None:
        return unconfirmed(after, after.reason or Reason.LOST_WHILE_SENDING, now)
    return after


def unconfirmed(render: Render, reason: Reason, now: float) -> Render:
    """Nobody knows whether the server has it; it is never sent again by itself."""
    return _ended(render, RenderStatus.UNCONFIRMED, now, reason)


# -------------------------------------------------------------------- polls


def advance(render: Render, video: Video, now: float, pause: float) -> Render:
    """Apply the answer to a poll; the next poll is due after `pause`.

    Progress never runs backwards on the card, and never decides anything: only the status does.
    """
    status = RenderStatus(video.status.value)
    seen = render.evolve(video_model=video.model or render.video_model, **_UNTROUBLED)
    if status in RUNNING:
        return _still_running(seen, video, status, now, pause)
    if status is RenderStatus.COMPLETED:
        return _completed(seen, video, now)
    ended = _ended(seen, status, now, None)
    if video.error is None:
        return ended
    return ended.evolve(server_code=video.error.code, server_message=video.error.message)


def _still_running(
    render: Render, video: Video, status: RenderStatus, now: float, pause: float
) -> Render:
    if render.status is RenderStatus.IN_PROGRESS:
        status = RenderStatus.IN_PROGRESS
    known = [percent for percent in (video.progress, render.progress) if percent is not None]
    wait = min(pause, LONGEST_WAIT)
    return render.evolve(status=status, progress=max(known, default=None), next_poll_at=now + wait)


def _completed(render: Render, video: Video, now: float) -> Render:
    made = video.made
    return render.evolve(
        status=RenderStatus.COMPLETED,
        progress=100,
        completed_at=now,
        next_poll_at=None,
        next_delivery_at=now,
        made_size=made.size,
        made_seconds=made.seconds,
        made_cost=made.cost,
        made_currency=None if made.cost is None else made.currency,
    )


def missing(render: Render, now: float, pause: float) -> Render:
    """The server answers that it does not know the video; only a row of such answers counts."""
    polls = render.missing_polls + 1
    if polls >= MISSING_POLLS:
        return _ended(render, RenderStatus.FAILED, now, Reason.SERVER_FORGOT)
    return render.evolve(missing_polls=polls, next_poll_at=now + backoff(polls, pause))


def unreachable(
    render: Render, now: float, pause: float, retry_after: float | None = None
) -> Render:
    """A poll got no answer: the render waits, and remembers since when."""
    failed = render.failed_polls + 1
    return render.evolve(
        failed_polls=failed,
        next_poll_at=now + _wait(failed, pause, retry_after),
        unreachable_since=render.unreachable_since or now,
    )


def is_overdue(render: Render, now: float, deadline: float) -> bool:
    """Whether a render that still runs after a poll has had its time, counted from its create.

    A server that does not answer is waited for as long again.
    """
    since = render.unreachable_since or render.sent_at or render.request.created_at
    return render.status in RUNNING and now - since > deadline


def overdue(render: Render, now: float) -> Render:
    """Its time is over, and the last poll said that it still runs; polling can be resumed."""
    return _ended(render, RenderStatus.EXPIRED, now, Reason.OVERDUE)


def polling_resumed(render: Render, now: float) -> Render:
    """Somebody wants one more poll of a render that nobody waits for any more."""
    return _revived(render, RenderStatus.IN_PROGRESS).evolve(next_poll_at=now)


def pace(render: Render, now: float, pause: float) -> float:
    """Return the seconds until a running render is worth the next poll.

    `pause` is the operator's poll interval. A queued render is polled half as often, one that is
    nearly done more often, as far as its progress says.
    """
    if render.status is RenderStatus.QUEUED:
        return pause * QUEUED_PACE
    if render.progress and render.sent_at is not None:
        left = (now - render.sent_at) * (100 - render.progress) / render.progress
        if left < NEARLY_DONE * pause:
            return pause * LAST_PACE
    return pause


def backoff(failures: int, pause: float) -> float:
    """Return the seconds to wait after so many failures in a row: doubling, never under `pause`."""
    return min(max(LONGEST_PAUSE, pause), pause * 2 ** min(failures, 10))


# -------------------------------------------------------------------- the delivery


def offered_again(render: Render, now: float, limit: int | None = None) -> Render:
    """The film is to be delivered once more, from our store or from the server.

    `limit` are the bytes the bot may upload there now, where that was asked for anew.
    """
    again = _revived(render, RenderStatus.COMPLETED).evolve(next_delivery_at=now)
    if limit is None:
        return again
    return again.with_card(upload_limit=limit, bot_upload_limit=limit)


def download_failed(
    render: Render, error: VideosError, now: float, pause: float, retry_after: float | None = None
) -> Render:
    """The film did not arrive whole; another attempt later.

    Only answers count against `DOWNLOAD_ATTEMPTS` and `FILM_PATIENCE`: a silent server is waited
    for, though not for ever. The render remembers since when it waits for either. A film that is
    too large stays so.
    """
    answered = isinstance(error, FilmNotReady | FilmBroken | FilmWithheld)
    attempts = render.download_attempts + answered
    since = (render.film_late_since or now) if answered else render.film_late_since
    impatient = attempts >= DOWNLOAD_ATTEMPTS and since is not None and now - since >= FILM_PATIENCE
    hopeless = isinstance(error, FilmTooLarge) or render.failed_deliveries >= DELIVERIES
    if hopeless or (answered and impatient):
        return undeliverable(render, Reason.of(error), now)
    is_news = isinstance(error, FilmWithheld) or now - (since or now) >= WORTH_SAYING
    wait = None if retry_after is None else max(pause, retry_after)
    return _delivered_later(render, now, pause, wait).evolve(
        download_attempts=attempts,
        film_late_since=since,
        unreachable_since=None if answered else render.unreachable_since or now,
        reason=Reason.of(error) if answered and is_news else None,
    )


def disk_full(render: Render, now: float, pause: float) -> Render:
    """Our own disk did not accept the film or its copy; the delivery waits."""
    later = _delivered_later(render, now, pause)
    return later.evolve(reason=Reason.DISK_FAILED, unreachable_since=None)


def postponed(render: Render, now: float, pause: float) -> Render:
    """Discord did not accept the film for the moment; it waits in our store."""
    return _delivered_later(render, now, pause).evolve(reason=None)


def delivery_failed(render: Render, reason: Reason, now: float, pause: float) -> Render:
    """Discord refused the film itself, or a fault of ours stopped it; not tried for ever."""
    attempts = render.delivery_attempts + 1
    if attempts >= DELIVERY_ATTEMPTS:
        return undeliverable(render, reason, now)
    later = _delivered_later(render, now, pause)
    return later.evolve(delivery_attempts=attempts, unreachable_since=None, reason=None)


def downloaded(render: Render, film: str) -> Render:
    """The whole film is in our store."""
    return render.evolve(film=film, reason=None, **_UNTROUBLED)


def delivered(render: Render, attachment_id: int | None, now: float) -> Render:
    """Discord's answer shows the film, or the link to it, in the message."""
    ended = _ended(render, RenderStatus.DELIVERED, now, None)
    return ended.evolve(attachment_id=attachment_id)


def found_too_large(render: Render, size: int) -> Render:
    """Discord did not accept a file of `size` bytes, whatever limit it had named before."""
    card = render.card
    smaller = card.bot_upload_limit if card.bot_upload_limit < size else size // 2
    return render.with_card(
        upload_limit=min(card.upload_limit, smaller),
        bot_upload_limit=min(card.bot_upload_limit, smaller),
    )


def undeliverable(render: Render, reason: Reason, now: float) -> Render:
    """Rendered and, if it was downloaded, kept; it cannot be delivered."""
    return _ended(render, RenderStatus.UNDELIVERED, now, reason)


def film_lost(render: Render, now: float) -> Render:
    """The message no longer holds the film that was delivered into it."""
    return undeliverable(render, Reason.FILM_LOST, now).evolve(attachment_id=None)


def film_removed(render: Render, now: float) -> Render:
    """Our copy of the film goes; one that nobody has seen is lost with it."""
    if render.status is RenderStatus.UNDELIVERED:
        render = _ended(render, RenderStatus.EXPIRED, now, Reason.NOT_KEPT)
    return render.evolve(film=None)


# -------------------------------------------------------------------- the card


def card_outdated(render: Render, fallback: Fallback, now: float) -> Render:
    """The end is in another message, and the card shows an earlier state; it is edited later.

    A card that only the interaction's token reached stays as it is for good.
    """
    if not render.request.is_member or render.card.message_id is None:
        return render
    age = now - (render.ended_at or now)
    after = max(CARD_RETRY_AFTER[fallback], age)
    return render.with_card(retry_at=None if age >= CARD_RETRIED_FOR else now + after)


def card_closed(render: Render) -> Render:
    """The bot may not edit the card: it is tried once more a day later, unless asked before."""
    ended_at = render.ended_at or render.request.created_at
    return render.with_card(retry_at=ended_at + CARD_RETRIED_FOR)


def card_settled(render: Render) -> Render:
    """The card says where the end is, or is gone."""
    return render.with_card(retry_at=None)


def _delivered_later(
    render: Render, now: float, pause: float, retry_after: float | None = None
) -> Render:
    failed = render.failed_deliveries + 1
    return render.evolve(
        failed_deliveries=failed, next_delivery_at=now + _wait(failed, pause, retry_after)
    )


def _wait(failures: int, pause: float, retry_after: float | None) -> float:
    return backoff(failures, pause) if retry_after is None else min(retry_after, LONGEST_WAIT)


def _revived(render: Render, status: RenderStatus) -> Render:
    """Undo an end completely; the next end must be shown again."""
    return render.evolve(
        status=status, reason=None, server_code=None, server_message=None, ended_at=None
    ).with_card(shown=None, fallback=None, fallback_at=None, retry_at=None)


def _ended(render: Render, status: RenderStatus, now: float, reason: Reason | None) -> Render:
    """End a render; the film's address goes then, since its reader has the film.

    One that could not be delivered may have to be fetched by it once more.
    """
    return render.evolve(
        status=status,
        film_url=render.film_url if status is RenderStatus.UNDELIVERED else None,
        reason=reason,
        server_message=None,
        ended_at=now,
        next_poll_at=None,
        next_delivery_at=None,
        **_UNTROUBLED,
    )
