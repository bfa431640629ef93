"""Any order of answers, restarts, presses and Discord's refusals keeps what a job promises."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.cards import sentences
from bot.jobs import lifecycle
from bot.jobs.lifecycle import LONGEST_WAIT
from bot.jobs.models import ACTIVE, RUNNING, TRACKED, Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.requests.cancellations import CANCELLABLE
from bot.videos.errors import (
    BadRequest,
    Busy,
    FilmBroken,
    FilmNotReady,
    FilmTooLarge,
    FilmWithheld,
    NotSent,
    Unavailable,
    VideosError,
)
from bot.videos.models import Video, VideoStatus
from tests.jobs.support import NOW, new_render

pytestmark = pytest.mark.slow

PAUSE: Final = 2.0
DEADLINE: Final = 24 * 3600.0
ENDED: Final = frozenset(RenderStatus) - ACTIVE
WAITS_FOR: Final = {
    None,
    Reason.DISK_FAILED,
    FilmNotReady.code,
    FilmBroken.code,
    FilmWithheld.code,
}
"""What a rendered film may be waiting for, as its card says."""

seconds = st.floats(0, 2 * DEADLINE, allow_nan=False)
waits = st.none() | st.floats(0, 10_000)


def told(status: VideoStatus, progress: int | None = None, error: object = None) -> Video:
    body = {"id": "video_of_a_poll", "status": status, "progress": progress, "error": error}
    return Video.from_body(body)


videos = st.builds(
    told,
    st.sampled_from(VideoStatus),
    st.none() | st.integers(-5, 200),
    st.none() | st.just({"code": "moderation_blocked", "message": "no"}),
)
refusals = st.sampled_from(
    [NotSent("refused"), Busy(429), BadRequest(400, server_code="bad", message="no")]
)
download_errors = st.sampled_from(
    [
        FilmNotReady("no"),
        FilmBroken("no"),
        FilmTooLarge("no"),
        FilmWithheld("no"),
        Unavailable("no"),
        NotSent("no"),
    ]
)


beginnings = st.deferred(lambda: st.sampled_from(sorted(REACHED)))


def in_state(*statuses: RenderStatus) -> Any:  # noqa: ANN401 - hypothesis' own decorator
    return precondition(lambda self: self.job.status in statuses)


class Life(RuleBasedStateMachine):
    """One job after the other. What people ask for is `asked`; all else happens by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.begin("asked for")

    def begin(self, reached: str) -> None:
        """Begin with a job that has come so far; a step at a time leads there too seldom."""
        self.job = self.to_be_sent = new_render(created_at=self.now)
        self.creates = 0
        self.allowed = 1
        """Creates that somebody has asked for."""
        self.in_doubt = False
        """Whether a create left of which nobody knows what became of it."""
        for step in REACHED[reached]:
            step(self)

    def become(self, after: Render, *, asked: bool = False) -> None:
        """Take a step, and hold it to what no step may do."""
        before, self.job = self.job, after
        self.in_doubt |= after.status is RenderStatus.UNCONFIRMED
        self.in_doubt &= after.status not in TRACKED
        if before.status is after.status:
            return
        if before.status in ENDED and not asked:
            # Only a film that nobody fetched may still be let go, and a lost create be found.
            assert (before.status, after.status) == (
                RenderStatus.UNDELIVERED,
                RenderStatus.EXPIRED,
            ) or (before.status is RenderStatus.UNCONFIRMED and after.video_id is not None)
        if after.status is RenderStatus.REQUESTED:
            assert asked
            assert before.status is RenderStatus.UNCONFIRMED
        if before.status is RenderStatus.SENDING:
            assert after.status is not RenderStatus.REQUESTED
        if before.status is RenderStatus.COMPLETED:
            assert after.status in (RenderStatus.DELIVERED, RenderStatus.UNDELIVERED)
        if before.status is RenderStatus.DELIVERED:
            raise AssertionError(f"a delivered film became {after.status}")
        if before.video_id is not None:
            assert after.video_id == before.video_id
        if before.status in TRACKED and after.status in TRACKED:
            assert (after.progress or 0) >= (before.progress or 0)
            assert not (
                before.status is RenderStatus.IN_PROGRESS and after.status is RenderStatus.QUEUED
            )

    # ---------------------------------------------------------------- sending

    @in_state(RenderStatus.REQUESTED)
    @rule()
    def send(self) -> None:
        self.creates += 1
        self.to_be_sent = self.job
        self.become(lifecycle.sending(self.job, self.now))

    @in_state(RenderStatus.SENDING)
    @rule(video=videos)
    def taken(self, video: Video) -> None:
        its_own = video.model_copy(update={"id": f"video_{self.creates}"})
        self.become(lifecycle.accepted(self.job, its_own, self.now, PAUSE))

    @in_state(RenderStatus.SENDING)
    @rule(error=refusals)
    def refused(self, error: VideosError) -> None:
        after = lifecycle.refused(self.job, error, self.now)
        self.become(lifecycle.still_in_doubt(self.to_be_sent, after, self.now))

    @in_state(RenderStatus.SENDING)
    @rule()
    def no_usable_answer(self) -> None:
        self.become(lifecycle.unconfirmed(self.job, Reason.OUTCOME_UNKNOWN, self.now))

    @in_state(RenderStatus.REQUESTED)
    @rule(reason=st.sampled_from([Reason.IMAGE_LOST, Reason.DISK_FAILED]))
    def cannot_be_sent(self, reason: Reason) -> None:
        self.become(lifecycle.fail_unsent(self.job, reason, self.now))

    # ---------------------------------------------------------------- a lost create

    @in_state(RenderStatus.UNCONFIRMED)
    @rule(video=videos)
    def found_in_the_list(self, video: Video) -> None:
        its_own = video.model_copy(update={"id": f"video_{self.creates}"})
        self.become(lifecycle.found(self.job, its_own, self.now))

    @in_state(RenderStatus.UNCONFIRMED)
    @rule()
    def send_again(self) -> None:
        self.allowed += 1
        self.become(lifecycle.requested_again(self.job), asked=True)

    @in_state(RenderStatus.UNCONFIRMED)
    @rule()
    def drop(self) -> None:
        self.become(lifecycle.cancelled(self.job, Reason.ABANDONED, self.now), asked=True)

    # ---------------------------------------------------------------- polls

    @in_state(*RUNNING)
    @rule(video=videos, pause=waits)
    def polled(self, video: Video, pause: float | None) -> None:
        self.looked(lifecycle.advance(self.job, video, self.now, pause or PAUSE))

    @in_state(*RUNNING)
    @rule()
    def no_such_job(self) -> None:
        self.looked(lifecycle.missing(self.job, self.now, PAUSE))

    @in_state(*RUNNING)
    @rule(wait=waits)
    def no_answer(self, wait: float | None) -> None:
        self.looked(lifecycle.unreachable(self.job, self.now, PAUSE, wait))

    def looked(self, after: Render) -> None:
        """Stop waiting where the last look found it running past its deadline."""
        if lifecycle.is_overdue(after, self.now, DEADLINE):
            after = lifecycle.overdue(after, self.now)
        self.become(after)

    @precondition(lambda self: self.job.reason == Reason.OVERDUE)
    @rule()
    def look_again(self) -> None:
        self.become(lifecycle.polling_resumed(self.job, self.now), asked=True)

    @in_state(*CANCELLABLE)
    @rule(deleted=st.booleans())
    def cancel(self, *, deleted: bool) -> None:
        never_sent = self.job.sent_at is None
        everywhere = never_sent if self.job.video_id is None else deleted
        reason = Reason.CANCELLED_EVERYWHERE if everywhere else Reason.CANCELLED_HERE
        self.become(lifecycle.cancelled(self.job, reason, self.now), asked=True)

    # ---------------------------------------------------------------- the film

    @in_state(RenderStatus.COMPLETED)
    @rule()
    def downloaded(self) -> None:
        self.become(lifecycle.downloaded(self.job, "film.mp4"))

    @in_state(RenderStatus.COMPLETED)
    @rule(error=download_errors, wait=waits)
    def no_film(self, error: VideosError, wait: float | None) -> None:
        self.become(lifecycle.download_failed(self.job, error, self.now, PAUSE, wait))

    @in_state(RenderStatus.COMPLETED)
    @rule()
    def discord_takes_nothing(self) -> None:
        self.become(lifecycle.postponed(self.job, self.now, PAUSE))

    @in_state(RenderStatus.COMPLETED)
    @rule()
    def the_disk_is_full(self) -> None:
        self.become(lifecycle.disk_full(self.job, self.now, PAUSE))

    @precondition(
        lambda self: self.job.status is RenderStatus.COMPLETED and self.job.film is not None
    )
    @rule(reason=st.sampled_from([Reason.TOO_LARGE, Reason.NO_ACCESS]))
    def no_way_into_the_chat(self, reason: Reason) -> None:
        self.become(lifecycle.undeliverable(self.job, reason, self.now))

    @precondition(
        lambda self: self.job.status is RenderStatus.COMPLETED and self.job.film is not None
    )
    @rule(attachment=st.none() | st.integers(1))
    def delivered(self, attachment: int | None) -> None:
        self.become(lifecycle.delivered(self.job, attachment, self.now))

    @in_state(RenderStatus.UNDELIVERED)
    @rule()
    def redeliver(self) -> None:
        self.become(lifecycle.offered_again(self.job, self.now), asked=True)

    @precondition(lambda self: self.job.film is not None and self.job.status in ENDED)
    @rule()
    def keeping_time_is_over(self) -> None:
        self.become(lifecycle.film_removed(self.job, self.now))

    # ---------------------------------------------------------------- all the while

    @rule(by=seconds)
    def time_passes(self, by: float) -> None:
        self.now += by

    @rule()
    def restart(self) -> None:
        """Judge what was cut short, as RequestService.resume does."""
        if self.job.status is RenderStatus.SENDING or (
            self.job.status is RenderStatus.REQUESTED and self.job.sent_at is not None
        ):
            lost = lifecycle.unconfirmed(self.job, Reason.LOST_WHILE_SENDING, self.now)
            self.become(lost)
        elif self.job.status is RenderStatus.REQUESTED and not self.job.request.is_fresh(self.now):
            reason = Reason.NOT_SENT_BEFORE_RESTART
            self.become(lifecycle.fail_unsent(self.job, reason, self.now))

    @initialize(reached=beginnings)
    def first_film(self, reached: str) -> None:
        self.begin(reached)

    @in_state(*ENDED)
    @rule(reached=beginnings)
    def another_film(self, reached: str) -> None:
        self.begin(reached)

    @rule()
    def card_is_shown(self) -> None:
        self.job = self.job.with_card(shown=self.job.status)

    # ---------------------------------------------------------------- what always holds

    @invariant()
    def nothing_is_bought_unasked(self) -> None:
        assert self.creates <= self.allowed

    @invariant()
    def an_end_has_a_time_and_nothing_else_has(self) -> None:
        assert (self.job.ended_at is not None) == (self.job.status in ENDED)

    @invariant()
    def what_is_followed_has_its_next_look(self) -> None:
        assert (self.job.next_poll_at is not None) == (self.job.status in RUNNING)
        is_rendered = self.job.status is RenderStatus.COMPLETED
        assert (self.job.next_delivery_at is not None) == is_rendered
        for due in (self.job.next_poll_at, self.job.next_delivery_at):
            assert due is None or due <= self.now + LONGEST_WAIT

    @invariant()
    def what_the_server_has_is_known_by_its_id(self) -> None:
        of_the_server = TRACKED | {RenderStatus.DELIVERED, RenderStatus.UNDELIVERED}
        if self.job.status in of_the_server:
            assert self.job.video_id is not None
        if self.job.status in (
            RenderStatus.REQUESTED,
            RenderStatus.SENDING,
            RenderStatus.UNCONFIRMED,
        ):
            assert self.job.video_id is None

    @invariant()
    def an_old_end_leaves_nothing(self) -> None:
        if self.job.status in ACTIVE:
            waits = self.job.status is RenderStatus.COMPLETED
            assert self.job.reason in (WAITS_FOR if waits else {None})
            assert self.job.server_message is None
            assert self.job.server_code is None
        if self.job.status not in TRACKED:
            assert self.job.unreachable_since is None
            assert self.job.film_late_since is None

    @invariant()
    def nothing_charged_is_said_only_where_that_is_sure(self) -> None:
        if sentences.costs_nothing(self.job):
            assert not self.in_doubt
            assert self.job.video_id is None

    @invariant()
    def the_card_has_words(self) -> None:
        assert sentences.sentence(self.job) or self.job.status is RenderStatus.DELIVERED


def _taken(status: VideoStatus) -> Callable[[Life], None]:
    return lambda life: life.become(lifecycle.accepted(life.job, told(status), life.now, PAUSE))


REACHED: Final[dict[str, tuple[Callable[[Life], None], ...]]] = {
    "asked for": (),
    "lost on the way": (Life.send, Life.no_usable_answer),
    "to be sent again": (Life.send, Life.no_usable_answer, Life.send_again),
    "queued": (Life.send, _taken(VideoStatus.QUEUED)),
    "in progress": (Life.send, _taken(VideoStatus.IN_PROGRESS)),
    "rendered": (Life.send, _taken(VideoStatus.COMPLETED)),
    "kept": (
        Life.send,
        _taken(VideoStatus.COMPLETED),
        Life.downloaded,
        lambda life: life.become(lifecycle.undeliverable(life.job, Reason.TOO_LARGE, life.now)),
    ),
    "overdue": (
        Life.send,
        _taken(VideoStatus.IN_PROGRESS),
        lambda life: life.become(lifecycle.overdue(life.job, life.now)),
    ),
}

Life.TestCase.settings = settings(max_examples=100, stateful_step_count=100, deadline=None)
TestLife = Life.TestCase
