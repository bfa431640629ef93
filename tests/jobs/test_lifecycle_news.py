"""Any row of news leads a render on: none loses it, and none waits without bound."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.lifecycle import (
    LONGEST_PAUSE,
    accepted,
    advance,
    backoff,
    delivered,
    disk_full,
    download_failed,
    downloaded,
    missing,
    postponed,
    sending,
    undeliverable,
    unreachable,
)
from bot.jobs.models import TRACKED, Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
)
from bot.videos.models import Video, VideoStatus
from tests.jobs.support import (
    NOW,
    PAUSE,
    new_render,
)


@given(looks=st.integers(0, 10**9), pause=st.floats(0.2, 3600))
def test_a_pause_grows_and_stays_bounded(looks: int, pause: float) -> None:
    assert 0 < backoff(looks, pause) <= backoff(looks + 1, pause) <= max(LONGEST_PAUSE, pause)


VIDEOS = st.builds(
    Video,
    id=st.sampled_from(["video_1", "video_2", "video_blank"]),
    status=st.sampled_from(VideoStatus),
    progress=st.none() | st.integers(0, 100),
    model=st.none() | st.just("other"),
)
Step = Callable[[Render, float], Render]


def polls() -> st.SearchStrategy[Step]:
    def told(video: Video) -> Step:
        return lambda job, now: advance(job, video, now, PAUSE)

    silence: st.SearchStrategy[Step] = st.just(lambda job, now: unreachable(job, now, PAUSE))
    unknown: st.SearchStrategy[Step] = st.just(lambda job, now: missing(job, now, PAUSE))
    return VIDEOS.map(told) | silence | unknown


def deliveries() -> st.SearchStrategy[Step]:
    steps: list[Step] = [
        lambda job, now: download_failed(job, FilmNotReady("404"), now, PAUSE),
        lambda job, now: download_failed(job, FilmBroken("0 bytes"), now, PAUSE),
        lambda job, now: postponed(job, now, PAUSE),
        lambda job, now: disk_full(job, now, PAUSE),
        lambda job, _: downloaded(job, "a.mp4"),
        lambda job, now: delivered(job, 5, now),
        lambda job, now: undeliverable(job, Reason.TOO_LARGE, now),
    ]
    return st.sampled_from(steps)


@given(
    first=VIDEOS, looks=st.lists(polls(), max_size=30), tries=st.lists(deliveries(), max_size=12)
)
def test_no_row_of_news_loses_a_job(first: Video, looks: list[Step], tries: list[Step]) -> None:
    now = NOW
    job_now = accepted(sending(new_render(), now), first, now, PAUSE)
    for kind, steps in ((polled, looks), (rendered, tries)):
        for step in steps:
            if not kind(job_now):
                break
            now += 1
            before, job_now = job_now, step(job_now, now)
            assert job_now.video_id == first.id
            if polled(before) and polled(job_now):
                assert (job_now.progress or 0) >= (before.progress or 0)
                assert not (rendering_now(before) and job_now.status is RenderStatus.QUEUED)
            assert_followed_or_ended(job_now, now)


def polled(job: Render) -> bool:
    return job.status in (RenderStatus.QUEUED, RenderStatus.IN_PROGRESS)


def rendered(job: Render) -> bool:
    return job.status is RenderStatus.COMPLETED


def rendering_now(job: Render) -> bool:
    return job.status is RenderStatus.IN_PROGRESS


def assert_followed_or_ended(job: Render, now: float) -> None:
    if job.status in TRACKED:
        due = job.next_delivery_at if rendered(job) else job.next_poll_at
        assert due is not None
        assert due <= now + LONGEST_PAUSE
        assert job.ended_at is None
    else:
        assert (job.next_poll_at, job.next_delivery_at, job.ended_at) == (None, None, now)
