"""Reading lists, deletes and films, and a server's waits."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.videos.answer import Answer, poll_after, retry_after
from bot.videos.errors import (
    FilmNotReady,
    NotFound,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.protocol import read_deleted, read_page
from bot.videos.refusals import content_error
from tests.videos.answers import JOB, VLLM_OMNI_FAILED, answer


def test_a_page_is_read_with_its_cursor() -> None:
    told = {"object": "list", "data": [JOB, VLLM_OMNI_FAILED], "has_more": True, "last_id": "z"}
    page = read_page(answer(200, told))
    assert [video.id for video in page.data] == ["video_123", "video_gen_0f3a"]
    assert (page.has_more, page.last_id) == (True, "z")


def test_odd_entries_leave_the_rest_of_a_page() -> None:
    """FastVideo sends no has_more, resellers null, and New API other names for the id."""
    odd: list[Any] = [None, 3, {}, {"id": None}, {"id": "\ud800", "status": "queued"}]
    data = [*odd, JOB, {"id": None, "task_id": "t", "status": "SUCCESS", "url": "https://f/1"}]
    page = read_page(answer(200, {"data": data, "has_more": None, "last_id": None}))
    assert [(video.id, video.film_url) for video in page.data] == [
        ("video_123", None),
        ("t", "https://f/1"),
    ]
    assert not page.has_more


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (answer(200, {"data": "none"}), Unavailable),
        (answer(200, b"[]"), Unavailable),
        (answer(400, {"error": {"message": "custom_llm_provider"}}), Unavailable),
        (answer(404, {"detail": "Not Found"}), NotFound),
        (answer(401, {"error": "Unauthorized"}), Unauthorized),
    ],
)
def test_an_answer_without_a_page_is_an_error(told: Answer, error: type[VideosError]) -> None:
    with pytest.raises(error):
        read_page(told)


@pytest.mark.parametrize(
    "told",
    [
        answer(200, {"id": "v", "object": "video.deleted", "deleted": True}),
        answer(200, JOB | {"status": "deleted"}),
        answer(200, {"deleted": True}),
        answer(204),
        answer(404, {"detail": "Not Found"}),
        answer(410),
    ],
)
def test_a_delete_succeeds_whatever_the_body_says(told: Answer) -> None:
    read_deleted(told)


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (405, Unavailable), (409, Unavailable)]
)
def test_a_failed_delete_raises(status: int, error: type[VideosError]) -> None:
    with pytest.raises(error):
        read_deleted(answer(status, {"detail": "Cancellation in progress"}))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FilmNotReady), (404, FilmNotReady), (409, FilmNotReady), (425, FilmNotReady),
        (429, FilmNotReady), (401, Unauthorized), (403, Unauthorized), (204, FilmNotReady),
        (410, FilmNotReady), (422, FilmNotReady), (408, Unavailable), (500, Unavailable),
        (502, Unavailable),
    ],
)  # fmt: skip
def test_an_answer_of_content_is_not_ready_refused_or_unavailable(
    status: int, kind: type[VideosError]
) -> None:
    told = {"detail": "Generation is still in-progress"}
    error = content_error(answer(status, told, Retry_After="3"))
    assert type(error) is kind
    assert "Generation is still in-progress" in str(error)
    assert getattr(error, "retry_after", None) == 3.0


# ------------------------------------------------------------------ waits

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "30"}, 30.0),
        ({"retry-after": "0"}, 0.0),
        ({"RETRY-AFTER": " 1.5 "}, 1.5),
        ({"Retry-After": "Sun, 22 Nov 2026 12:00:45 GMT"}, 45.0),
        ({"Retry-After": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "Retry-After": "30"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "30"}, 30.0),
        ({"llm_provider-retry-after": "12"}, 12.0),
        ({"Retry-After": "2", "llm_provider-retry-after": "12"}, 2.0),
        ({"Retry-After": "later", "llm_provider-retry-after": "12"}, 12.0),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "Sun, 22 Nov 99999 12:00:00 GMT"}, None),
        ({"X-RateLimit-Reset": "30"}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOON) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"openai-poll-after-ms": "1500"}, 1.5),
        ({"OpenAI-Poll-After-Ms": "0"}, 0.0),
        ({"openai-poll-after-ms": "soon"}, None),
        ({"openai-poll-after-ms": "soon", "Retry-After": "4"}, 4.0),
        ({"openai-poll-after-ms": "1500", "Retry-After": "4"}, 1.5),
        ({"Retry-After": "4"}, 4.0),
    ],
)
def test_the_server_names_the_time_of_the_next_poll(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert poll_after(headers) == seconds
