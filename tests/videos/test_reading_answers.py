"""Reading what servers and relays say of a job; each answer stands for its kind."""

import json
from typing import Any

import pytest

from bot.videos.addresses import film_url
from bot.videos.errors import BadRequest, Busy, NotAllowed, NotFound, OutcomeUnknown, Unauthorized
from bot.videos.models import Made, Video, VideoStatus
from bot.videos.protocol import read_created, read_video
from bot.videos.statuses import read_status
from tests.videos.answers import answer, refusal

FILM = "https://films.example/f.mp4"
DONE, FAILED, WAITS, WORKS = (
    VideoStatus.COMPLETED, VideoStatus.FAILED, VideoStatus.QUEUED, VideoStatus.IN_PROGRESS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (
            "succeed done complete finished ready Success! TASK_STATUS_SUCCEED processed 已完成",
            DONE,
        ),
        (
            "fail FAILURE task-failed error rejected moderated Unsuccessful not_success 失败",
            FAILED,
        ),
        ("IN_QUEUE not-started not_ready awaiting_moderation starting unfinished PENDING", WAITS),
        (
            "InProgress in-progress finalizing cancelling retrying ACTIVE in-flight 生成中",
            WORKS,
        ),
        ("canceled Aborted deleted", VideoStatus.CANCELLED),
        ("timed_out Expired time-out", VideoStatus.EXPIRED),
        ("banana incomplete completed_with_errors ok 未完成", None),
    ],
)
def test_status_words_are_read_in_every_spelling(words: str, status: VideoStatus | None) -> None:
    assert {word: read_status(word) for word in words.split()} == dict.fromkeys(
        words.split(), status
    )


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"error": {"message": "no GPU"}}, FAILED),
        ({"fail_reason": "no GPU"}, FAILED),
        ({"code": 1001, "msg": "no GPU"}, FAILED),
        ({"reason": "no GPU"}, FAILED),
        ({"error_message": "no GPU"}, FAILED),
        ({"base_resp": {"status_code": 1026, "status_msg": "no GPU"}}, FAILED),
        ({"video": {"url": FILM}}, DONE),
        ({"completed_at": "2026-11-27T10:00:00Z"}, DONE),
        ({"url": "https://api.example/v1/videos/v"}, WAITS),
        ({"url": "/v1/videos/v/content"}, WAITS),
        ({"error": {"code": 0, "message": "success"}, "message": "still working"}, WAITS),
        ({"completed_at": 1795000000}, DONE),
        ({"error": {}, "code": 0, "completed_at": None}, WAITS),
        ({"polling_url": FILM, "image_url": FILM, "input": {"video_url": FILM}}, WAITS),
        ({"progress": 100}, WAITS),
    ],
)
def test_an_unknown_status_word_is_judged_by_other_fields(
    body: dict[str, Any], status: VideoStatus
) -> None:
    video = Video.from_body({"id": "v", "status": "banana"} | body)
    assert video.status is status
    assert video.is_certain is (status is not WAITS)


@pytest.mark.parametrize(
    ("body", "video_id"),
    [
        ({"id": "x", "object": "video"}, "x"),
        ({"request_id": "x"}, "x"),
        ({"code": "success", "data": {"task_id": "t", "status": "SUBMITTED"}}, "t"),
        ({"code": "success", "message": "", "data": "t-9"}, "t-9"),
        ({"code": 200, "request_id": "trace", "data": {"id": "t", "state": "queued"}}, "t"),
        ({"result": {"taskId": "t", "task_id": "t", "status": "pending"}}, "t"),
        ([{"id": "t", "status": "queued"}], "t"),
        ({"taskId": "t"}, "t"),
        ({"request_id": "trace", "output": {"task_id": "t", "task_status": "PENDING"}}, "t"),
        ({"data": {"id": 7, "task_id": "t", "status": "queued"}}, "t"),
        (
            {
                "data": {
                    "task_id": "t",
                    "status": "queued",
                    "data": {"id": "upstream", "status": "queued"},
                }
            },
            "t",
        ),
        ({"id": 42, "status": "queued"}, "42"),
    ],
)
def test_the_id_of_a_create_is_found_wherever_it_is(body: object, video_id: str) -> None:
    video = read_created(answer(200, body)).video
    assert (video.id, video.status) == (video_id, WAITS)


@pytest.mark.parametrize(
    "video_id",
    ["..", ".", "", "a\nb", "../x", "a/../b", "..%2fx", "a\u202eb", "x" * 513, "x" * 1_000_000],
)
def test_impossible_ids_are_ignored(video_id: str) -> None:
    with pytest.raises(OutcomeUnknown) as caught:
        read_created(answer(200, {"id": video_id, "status": "queued"}))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"error": {"message": "Insufficient credits", "code": "insufficient_quota"}},
         "Insufficient credits"),
        (200, {"code": 1001, "message": "余额不足", "data": None}, "余额不足"),
        (200, {"success": False, "msg": "queue is full"}, "queue is full"),
        (200, {"error": "nope", "request_id": "trace"}, "nope"),
        (200, {"error": True, "message": "nope"}, "nope"),
        (200, {"status": 400, "message": "nope"}, "nope"),
        (200, {"message": "queue is full"}, "queue is full"),
        (501, {"error": {"message": "not implemented"}}, "not implemented"),
        (505, {"error": {"message": "not HTTP"}}, "not HTTP"),
        (405, {"detail": "Method Not Allowed"}, "Method Not Allowed"),
    ],
)  # fmt: skip
def test_a_definite_refusal_is_a_refusal(status: int, body: object, said: str) -> None:
    assert refusal(answer(status, body)).message == said


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, "Incorrect API key provided", Unauthorized),
        (403, "Invalid API key", Unauthorized),
        (403, "Your organization must be verified to use the model", NotAllowed),
        (403, "Prompt violates our content policy", NotAllowed),
        (429, "You exceeded your current quota", BadRequest),
        (429, "Too many requests", Busy),
    ],
)
def test_a_refusal_has_the_kind_that_its_words_name(
    status: int, error: str, kind: type[Exception]
) -> None:
    assert type(refusal(answer(status, {"error": {"message": error}}))) is kind


@pytest.mark.parametrize(
    "body",
    [
        {"result_url": FILM}, {"remixed_from_video_id": FILM}, {"video": {"url": FILM}},
        {"videos": [{"url": FILM}]}, {"task_result": {"videos": [{"id": "1", "url": FILM}]}},
        {"metadata": {"url": FILM}}, {"output": [FILM]}, {"resultUrls": [FILM]},
        {"resultJson": json.dumps({"resultUrls": [FILM]})}, {"video": FILM}, {"videos": [FILM]},
        {"fail_reason": FILM}, {"thumbnail_url": FILM + "?t", "download_url": FILM},
        {"response": {"generated_samples": [{"video": {"uri": FILM}}]}},
    ],
)  # fmt: skip
def test_a_films_address_is_found_by_its_shape(body: dict[str, Any]) -> None:
    assert film_url(body) == FILM
    assert Video.from_body({"data": {"id": "v", "status": "done", **body}}).film_url == FILM


@pytest.mark.parametrize(
    "body",
    [
        {"response_url": FILM}, {"notify_url": FILM}, {"original_video_url": FILM},
        {"driving_video_url": FILM}, {"upload_url": FILM}, {"img_url": FILM},
        {"polling_url": FILM}, {"urls": {"get": FILM}}, {"cover_url": FILM}, {"prompt": FILM},
        {"input": {"video_url": FILM}}, {"webhook_url": FILM}, {"file_path": "/srv/f.mp4"},
        {"output": "/srv/outputs/f.mp4"}, {"remixed_from_video_id": "video_1"},
        {"error": {"docs_url": FILM}}, {"last_frame_url": FILM},
    ],
)  # fmt: skip
def test_the_address_of_another_thing_is_not_the_films(body: dict[str, Any]) -> None:
    assert film_url(body) is None


@pytest.mark.parametrize(
    "body",
    [
        {"fail_reason": "no GPU"}, {"message": "no GPU"}, {"failureReason": "no GPU"},
        {"error": "no GPU"}, {"error": ["no GPU"]}, {"error": {"error": {"message": "no GPU"}}},
        {"error_details": {"message": "no GPU"}}, {"exception": "no GPU"},
        {"task_status_msg": "no GPU"}, {"base_resp": {"status_code": 1, "status_msg": "no GPU"}},
        {"errors": [{"message": "no GPU"}]}, {"status_message": "no GPU"}, {"detail": "no GPU"},
    ],
)  # fmt: skip
def test_the_error_of_a_failed_job_is_found_wherever_it_is(body: dict[str, Any]) -> None:
    for wrapped in (body, {"data": body}):
        told = {"id": "v", "status": "failed"} | body
        video = Video.from_body(told if wrapped is body else {"code": 0, "data": told})
        assert video.error is not None
        assert video.error.message == "no GPU"


@pytest.mark.parametrize(
    ("told", "percent"),
    [
        (0.62, 62),
        ("0.62", 62),
        ("62%", 62),
        ("62 %", 62),
        (62.4, 62),
        (1, 1),
        (1.0, 1),
        (0.0, 0),
        (0.29, 29),
        ("62 percent", 62),
        ("62/100", 62),
        ({"percent": 62}, 62),
        ("soon", None),
    ],
)
def test_progress_is_read_as_percent(told: object, percent: int | None) -> None:
    assert Video.from_body({"id": "v", "status": "running", "progress": told}).progress == percent


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ({"size": "960x544", "seconds": "2"}, Made(size="960x544", seconds=2)),
        ({"width": 960, "height": 544, "seconds": 4, "duration_s": 2.0},
         Made(size="960x544", seconds=2)),
        ({"video": {"duration": 6}, "usage": {"cost": 0.3}}, Made(seconds=6, cost=0.3)),
        ({"usage": {"cost": "0.3", "currency": "eur"}}, Made(cost=0.3, currency="EUR")),
        ({"size": "auto", "duration": -1, "cost": -1}, Made()),
        ({"size": "960\u00d7544"}, Made(size="960x544")),
    ],
)  # fmt: skip
def test_size_length_and_cost_are_read_from_the_job(body: dict[str, Any], made: Made) -> None:
    assert Video.from_body({"id": "v", "status": "completed"} | body).made == made


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "Task not found"}}),
        (400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
        (200, {"code": "fail", "message": "任务不存在"}),
        (200, {"error": {"message": "Video does not exist"}}),
        (500, {"error": {"message": "No such job: v"}}),
        (422, {"detail": "unknown task v"}),
        (400, {"message": "can't find the task"}),
        (200, {"success": False, "message": "No task with id v"}),
        (200, {"status": "error", "message": "Task not found"}),
        (200, {"id": "v", "status": "not_found"}),
        (200, {"id": "v", "error": "Video not found"}),
    ],
)
def test_an_unknown_job_is_recognised_in_any_words(status: int, body: object) -> None:
    with pytest.raises(NotFound):
        read_video(answer(status, body), "v")


@pytest.mark.parametrize("body", [{"video": {"url": FILM}}, {"done": True, "response": {
    "generatedSamples": [{"video": {"uri": FILM}}]}}])  # fmt: skip
def test_a_films_address_alone_completes_the_job(body: object) -> None:
    video = read_video(answer(200, body), "v").video
    assert (video.id, video.status, video.film_url) == ("v", DONE, FILM)


def test_the_outer_job_counts_where_a_relay_adds_its_upstreams() -> None:
    upstream = {"id": "up", "status": "queued", "video_url": FILM}
    body = {"code": "success", "data": {"task_id": "t", "status": "SUCCESS", "data": upstream}}
    video = read_video(answer(200, body), "t").video
    assert (video.id, video.status, video.film_url) == ("t", DONE, FILM)


@pytest.mark.parametrize("made", [{"id": "f", "url": FILM}, {"id": "f"}])
def test_a_product_of_a_job_is_not_the_job(made: object) -> None:
    for name, value in (("video", made), ("videos", [made]), ("output", made)):
        video = read_video(answer(200, {"status": "failed", name: value}), "v").video
        assert (video.id, video.status) == ("v", FAILED), name


@pytest.mark.parametrize(
    "body",
    [
        {"id": "v", "status": "failed", "error": {"message": "model not found"}},
        {"id": "v", "status": "failed", "error": {"message": "Reference video not found"}},
    ],
)
def test_a_failed_job_is_recognised_whatever_its_error(body: object) -> None:
    assert read_video(answer(200, body), "v").video.status is FAILED
