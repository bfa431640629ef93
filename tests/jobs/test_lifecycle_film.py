"""How a rendered film is waited for, and the ends it comes to."""

from collections.abc import Callable

import pytest

from bot.cards.words import sentence
from bot.jobs.lifecycle import (
    DOWNLOAD_TRIES,
    FILM_PATIENCE,
    LONGEST_PAUSE,
    backoff,
    cancelled,
    delivered,
    download_failed,
    downloaded,
    let_go,
    no_room,
    offered_again,
    postponed,
    stopped_waiting,
    undeliverable,
)
from bot.jobs.models import Job, JobStatus
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
    FilmTooLarge,
    FilmWithheld,
    NotSent,
    Unauthorized,
    Unavailable,
    VideosError,
)
from tests.jobs.support import LATER, NOW, PAUSE, assert_ended, finished


def test_a_film_that_does_not_arrive_is_tried_again_and_then_given_up() -> None:
    waiting = finished()
    for look in range(1, DOWNLOAD_TRIES):
        waiting = download_failed(waiting, FilmBroken("0 bytes"), LATER, PAUSE)
        assert (waiting.status, waiting.film_tries) == (JobStatus.COMPLETED, look)
        assert waiting.next_look_at == LATER + backoff(look, PAUSE)
    ended = download_failed(waiting, FilmBroken("0 bytes"), LATER + FILM_PATIENCE, PAUSE)
    assert (ended.status, ended.next_look_at) == (JobStatus.UNDELIVERED, None)
    assert (ended.error_code, ended.film_late_since) == ("film_broken", None)


@pytest.mark.parametrize("error", [FilmNotReady("409"), FilmBroken("html"), FilmWithheld("401")])
def test_patience_is_bounded_in_time_and_not_in_answers(error: VideosError) -> None:
    """tetherto/qvac#2367: a 409 with `Retry-After: 2` until 40 seconds later."""
    waiting, now = finished(), LATER
    while now < LATER + FILM_PATIENCE:
        waiting = download_failed(waiting, error, now, PAUSE, 2.0)
        assert waiting.status is JobStatus.COMPLETED
        assert waiting.next_look_at == now + 2.0
        now += 2.0
    assert waiting.error_code == error.code
    assert sentence(waiting) != sentence(finished())
    ended = download_failed(waiting, error, now, PAUSE, 2.0)
    assert (ended.status, ended.error_code) == (JobStatus.UNDELIVERED, error.code)


def test_a_server_that_was_away_for_long_still_has_its_answers_counted() -> None:
    waiting = download_failed(finished(), FilmNotReady("409"), LATER, PAUSE)
    waiting = download_failed(waiting, Unavailable("503"), LATER + FILM_PATIENCE, PAUSE)
    late = download_failed(waiting, FilmNotReady("409"), LATER + 2 * FILM_PATIENCE, PAUSE)
    assert (late.status, late.film_tries) == (JobStatus.COMPLETED, 2)


def test_a_wait_of_no_time_is_no_reason_to_hurry() -> None:
    waiting = download_failed(finished(), FilmNotReady("409"), LATER, PAUSE, 0.0)
    assert waiting.next_look_at == LATER + PAUSE


def test_a_short_wait_is_nobodys_news() -> None:
    waiting = download_failed(finished(), FilmNotReady("409"), LATER, PAUSE)
    assert sentence(waiting) == sentence(finished())


def test_a_film_that_is_too_large_is_not_fetched_twice() -> None:
    ended = download_failed(finished(), FilmTooLarge("more than 100 bytes"), LATER, PAUSE)
    assert_ended(ended, JobStatus.UNDELIVERED)
    assert "FILMS_MAX_GB" in sentence(ended)


@pytest.mark.parametrize(
    "error", [Unavailable("503"), NotSent("refused"), Unauthorized(401)], ids=repr
)
def test_a_server_that_is_away_with_the_film_is_remembered_since_when(error: VideosError) -> None:
    once = download_failed(finished(), error, LATER, PAUSE)
    twice = download_failed(once, error, LATER + 60, PAUSE)
    assert (once.unreachable_since, twice.unreachable_since) == (LATER, LATER)
    assert (twice.film_tries, twice.failed_looks) == (0, 2)
    answered = download_failed(twice, FilmNotReady("not yet"), LATER + 90, PAUSE)
    assert answered.unreachable_since is None


@pytest.mark.parametrize("wait", [postponed, no_room])
def test_a_discord_or_a_disk_out_of_order_never_ends_a_job(
    wait: Callable[[Job, float, float], Job],
) -> None:
    waiting = finished(film="a.mp4")
    for _ in range(50):
        waiting = wait(waiting, LATER, PAUSE)
    assert (waiting.status, waiting.film) == (JobStatus.COMPLETED, "a.mp4")
    assert waiting.next_look_at == LATER + LONGEST_PAUSE


def test_a_full_disk_is_said_until_it_is_not_what_the_film_waits_for() -> None:
    waiting = no_room(finished(unreachable_since=NOW), LATER, PAUSE)
    assert "cannot write to its disk" in sentence(waiting)
    assert waiting.unreachable_since is None
    for after in (
        postponed(waiting, LATER, PAUSE),
        download_failed(waiting, Unavailable("503"), LATER, PAUSE),
        downloaded(waiting, "a.mp4"),
    ):
        assert after.error_code is None


def test_a_downloaded_film_forgets_the_troubles_of_its_way() -> None:
    troubled = download_failed(finished(), FilmBroken("0 bytes"), LATER, PAUSE)
    away = download_failed(troubled, Unavailable("503"), LATER, PAUSE)
    here = downloaded(away, "a.mp4")
    assert (here.film, here.failed_looks, here.film_tries) == ("a.mp4", 0, 0)
    assert (here.status, here.unreachable_since) == (JobStatus.COMPLETED, None)


def test_a_delivered_film_is_named_by_its_attachment() -> None:
    ended = delivered(postponed(finished(film="a.mp4"), NOW, PAUSE), 987, LATER)
    assert_ended(ended, JobStatus.DELIVERED)
    assert (ended.film_attachment_id, ended.error_code) == (987, None)


def test_a_film_without_a_way_into_the_chat_is_kept() -> None:
    ended = undeliverable(finished(film="a.mp4"), "too_large", LATER)
    assert_ended(ended, JobStatus.UNDELIVERED)
    assert (ended.film, ended.error_code) == ("a.mp4", "too_large")


def test_a_films_address_leaves_the_row_with_the_end_but_for_one_still_to_be_delivered() -> None:
    signed = finished().evolve(film_url="https://films.example/one?signature=secret")

    assert delivered(signed, 1, LATER).film_url is None
    kept = undeliverable(signed, "gone", LATER)
    assert kept.film_url == signed.film_url
    assert delivered(offered_again(kept, LATER), 1, LATER).film_url is None
    assert let_go(kept, LATER).film_url is None
    for ended in (cancelled(signed, "dropped", LATER), stopped_waiting(signed, LATER)):
        assert ended.film_url is None
