"""Reading answers to creates and polls, by answers recorded from the living servers."""

from typing import Any

import pytest

from bot.media.input_reference import InputReference
from bot.videos.answer import Answer
from bot.videos.encoding import Part, create_parts
from bot.videos.errors import (
    BadRequest,
    Busy,
    Moved,
    NotFound,
    OutcomeUnknown,
    Unauthorized,
    Unavailable,
)
from bot.videos.models import CreateVideo, VideoError, VideoStatus
from bot.videos.protocol import film_elsewhere, read_created, read_video
from bot.videos.refusals import WORDS_LIMIT, content_error, error_facts
from tests.videos.answers import (
    HTML,
    JOB,
    LITELLM_AROUND_IT,
    LITELLM_MODERATION,
    OPENAI_KEY,
    VLLM_OMNI_FAILED,
    answer,
    refusal,
)

# ------------------------------------------------------------------ what is sent


def test_a_create_is_encoded_as_fields_and_a_file() -> None:
    image = InputReference(data=b"\x89PNG", filename="cat.png", content_type="image/png")
    request = CreateVideo(
        prompt="a cat", model="sora-2", size="720x1280", seconds="8", input_reference=image
    )
    assert create_parts(request) == (
        Part(name="prompt", value="a cat"),
        Part(name="model", value="sora-2"),
        Part(name="size", value="720x1280"),
        Part(name="seconds", value="8"),
        Part(
            name="input_reference", value=b"\x89PNG", filename="cat.png", content_type="image/png"
        ),
    )


def test_fields_that_were_not_chosen_are_left_out() -> None:
    assert create_parts(CreateVideo(prompt="a cat")) == (Part(name="prompt", value="a cat"),)


# ------------------------------------------------------------------ create


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_job_in_a_2xx_is_read(status: int) -> None:
    reading = read_created(answer(status, JOB, openai_poll_after_ms="2500"))
    assert (reading.video.id, reading.video.status) == ("video_123", VideoStatus.QUEUED)
    assert reading.poll_after == 2.5


def test_tensorrt_llm_accepts_with_202() -> None:
    told = {"id": "video_9b", "status": "generating", "progress": None, "duration": 4.0, "fps": 24}
    video = read_created(answer(202, told)).video
    assert (video.status, video.progress, video.seconds) == (VideoStatus.IN_PROGRESS, None, None)


def test_dynamo_is_completed_at_create() -> None:
    told = {
        "id": "9c1e", "object": "video", "model": "wan", "status": "completed", "progress": 100,
        "created": 1795000000, "data": [{"url": "file:///out/9c1e.mp4"}], "error": None,
    }  # fmt: skip
    video = read_created(answer(200, told)).video
    assert (video.id, video.status) == ("9c1e", VideoStatus.COMPLETED)
    assert video.created_at == 1795000000


def test_new_api_repeats_its_id_and_leaves_zeros_out() -> None:
    told = {"id": "task_Ab", "task_id": "task_Ab", "object": "video", "status": "unknown"}
    video = read_created(answer(200, told)).video
    assert (video.id, video.status) == ("task_Ab", VideoStatus.QUEUED)


def test_openrouter_accepts_as_pending() -> None:
    told = {"id": "vg_1", "polling_url": "/api/v1/videos/vg_1", "status": "pending"}
    assert read_created(answer(202, told)).video.status is VideoStatus.QUEUED


def test_unknown_fields_beside_the_id_are_ignored() -> None:
    odd: dict[str, Any] = {"error": "", "progress": "?", "usage": {"seconds": 4.0}, "model": []}
    told = JOB | odd
    assert read_created(answer(200, told)).video.id == "video_123"


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"OK", HTML, b"null", b"[]", b'"video_1"', b'{"id": "video_123", "stat'],
    ids=["empty", "no fields", "text", "html", "null", "list", "string", "half"],
)
@pytest.mark.parametrize("status", [200, 202, 204])
def test_a_2xx_without_a_job_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        read_created(answer(status, body))


@pytest.mark.parametrize("body", [b"", HTML, b'{"error": {"message": "time-out"}}'])
@pytest.mark.parametrize("status", [408, 499, 500, 502, 504, 520, 524, 529])
def test_a_failure_on_the_way_leaves_the_outcome_unknown(status: int, body: bytes) -> None:
    with pytest.raises(OutcomeUnknown, match=str(status)):
        read_created(answer(status, body, Retry_After="1"))


@pytest.mark.parametrize("body", [b"", HTML, b"upstream connect error or disconnect/reset"])
def test_a_bare_503_leaves_the_outcome_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        read_created(answer(503, body))


@pytest.mark.parametrize(
    "told",
    [
        answer(503, b"", Retry_After="7"),
        answer(503, {"error": "The scheduler died"}),
        answer(503, {"error": {"message": "overloaded", "code": "overloaded"}}),
    ],
    ids=["Retry-After", "SGLang", "OpenAI"],
)
def test_a_503_by_the_application_is_busy(told: Answer) -> None:
    assert type(refusal(told)) is Busy


@pytest.mark.parametrize("status", [425, 429])
@pytest.mark.parametrize("body", [b"", HTML, b'{"error": {"message": "slow down"}}'])
def test_too_many_requests_is_busy(status: int, body: bytes) -> None:
    told = refusal(answer(status, body, Retry_After="11"))
    assert (type(told), told.status, told.retry_after) == (Busy, status, 11.0)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [b"", HTML, b'{"error": "Unauthorized"}'])
def test_a_refused_key_is_unauthorized(status: int, body: bytes) -> None:
    assert type(refusal(answer(status, body))) is Unauthorized


@pytest.mark.parametrize("status", [400, 402, 404, 405, 409, 410, 413, 415, 422, 451])
@pytest.mark.parametrize("body", [b"", HTML, b'{"detail": "no"}', b'{"error": {"mess'])
def test_any_other_4xx_is_a_bad_request(status: int, body: bytes) -> None:
    told = refusal(answer(status, body))
    assert (type(told), told.status) == (BadRequest, status)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_means_moved(status: int) -> None:
    address = "https://elsewhere.example/v1/videos"
    told = refusal(answer(status, b"", Location=address))
    assert (type(told), told.message) == (Moved, address)


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        (OPENAI_KEY, "invalid_api_key", "Incorrect API key provided."),
        (
            {"error": {"message": "Inpaint image must match the requested width and height",
                       "type": "invalid_request_error", "param": None, "code": None}},
            None,
            "Inpaint image must match the requested width and height",
        ),
        (
            {"error": {"message": "Model mismatch", "type": "Bad Request", "param": "model",
                       "code": 400}},
            "400",
            "Model mismatch",
        ),
        ({"error": "Unauthorized"}, None, "Unauthorized"),
        ({"detail": "Not Found"}, None, "Not Found"),
        (
            {"detail": [{"type": "missing", "loc": ["body", "prompt"], "msg": "Field required"},
                        {"loc": ["body", "seconds", 0], "msg": "Input should be an integer"}]},
            None,
            "body.prompt: Field required; body.seconds.0: Input should be an integer",
        ),
        ({"detail": []}, None, None),
        ({"detail": ["odd", 3]}, None, "odd"),
        (
            {"code": "task_not_exist", "message": "task_not_exist", "data": None},
            "task_not_exist",
            "task_not_exist",
        ),
        (
            LITELLM_MODERATION,
            "moderation_blocked",
            "Your request was blocked by our moderation system.",
        ),
        ({}, None, None),
        ([], None, None),
        (None, None, None),
        ({"error": None}, None, None),
        ({"error": 5}, None, None),
    ],
)  # fmt: skip
def test_the_servers_own_reason_is_found(
    body: object, code: str | None, sentence: str | None
) -> None:
    assert error_facts(body) == (code, sentence)
    told = refusal(answer(422, body))
    assert (told.server_code, told.message) == (code, sentence)


@pytest.mark.parametrize("reason", ["{", "{'type': 'missing'}", "a {b} c", '{"a": ' * 20_000])
def test_braces_without_json_stay_in_the_sentence(reason: str) -> None:
    told = refusal(answer(400, {"error": {"message": reason, "code": None}}))
    assert told.message == reason[:WORDS_LIMIT]


@pytest.mark.parametrize("body", [{"error": "x" * 9000}, {"error": {"message": "x" * 9000}}])
def test_a_long_sentence_is_cut(body: object) -> None:
    assert refusal(answer(400, body)).message == "x" * WORDS_LIMIT


SIGNED = "https://films.example.org/1.mp4?X-Amz-Signature=abc&X-Amz-Expires=60"
UNSIGNED = "https://films.example.org/1.mp4"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"Use {SIGNED} instead.", f"Use {UNSIGNED} instead."),
        (f'see "{SIGNED}", or', f'see "{UNSIGNED}", or'),
        ("GET /files/1?token=abc failed", "GET /files/1 failed"),
        ("s3://bucket/key?versionId=3", "s3://bucket/key"),
        ("from https://user:pass@films.example.org/1", "from https://films.example.org/1"),
        ("Ready? Then wait = 3", "Ready? Then wait = 3"),
        ("x" * (WORDS_LIMIT - 30) + SIGNED, "x" * (WORDS_LIMIT - 30) + UNSIGNED[:30]),
    ],
)
def test_signatures_of_addresses_are_removed_from_a_servers_words(said: str, shown: str) -> None:
    """As SGLang's cloud address, New API's upstream errors and vLLM-Omni's failed jobs have it."""
    told = answer(400, {"error": {"message": said, "code": said}})
    assert (refusal(told).message, refusal(told).server_code) == (shown, shown)
    assert "abc" not in str(content_error(told))
    with pytest.raises(Unavailable) as caught:
        read_video(answer(500, said.encode()))
    assert "abc" not in str(caught.value)
    failed = JOB | {"status": "failed", "error": {"code": said, "message": said}}
    error = read_video(answer(200, failed)).video.error
    assert error is not None
    assert "abc" not in error.model_dump_json()


def test_sglangs_cloud_address_is_read_whole_however_long_it_is() -> None:
    address = f"https://bucket.s3.example.org/v.mp4?X-Amz-Signature={'a' * 3 * WORDS_LIMIT}"
    told = {
        "detail": f"Video has been uploaded to cloud storage. Please use the cloud URL: {address}"
    }
    assert film_elsewhere(answer(400, told)) == address


# ------------------------------------------------------------------ polls


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("body", [VLLM_OMNI_FAILED, LITELLM_AROUND_IT], ids=["bare", "LiteLLM"])
def test_a_failed_job_inside_an_error_is_the_job(status: int, body: object) -> None:
    video = read_video(answer(status, body)).video
    assert (video.id, video.status) == ("video_gen_0f3a", VideoStatus.FAILED)
    assert video.error == VideoError(code="400", message="Prompt blocked by guardrail")


def test_sglang_fails_without_a_code() -> None:
    told = {
        "id": "5f0c2c5e-59a5-4b42-9d3c-3f5f3d3b1a11", "object": "video", "status": "failed",
        "progress": 40, "completed_at": None, "error": {"message": "CUDA out of memory"},
        "file_path": "/outputs/5f0c.mp4",
    }  # fmt: skip
    video = read_video(answer(200, told)).video
    assert video.error == VideoError(message="CUDA out of memory")


def test_tensorrt_llm_fails_with_a_sentence() -> None:
    told = {"id": "video_9b", "status": "failed", "progress": None, "error": "engine died"}
    video = read_video(answer(200, told)).video
    assert (video.status, video.error) == (VideoStatus.FAILED, VideoError(message="engine died"))


def test_openrouter_expires() -> None:
    told = {"id": "vg_1", "status": "expired", "error": "gone", "usage": {"cost": 0.4}}
    assert read_video(answer(200, told)).video.status is VideoStatus.EXPIRED


@pytest.mark.parametrize(
    "told",
    [
        answer(404, {"detail": "Video not found"}),
        answer(404, HTML),
        answer(410, b""),
        answer(400, {"code": "task_not_exist", "message": "task_not_exist", "data": None}),
    ],
    ids=["FastAPI", "html", "gone", "New API"],
)
def test_a_job_the_server_does_not_know_is_not_found(told: Answer) -> None:
    with pytest.raises(NotFound):
        read_video(told)


@pytest.mark.parametrize("status", [401, 403])
def test_a_poll_with_a_refused_key_is_unauthorized(status: int) -> None:
    with pytest.raises(Unauthorized) as caught:
        read_video(answer(status, OPENAI_KEY, Retry_After="5"))
    assert (caught.value.server_code, caught.value.retry_after) == ("invalid_api_key", 5.0)


@pytest.mark.parametrize("status", [200, 204, 302, 400, 405, 408, 422, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("body", [b"", HTML, b'{"id": "video_123", "sta', b'{"error": "busy"}'])
def test_any_other_answer_to_a_poll_is_unavailable(status: int, body: bytes) -> None:
    with pytest.raises(Unavailable) as caught:
        read_video(answer(status, body, Retry_After="9"))
    assert caught.value.retry_after == 9.0
