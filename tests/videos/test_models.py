"""The objects of the Videos API: lenient when read, strict when written."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.media.input_reference import InputReference
from bot.videos.models import (
    PROMPT_LIMIT,
    CreateVideo,
    Made,
    Video,
    VideoError,
    VideoPage,
    VideoStatus,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = (
    "progress", "model", "prompt", "size", "seconds", "created_at", "created", "completed_at",
    "expires_at", "error", "object", "quality", "usage",
)  # fmt: skip


IDS = st.characters(categories=("L", "N", "P", "S"), exclude_characters=".")
"""Characters of an id."""


def read(**fields: object) -> Video:
    return Video.from_body({"id": "video_1", "status": "queued"} | fields)


def test_the_references_example_is_read() -> None:
    video = Video.from_body(
        {
            "id": "video_123",
            "object": "video",
            "model": "sora-2",
            "status": "queued",
            "progress": 0,
            "created_at": 1712697600,
            "size": "1024x1792",
            "seconds": "8",
            "quality": "standard",
        }
    )
    assert video.made == Made(size="1024x1792", seconds=8)
    assert video.model_copy(update={"made": Made()}) == Video(
        id="video_123",
        model="sora-2",
        status=VideoStatus.QUEUED,
        progress=0,
        created_at=1712697600,
        size="1024x1792",
        seconds="8",
    )


def test_an_id_and_a_status_are_enough() -> None:
    video = Video.from_body({"id": "v", "status": "in_progress"})
    assert (video.id, video.status) == ("v", VideoStatus.IN_PROGRESS)
    told = video.model_dump(exclude={"id", "status", "is_certain", "made"})
    assert set(told.values()) == {None}
    assert video.made == Made()


def test_without_an_id_there_is_no_job_unless_it_is_known() -> None:
    with pytest.raises(ValidationError):
        Video.from_body({"status": "queued", "progress": 3})
    assert Video.from_body({"status": "pending"}, known_id="v").id == "v"


def test_a_job_without_a_status_is_queued() -> None:
    assert Video.from_body({"id": "v", "object": "video"}).status is VideoStatus.QUEUED


@pytest.mark.parametrize("name", ["id", "task_id", "video_id"])
def test_the_id_is_found_under_every_name_that_servers_use(name: str) -> None:
    assert Video.from_body({name: "task_9", "status": "queued"}).id == "task_9"


def test_a_number_as_id_is_read_as_its_digits() -> None:
    assert read(id=42).id == "42"


def test_an_id_is_kept_verbatim() -> None:
    odd = " video_bGl0ZWxsbTo=/ü== "
    assert read(id=odd).id == odd


@pytest.mark.parametrize("bad", ["", None, True, [], {}, ".", "..", " ", "a\nb", "x" * 513])
def test_an_impossible_id_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError):
        read(id=bad)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("queued", VideoStatus.QUEUED),
        ("pending", VideoStatus.QUEUED),
        ("submitted", VideoStatus.QUEUED),
        ("unknown", VideoStatus.QUEUED),
        ("NOT_START", VideoStatus.QUEUED),
        ("in_progress", VideoStatus.IN_PROGRESS),
        ("IN_PROGRESS", VideoStatus.IN_PROGRESS),
        ("processing", VideoStatus.IN_PROGRESS),
        ("generating", VideoStatus.IN_PROGRESS),
        ("postprocessing", VideoStatus.IN_PROGRESS),
        (" Running ", VideoStatus.IN_PROGRESS),
        ("completed", VideoStatus.COMPLETED),
        ("succeeded", VideoStatus.COMPLETED),
        ("SUCCESS", VideoStatus.COMPLETED),
        ("failed", VideoStatus.FAILED),
        ("FAILURE", VideoStatus.FAILED),
        ("error", VideoStatus.FAILED),
        ("cancelled", VideoStatus.CANCELLED),
        ("canceled", VideoStatus.CANCELLED),
        ("deleted", VideoStatus.CANCELLED),
        ("expired", VideoStatus.EXPIRED),
    ],
)
def test_every_word_for_a_status_is_understood(word: str, status: VideoStatus) -> None:
    assert read(status=word).status is status


@pytest.mark.parametrize("odd", ["warming_up", "", None, 3, 0.5, True, ["completed"], {}])
def test_an_unknown_status_is_queued(odd: object) -> None:
    assert not read(status=odd).status.is_final


def test_only_ended_statuses_are_final() -> None:
    pending = {status for status in VideoStatus if not status.is_final}
    assert pending == {VideoStatus.QUEUED, VideoStatus.IN_PROGRESS}


@pytest.mark.parametrize(
    ("told", "percent"),
    [
        (0, 0), (37, 37), (100, 100), (0.5, 50), (99.9, 99), ("42", 42), ("30%", 30),
        (-3, 0), (250, 100), (None, None), ("half", None), (True, None), ([], None), ({}, None),
        (float("nan"), None), (float("inf"), None),
    ],
)  # fmt: skip
def test_progress_is_a_percentage_or_unknown(told: object, percent: int | None) -> None:
    assert read(progress=told).progress == percent


@pytest.mark.parametrize("name", ["created_at", "completed_at", "expires_at"])
@pytest.mark.parametrize(
    ("told", "second"),
    [
        (1712697600, 1712697600),
        (1712697600.9, 1712697600),
        ("1712697600", 1712697600),
        (None, None),
        ("2026-11-22T00:00:00Z", None),
        ([], None),
    ],
)
def test_a_time_may_be_a_float_text_or_unusable(
    name: str, told: object, second: int | None
) -> None:
    assert getattr(read(**{name: told}), name) == second


def test_dynamos_created_is_the_creation_time() -> None:
    assert read(created=1712697600).created_at == 1712697600


@pytest.mark.parametrize(("told", "seconds"), [("8", "8"), (8, "8"), (3.5, "3.5"), (None, None)])
def test_seconds_may_be_a_number(told: object, seconds: str | None) -> None:
    assert read(seconds=told).seconds == seconds


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (None, None),
        ("", None),
        ({}, None),
        ([], None),
        (0, None),
        ("out of memory", VideoError(message="out of memory")),
        ({"message": "no code"}, VideoError(message="no code")),
        ({"code": 400, "message": "blocked"}, VideoError(code="400", message="blocked")),
        (
            {"code": "moderation_blocked", "message": "no", "param": None},
            VideoError(code="moderation_blocked", message="no"),
        ),
        ({"code": None, "message": {"text": "nested"}}, None),
    ],
)
def test_an_error_is_read_in_every_form(told: object, error: VideoError | None) -> None:
    assert read(status="failed", error=told).error == error


@pytest.mark.slow
@settings(max_examples=150)
@given(
    body=st.fixed_dictionaries(
        {"id": st.text(IDS, min_size=1, max_size=300), "status": JSON},
        optional=dict.fromkeys(FIELDS, JSON),
    )
)
def test_any_object_with_an_id_and_a_status_is_read(body: dict[str, Any]) -> None:
    video = Video.from_body(body)
    assert video.id == body["id"]
    assert video.progress is None or 0 <= video.progress <= 100


def test_a_page_needs_nothing_but_its_jobs() -> None:
    page = VideoPage.model_validate({"data": [{"id": "a", "status": "queued"}], "object": "list"})
    assert ([video.id for video in page.data], page.has_more, page.last_id) == (["a"], False, None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompt": ""},
        {"prompt": "x" * (PROMPT_LIMIT + 1)},
        {"prompt": None},
        {"size": "720"},
        {"size": "720X1280"},
        {"size": "0x1280"},
        {"size": "720x1280\n"},
        {"size": " 720x1280"},
        {"size": "1234567x8"},
        {"seconds": "0"},
        {"seconds": "04"},
        {"seconds": "4.5"},
        {"seconds": "4000"},
        {"seconds": 4},
        {"input_reference": "https://example.com/cat.png"},
        {"quality": "standard"},
    ],
)
def test_a_create_that_the_contract_refuses_is_invalid(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CreateVideo.model_validate({"prompt": "a cat"} | wrong)


@pytest.mark.parametrize(
    "right",
    [
        {},
        {"prompt": "x"},
        {"prompt": "🎹" * PROMPT_LIMIT},
        {"model": "any/model:name"},
        {"size": "1024x1792", "seconds": "12"},
    ],
)
def test_a_create_that_the_contract_accepts_is_unchanged(right: dict[str, Any]) -> None:
    asked = {"prompt": "a cat"} | right
    assert CreateVideo.model_validate(asked).model_dump(exclude_defaults=True) == asked


def test_a_create_is_frozen() -> None:
    request = CreateVideo(prompt="a cat")
    with pytest.raises(ValidationError):
        request.prompt = "a dog"  # pyright: ignore[reportAttributeAccessIssue]


def test_an_image_is_not_empty_and_does_not_flood_a_log() -> None:
    with pytest.raises(ValidationError):
        InputReference(data=b"", filename="a.png", content_type="image/png")
    image = InputReference(data=b"PIXELS", filename="a.png", content_type="image/png")
    assert "PIXELS" not in repr(image)
