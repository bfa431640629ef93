"""How a job lives: every step, and what no row of steps can do."""

from collections.abc import Callable

import pytest

from bot.cards.sentences import sentence
from bot.jobs import lifecycle
from bot.jobs.lifecycle import (
    LONGEST_PAUSE,
    MISSING_POLLS,
    accepted,
    advance,
    backoff,
    download_failed,
    fail_unsent,
    film_removed,
    is_overdue,
    missing,
    overdue,
    polling_resumed,
    refused,
    sending,
    unconfirmed,
    unreachable,
)
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.videos.errors import (
    BadRequest,
    Busy,
    FilmNotReady,
    NotSent,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.models import Video, VideoStatus
from tests.jobs.support import (
    LATER,
    NOW,
    PAUSE,
    assert_ended,
    changed,
    finished,
    new_render,
    rendering,
    video,
)

# ------------------------------------------------------------------ the request


def test_a_job_that_is_sent_says_when() -> None:
    before = new_render()
    assert sending(before, LATER) == before.evolve(status=RenderStatus.SENDING, sent_at=LATER)


def test_a_request_that_never_left_failed_with_its_reason() -> None:
    ended = fail_unsent(new_render(), Reason.IMAGE_LOST, LATER)
    assert_ended(ended, RenderStatus.FAILED)
    assert (ended.reason, ended.sent_at) == (Reason.IMAGE_LOST, None)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (VideoStatus.QUEUED, RenderStatus.QUEUED),
        (VideoStatus.IN_PROGRESS, RenderStatus.IN_PROGRESS),
        (VideoStatus.COMPLETED, RenderStatus.COMPLETED),
    ],
)
def test_an_accepted_job_keeps_its_id_and_is_looked_after(
    told: VideoStatus, status: RenderStatus
) -> None:
    taken = accepted(sending(new_render(), NOW), video(told, model="sora-2-pro"), LATER, PAUSE)
    assert (taken.status, taken.video_id, taken.video_model) == (status, "video_1", "sora-2-pro")
    is_done = status is RenderStatus.COMPLETED
    assert taken.next_poll_at == (None if is_done else LATER + PAUSE)
    assert taken.next_delivery_at == (LATER if is_done else None)
    assert taken.ended_at is None


def test_a_job_may_fail_in_the_answer_to_its_create() -> None:
    told = video(VideoStatus.FAILED, error={"code": "moderation_blocked", "message": "no"})
    ended = accepted(sending(new_render(), NOW), told, LATER, PAUSE)
    assert_ended(ended, RenderStatus.FAILED)
    assert (ended.video_id, ended.server_code) == ("video_1", "moderation_blocked")
    assert ended.server_message == "no"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotSent("refused"), "not_sent"),
        (BadRequest(400), "bad_request"),
        (Busy(429), "busy"),
        (Unauthorized(401), "unauthorized"),
        (BadRequest(400, server_code="moderation_blocked"), "bad_request"),
    ],
)
def test_a_refused_job_failed_with_the_reason(error: VideosError, code: str) -> None:
    ended = refused(sending(new_render(), NOW), error, LATER)
    assert_ended(ended, RenderStatus.FAILED)
    assert (ended.reason, ended.video_id) == (code, None)


def test_a_refusal_keeps_its_kind_beside_the_servers_own_code() -> None:
    ended = refused(
        sending(new_render(), NOW), Unauthorized(401, server_code="invalid_api_key"), LATER
    )
    assert (ended.reason, ended.server_code) == ("unauthorized", "invalid_api_key")
    assert "key" in sentence(ended)

    blocked = refused(new_render(), BadRequest(400, server_code="moderation_blocked"), LATER)
    assert "content rules" in sentence(blocked)


def test_a_refusal_keeps_the_servers_sentence_and_a_lost_connection_has_none() -> None:
    assert (
        refused(new_render(), BadRequest(400, message="no cats"), LATER).server_message == "no cats"
    )
    assert refused(new_render(), NotSent("10.0.0.7:8000 refused"), LATER).server_message is None


def test_an_unknown_outcome_is_an_end_that_nothing_takes_up() -> None:
    ended = unconfirmed(sending(new_render(), NOW), Reason.OUTCOME_UNKNOWN, LATER)
    assert_ended(ended, RenderStatus.UNCONFIRMED)
    assert (ended.reason, ended.sent_at) == (Reason.OUTCOME_UNKNOWN, NOW)


# ------------------------------------------------------------------ polls


def test_a_poll_takes_over_what_the_server_says() -> None:
    told = video(VideoStatus.IN_PROGRESS, progress=40, model="wan-2.2")
    seen = advance(rendering(progress=12, failed_polls=3, unreachable_since=NOW), told, LATER, 5.0)
    assert (seen.progress, seen.video_model, seen.next_poll_at) == (40, "wan-2.2", LATER + 5.0)
    assert (seen.failed_polls, seen.unreachable_since) == (0, None)


@pytest.mark.parametrize(
    ("before", "told", "after"),
    [
        (None, None, None), (None, 0, 0), (0, None, 0), (30, None, 30), (30, 0, 30),
        (30, 29, 30), (30, 31, 31), (None, 7, 7), (0, 100, 100),
    ],
)  # fmt: skip
def test_progress_never_runs_backwards(
    before: int | None, told: int | None, after: int | None
) -> None:
    seen = advance(
        rendering(progress=before), video(VideoStatus.IN_PROGRESS, progress=told), LATER, PAUSE
    )
    assert seen.progress == after


def test_a_rendering_job_is_not_queued_again() -> None:
    seen = advance(rendering(progress=30), video(VideoStatus.QUEUED), LATER, PAUSE)
    assert (seen.status, seen.progress) == (RenderStatus.IN_PROGRESS, 30)


def test_full_progress_is_no_completion_and_completion_needs_none() -> None:
    full = advance(rendering(), video(VideoStatus.IN_PROGRESS, progress=100), LATER, PAUSE)
    assert full.status is RenderStatus.IN_PROGRESS
    done = advance(rendering(progress=3), video(VideoStatus.COMPLETED, progress=3), LATER, PAUSE)
    assert (done.status, done.progress) == (RenderStatus.COMPLETED, 100)
    assert (done.completed_at, done.next_poll_at, done.ended_at) == (LATER, None, None)
    assert done.next_delivery_at == LATER


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (VideoStatus.FAILED, RenderStatus.FAILED),
        (VideoStatus.CANCELLED, RenderStatus.CANCELLED),
        (VideoStatus.EXPIRED, RenderStatus.EXPIRED),
    ],
)
def test_an_end_on_the_server_is_the_end_with_its_words(
    told: VideoStatus, status: RenderStatus
) -> None:
    error = {"code": "400", "message": "CUDA out of memory"}
    ended = advance(rendering(unreachable_since=NOW), video(told, error=error), LATER, PAUSE)
    assert_ended(ended, status)
    assert (ended.server_code, ended.server_message) == ("400", "CUDA out of memory")
    bare = advance(rendering(), video(told), LATER, PAUSE)
    assert (bare.server_code, bare.server_message) == (None, None)


def test_a_later_poll_with_another_id_changes_nothing() -> None:
    other = Video(id="video_other", status=VideoStatus.IN_PROGRESS)
    assert advance(rendering(), other, LATER, PAUSE).video_id == "video_1"


def test_a_few_unknown_answers_are_waited_out_and_a_row_of_them_is_the_end() -> None:
    lost = rendering()
    for look in range(1, MISSING_POLLS):
        lost = missing(lost, LATER, PAUSE)
        assert (lost.status, lost.missing_polls) == (RenderStatus.IN_PROGRESS, look)
        assert lost.next_poll_at == LATER + backoff(look, PAUSE)
    ended = missing(lost, LATER, PAUSE)
    assert_ended(ended, RenderStatus.FAILED)
    assert ended.reason == Reason.SERVER_FORGOT


def test_silence_does_not_count_as_an_unknown_job() -> None:
    away = rendering()
    for _ in range(50):
        away = unreachable(away, LATER, PAUSE)
    assert missing(away, LATER, PAUSE).status is RenderStatus.IN_PROGRESS


def test_a_server_that_is_away_is_waited_for_with_its_film() -> None:
    away = finished()
    for _ in range(50):
        away = download_failed(away, Unavailable("502"), LATER, PAUSE)
    assert away.status is RenderStatus.COMPLETED
    assert download_failed(away, FilmNotReady("404"), LATER, PAUSE).status is RenderStatus.COMPLETED


def test_a_film_that_no_answer_comes_for_is_given_up_after_a_day_and_can_be_asked_for_again() -> (
    None
):
    away = finished()
    for _ in range(lifecycle.DELIVERIES):
        away = download_failed(away, Unavailable("502"), LATER, PAUSE)
    assert away.status is RenderStatus.COMPLETED
    ended = download_failed(away, Unauthorized(401), LATER, PAUSE)
    assert ended.status is RenderStatus.UNDELIVERED
    again = lifecycle.offered_again(ended, LATER)
    assert download_failed(again, Unavailable("502"), LATER, PAUSE).status is RenderStatus.COMPLETED


def test_no_server_can_make_us_wait_for_ever() -> None:
    assert advance(rendering(), video(VideoStatus.IN_PROGRESS), NOW, 1e9).next_poll_at == (
        NOW + lifecycle.LONGEST_WAIT
    )
    assert unreachable(rendering(), NOW, PAUSE, 1e9).next_poll_at == NOW + lifecycle.LONGEST_WAIT


def test_an_answer_in_between_begins_the_row_anew() -> None:
    lost = rendering()
    for _ in range(MISSING_POLLS - 1):
        lost = missing(lost, LATER, PAUSE)
    found = advance(lost, video(VideoStatus.IN_PROGRESS), LATER, PAUSE)
    assert missing(found, LATER, PAUSE).status is RenderStatus.IN_PROGRESS


def test_a_silent_server_never_ends_a_job_and_the_silence_is_dated() -> None:
    waiting = rendering()
    for look in range(200):
        waiting = unreachable(waiting, NOW + look, PAUSE)
    assert (waiting.status, waiting.unreachable_since) == (RenderStatus.IN_PROGRESS, NOW)
    assert waiting.next_poll_at == NOW + 199 + LONGEST_PAUSE


def test_the_servers_own_wait_is_kept() -> None:
    assert unreachable(rendering(), LATER, PAUSE, 17.0).next_poll_at == LATER + 17.0
    waiting = download_failed(finished(), FilmNotReady("404"), LATER, PAUSE, 17.0)
    assert waiting.next_delivery_at == LATER + 17.0


# ------------------------------------------------------------------ deadlines and keeping times


def test_a_job_is_overdue_when_it_still_runs_after_its_time() -> None:
    running = new_render(status=RenderStatus.IN_PROGRESS, sent_at=NOW)
    assert not is_overdue(running, NOW + 10, 10)
    assert is_overdue(running, NOW + 11, 10)
    assert not is_overdue(running.evolve(status=RenderStatus.COMPLETED), NOW + 11, 10)


def test_a_server_that_is_away_is_waited_for_as_long_again() -> None:
    away = new_render(status=RenderStatus.QUEUED, sent_at=NOW, unreachable_since=NOW + 8)
    assert not is_overdue(away, NOW + 15, 10)
    assert is_overdue(away, NOW + 19, 10)


def test_who_stopped_waiting_can_look_again_and_get_the_film() -> None:
    stopped = overdue(new_render(status=RenderStatus.IN_PROGRESS, video_id="v", sent_at=NOW), LATER)
    assert (stopped.status, stopped.reason) == (RenderStatus.EXPIRED, Reason.OVERDUE)
    again = polling_resumed(stopped, LATER)
    assert (again.status, again.reason, again.ended_at) == (RenderStatus.IN_PROGRESS, None, None)
    assert (again.next_poll_at, again.video_id, again.sent_at) == (LATER, "v", NOW)


SHOWN = {
    "shown": RenderStatus.UNCONFIRMED,
    "reason": Reason.OUTCOME_UNKNOWN,
    "server_code": "b",
    "server_message": "c",
}
NEW = (None, None, None, None, None)


def end(job: Render) -> tuple[object, ...]:
    return (job.ended_at, job.card.shown, job.reason, job.server_code, job.server_message)


def offered_again(ended: Render) -> Render:
    return lifecycle.offered_again(ended, LATER)


def looked_at_again(ended: Render) -> Render:
    return polling_resumed(ended, LATER)


def found(ended: Render) -> Render:
    return lifecycle.found(ended, video(VideoStatus.QUEUED), LATER)


@pytest.mark.parametrize(
    "again", [lifecycle.requested_again, offered_again, looked_at_again, found]
)
def test_of_an_end_that_is_taken_back_nothing_stays(again: Callable[[Render], Render]) -> None:
    """An end that stayed `shown` would not be shown when it comes again."""
    ended = unconfirmed(
        new_render(status=RenderStatus.SENDING, sent_at=NOW), Reason.OUTCOME_UNKNOWN, NOW
    )
    ended = changed(ended, **SHOWN)
    assert end(again(ended)) == NEW


def test_a_request_to_be_sent_again_goes_back_to_being_unconfirmed() -> None:
    """Nobody can say that nothing was charged: the first create may have been taken."""
    first = unconfirmed(sending(new_render(), NOW), Reason.OUTCOME_UNKNOWN, NOW)
    again = fail_unsent(lifecycle.requested_again(first), Reason.DISK_FAILED, LATER)
    assert_ended(again, RenderStatus.UNCONFIRMED)


@pytest.mark.parametrize(("age", "is_fresh"), [(0, True), (180, True), (181, False), (-1, False)])
def test_a_request_is_fresh_for_three_minutes(age: float, *, is_fresh: bool) -> None:
    assert new_render().request.is_fresh(NOW + age) is is_fresh


def test_letting_go_of_a_film_that_was_seen_ends_nothing() -> None:
    seen = new_render(status=RenderStatus.DELIVERED, film="a.mp4", ended_at=NOW)
    assert film_removed(seen, LATER) == seen.evolve(film=None)
