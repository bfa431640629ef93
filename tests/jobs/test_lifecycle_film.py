"""How a rendered film is waited for, and the ends it comes to."""

from collections.abc import Callable

import pytest

from bot.cards.sentences import sentence
from bot.jobs.lifecycle import (
    DOWNLOAD_ATTEMPTS,
    FILM_PATIENCE,
    LONGEST_PAUSE,
    backoff,
    cancelled,
    delivered,
    disk_full,
    download_failed,
    downloaded,
    film_removed,
    offered_again,
    overdue,
    postponed,
    undeliverable,
)
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
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
    for look in range(1, DOWNLOAD_ATTEMPTS):
        waiting = download_failed(waiting, FilmBroken("0 bytes"), LATER, PAUSE)
        assert (waiting.status, waiting.download_attempts) == (RenderStatus.COMPLETED, look)
        assert waiting.next_delivery_at == LATER + backoff(look, PAUSE)
    ended = download_failed(waiting, FilmBroken("0 bytes"), LATER + FILM_PATIENCE, PAUSE)
    assert (ended.status, ended.next_delivery_at) == (RenderStatus.UNDELIVERED, None)
    assert (ended.reason, ended.film_late_since) == ("film_broken", None)


@pytest.mark.parametrize("error", [FilmNotReady("409"), FilmBroken("html"), FilmWithheld("401")])
def test_patience_is_bounded_in_time_and_not_in_answers(error: VideosError) -> None:
    """tetherto/qvac#2367: a 409 with `Retry-After: 2` until 40 seconds later."""
    waiting, now = finished(), LATER
    while now < LATER + FILM_PATIENCE:
        waiting = download_failed(waiting, error, now, PAUSE, 2.0)
        assert waiting.status is RenderStatus.COMPLETED
        assert waiting.next_delivery_at == now + 2.0
        now += 2.0
    assert waiting.reason == error.code
    assert sentence(waiting) != sentence(finished())
    ended = download_failed(waiting, error, now, PAUSE, 2.0)
    assert (ended.status, ended.reason) == (RenderStatus.UNDELIVERED, error.code)


def test_a_server_that_was_away_for_long_still_has_its_answers_counted() -> None:
    waiting = download_failed(finished(), FilmNotReady("409"), LATER, PAUSE)
    waiting = download_failed(waiting, Unavailable("503"), LATER + FILM_PATIENCE, PAUSE)
    late = download_failed(waiting, FilmNotReady("409"), LATER + 2 * FILM_PATIENCE, PAUSE)
    assert (late.status, late.download_attempts) == (RenderStatus.COMPLETED, 2)


def test_a_wait_of_no_time_is_no_reason_to_hurry() -> None:
    waiting = download_failed(finished(), FilmNotReady("409"), LATER, PAUSE, 0.0)
    assert waiting.next_delivery_at == LATER + PAUSE


def test_a_short_wait_is_nobodys_news() -> None:
    waiting = download_failed(finished(), FilmNotReady("409"), LATER, PAUSE)
    assert sentence(waiting) == sentence(finished())


def test_a_film_that_is_too_large_is_not_fetched_twice() -> None:
    ended = download_failed(finished(), FilmTooLarge("more than 100 bytes"), LATER, PAUSE)
    assert_ended(ended, RenderStatus.UNDELIVERED)
    assert "too large for the bot's disk" in sentence(ended)


@pytest.mark.parametrize(
    "error", [Unavailable("503"), NotSent("refused"), Unauthorized(401)], ids=repr
)
def test_a_server_that_is_away_with_the_film_is_remembered_since_when(error: VideosError) -> None:
    once = download_failed(finished(), error, LATER, PAUSE)
    twice = download_failed(once, error, LATER + 60, PAUSE)
    assert (once.unreachable_since, twice.unreachable_since) == (LATER, LATER)
    assert (twice.download_attempts, twice.failed_deliveries) == (0, 2)
    answered = download_failed(twice, FilmNotReady("not yet"), LATER + 90, PAUSE)
    assert answered.unreachable_since is None


@pytest.mark.parametrize("wait", [postponed, disk_full])
def test_a_discord_or_a_disk_out_of_order_never_ends_a_job(
    wait: Callable[[Render, float, float], Render],
) -> None:
    waiting = finished(film="a.mp4")
    for _ in range(50):
        waiting = wait(waiting, LATER, PAUSE)
    assert (waiting.status, waiting.film) == (RenderStatus.COMPLETED, "a.mp4")
    assert waiting.next_delivery_at == LATER + LONGEST_PAUSE


def test_a_full_disk_is_said_until_it_is_not_what_the_film_waits_for() -> None:
    waiting = disk_full(finished(unreachable_since=NOW), LATER, PAUSE)
    assert "can't save anything" in sentence(waiting)
    assert waiting.unreachable_since is None
    for after in (
        postponed(waiting, LATER, PAUSE),
        download_failed(waiting, Unavailable("503"), LATER, PAUSE),
        downloaded(waiting, "a.mp4"),
    ):
        assert after.reason is None


def test_a_downloaded_film_forgets_the_troubles_of_its_way() -> None:
    troubled = download_failed(finished(), FilmBroken("0 bytes"), LATER, PAUSE)
    away = download_failed(troubled, Unavailable("503"), LATER, PAUSE)
    here = downloaded(away, "a.mp4")
    assert (here.film, here.failed_polls, here.download_attempts) == ("a.mp4", 0, 0)
    assert (here.status, here.unreachable_since) == (RenderStatus.COMPLETED, None)


def test_a_delivered_film_is_named_by_its_attachment() -> None:
    ended = delivered(postponed(finished(film="a.mp4"), NOW, PAUSE), 987, LATER)
    assert_ended(ended, RenderStatus.DELIVERED)
    assert (ended.attachment_id, ended.reason) == (987, None)


def test_a_film_without_a_way_into_the_chat_is_kept() -> None:
    ended = undeliverable(finished(film="a.mp4"), Reason.TOO_LARGE, LATER)
    assert_ended(ended, RenderStatus.UNDELIVERED)
    assert (ended.film, ended.reason) == ("a.mp4", Reason.TOO_LARGE)


def test_a_films_address_leaves_the_row_with_the_end_but_for_one_still_to_be_delivered() -> None:
    signed = finished().evolve(film_url="https://films.example/one?signature=secret")

    assert delivered(signed, 1, LATER).film_url is None
    kept = undeliverable(signed, Reason.TOO_LARGE, LATER)
    assert kept.film_url == signed.film_url
    assert delivered(offered_again(kept, LATER), 1, LATER).film_url is None
    assert film_removed(kept, LATER).film_url is None
    for ended in (cancelled(signed, Reason.ABANDONED, LATER), overdue(signed, LATER)):
        assert ended.film_url is None
