"""The client on a real network: what it sends, what it retries, and what it never does."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from bot.media.container import MP4
from bot.media.input_reference import InputReference
from bot.videos.client import LONGEST_WAIT, VideosClient, may_repeat_create
from bot.videos.errors import (
    BadRequest,
    Busy,
    Moved,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.models import CreateVideo, VideoStatus
from bot.videos.wire import BODY_LIMIT
from tests.media import films
from tests.processes import free_port
from tests.videos.connecting import CAT, JOB, KEY, SHORT, connected
from tests.videos_server.faults import Fault, answer, breaks_off, cut, never_ends, silent
from tests.videos_server.server import ScriptedServer, scripted

# ------------------------------------------------------------------ create


async def test_a_create_sends_its_fields_as_a_form(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("POST", "/videos", answer(200, JOB, openai_poll_after_ms="700"))
    reading = await client.create(
        CreateVideo(prompt="a cat\r\n“plays” 🎹", model="sora-2", size="720x1280", seconds="4")
    )
    assert (reading.video.id, reading.poll_after) == ("video_1", 0.7)
    (seen,) = server.requests
    assert seen.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert {field.name: seen.text(field.name or "") for field in seen.fields} == {
        "prompt": "a cat\r\n“plays” 🎹",
        "model": "sora-2",
        "size": "720x1280",
        "seconds": "4",
    }
    assert [field.filename for field in seen.fields] == [None] * 4


async def test_the_reference_image_is_a_file_part(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("POST", "/videos", answer(202, JOB))
    pixels = bytes(range(256)) * 9
    image = InputReference(data=pixels, filename="cat.png", content_type="image/png")
    await client.create(CreateVideo(prompt="a cat", input_reference=image))
    (seen,) = server.requests
    assert [field.name for field in seen.fields] == ["prompt", "input_reference"]
    part = seen.fields[1]
    assert (part.content_type, part.value) == ("image/png", pixels)
    assert part.filename == "cat.png"


async def test_a_form_stays_multipart_without_an_image(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("POST", "/videos", answer(200, JOB))
    await client.create(CreateVideo(prompt="a cat"))
    assert [(field.name, field.value) for field in server.requests[0].fields] == [
        ("prompt", b"a cat")
    ]


async def test_the_key_is_sent_as_a_bearer_token(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("POST", "/videos", answer(200, JOB))
    await client.create(CAT)
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


async def test_a_client_without_a_key_sends_none(server: ScriptedServer) -> None:
    server.on("POST", "/videos", answer(200, JOB))
    async with connected(server.base_url, api_key=None) as client:
        await client.create(CAT)
    assert "Authorization" not in server.requests[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_create_follows_no_redirect(
    server: ScriptedServer, client: VideosClient, status: int
) -> None:
    server.on("POST", "/videos", answer(status, b"", Location="/v1/moved"))
    server.on("POST", "/moved", answer(200, JOB)).on("GET", "/moved", answer(200, JOB))
    with pytest.raises(Moved, match="/v1/moved"):
        await client.create(CAT)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("no_pauses")
async def test_a_refused_connection_raises_not_sent() -> None:
    async with connected(f"http://127.0.0.1:{free_port()}/v1") as client:
        with pytest.raises(NotSent):
            await client.create(CAT)
        with pytest.raises(NotSent):
            await client.retrieve("video_1")


@pytest.mark.usefixtures("no_pauses")
async def test_a_server_without_tls_raises_not_sent(server: ScriptedServer) -> None:
    async with connected(server.base_url.replace("http:", "https:")) as client:
        with pytest.raises(NotSent):
            await client.create(CAT)
    assert server.requests == []


@pytest.mark.parametrize(
    "behaviour",
    [
        cut,
        answer(500, {"error": {"message": "boom"}}),
        answer(502, b"<html>"),
        answer(503),
        answer(200),
    ],
    ids=["cut", "500", "502", "bare 503", "empty 200"],
)
async def test_a_create_of_unknown_outcome_is_sent_exactly_once(
    server: ScriptedServer, client: VideosClient, behaviour: Fault
) -> None:
    server.on("POST", "/videos", behaviour, answer(200, JOB))
    with pytest.raises(OutcomeUnknown):
        await client.create(CAT)
    assert len(server.requests) == 1


@pytest.mark.parametrize("behaviour", [never_ends, silent], ids=["endless", "silent"])
async def test_an_endless_create_times_out_and_is_not_repeated(
    server: ScriptedServer, behaviour: Fault
) -> None:
    server.on("POST", "/videos", behaviour, answer(200, JOB))
    async with connected(server.base_url, patience=SHORT) as client, asyncio.timeout(10):
        with pytest.raises(OutcomeUnknown):
            await client.create(CAT)
    assert len(server.requests) == 1


async def test_an_answer_cut_short_leaves_the_outcome_unknown(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("POST", "/videos", breaks_off(b'{"id": "video_1", "stat', promised=80))
    with pytest.raises(OutcomeUnknown):
        await client.create(CAT)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_refusal_that_names_a_wait_is_retried(
    server: ScriptedServer, client: VideosClient, status: int
) -> None:
    server.on("POST", "/videos", answer(status, b"", Retry_After="0"), answer(200, JOB))
    assert (await client.create(CAT)).video.id == "video_1"
    assert [seen.text("prompt") for seen in server.requests] == ["a calico cat"] * 2


async def test_a_busy_server_is_asked_three_times(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("POST", "/videos", *[answer(429, b"", Retry_After="0")] * 3, answer(200, JOB))
    with pytest.raises(Busy):
        await client.create(CAT)
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answer(429, {"error": {"message": "slow down"}}), Busy),
        (answer(429, b"", Retry_After="3600"), Busy),
        (answer(400, {"error": {"message": "no", "code": "moderation_blocked"}}), BadRequest),
        (answer(401, b"", Retry_After="0"), Unauthorized),
        (answer(404, {"detail": "Not Found"}), BadRequest),
    ],
)
async def test_any_other_refusal_is_final(
    server: ScriptedServer, client: VideosClient, behaviour: Fault, error: type[VideosError]
) -> None:
    server.on("POST", "/videos", behaviour, answer(200, JOB))
    with pytest.raises(error):
        await client.create(CAT)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("error", "worth"),
    [
        (NotSent("refused"), True),
        (Busy(429, retry_after=0.0), 0.0),
        (Busy(503, retry_after=LONGEST_WAIT), LONGEST_WAIT),
        (Busy(429, retry_after=LONGEST_WAIT + 0.1), False),
        (Busy(429), False),
        (OutcomeUnknown("cut"), False),
        (Unavailable("cut", retry_after=0.0), False),
        (BadRequest(400, retry_after=0.0), False),
        (Unauthorized(401, retry_after=0.0), False),
        (RuntimeError("anything"), False),
    ],
)
def test_a_create_is_repeated_only_where_surely_nothing_was_bought(
    error: Exception, worth: float
) -> None:
    told = may_repeat_create(error)
    assert (told, type(told)) == (worth, type(worth))


# ------------------------------------------------------------------ reads


async def test_a_poll_reads_the_jobs_own_address(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("GET", "/videos/video_1", answer(200, JOB | {"status": "processing", "progress": 4}))
    reading = await client.retrieve("video_1")
    assert (reading.video.status, reading.video.progress) == (VideoStatus.IN_PROGRESS, 4)
    assert server.requests[0].headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("video_id", "path"),
    [
        ("video_bGl0ZWxsbTo==", "video_bGl0ZWxsbTo=="),
        ("a/b/c", "a%2Fb%2Fc"),
        ("a?b#c", "a%3Fb%23c"),
        ("a%2Fb", "a%252Fb"),
        ("a b+c", "a%20b%2Bc"),
        ("ü", "%C3%BC"),
        ("x" * 250, "x" * 250),
    ],
)
async def test_an_id_of_any_characters_is_one_segment_of_the_path(
    server: ScriptedServer, client: VideosClient, tmp_path: Path, video_id: str, path: str
) -> None:
    server.on("GET", f"/videos/{path}", answer(200, JOB))
    server.on("DELETE", f"/videos/{path}", answer(200, {"deleted": True}))
    server.on("GET", f"/videos/{path}/content", answer(200, films.mp4()))
    await client.retrieve(video_id)
    await client.download(video_id, tmp_path / "film")
    await client.delete(video_id)
    assert [seen.path for seen in server.requests] == [
        f"/v1/videos/{path}",
        f"/v1/videos/{path}/content",
        f"/v1/videos/{path}",
    ]


async def test_a_base_address_may_end_in_a_slash(server: ScriptedServer) -> None:
    server.on("GET", "/videos/video_1", answer(200, JOB))
    async with connected(server.base_url + "/") as client:
        await client.retrieve("video_1")
    assert server.requests[0].path == "/v1/videos/video_1"


async def test_a_list_requests_the_newest_after_a_cursor(
    server: ScriptedServer, client: VideosClient
) -> None:
    page = {"data": [JOB], "has_more": True, "last_id": "video_1"}
    server.on("GET", "/videos", answer(200, page), answer(200, {"data": []}))
    first = await client.list()
    await client.list(after="a=b&c", limit=7)
    assert first.has_more
    assert [seen.path for seen in server.requests] == [
        "/v1/videos?limit=100&order=desc",
        "/v1/videos?limit=7&order=desc&after=a%3Db%26c",
    ]


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (answer(404, {"detail": "Video not found"}), NotFound),
        (answer(401, {"error": "Unauthorized"}), Unauthorized),
        (answer(429, b"", Retry_After="0"), Unavailable),
        (answer(500, b"<html>"), Unavailable),
        (answer(302, b"", Location="/v1/moved"), Unavailable),
        (breaks_off(b"{", promised=9), Unavailable),
        (answer(200, b"x" * (BODY_LIMIT + 1)), Unavailable),
    ],
    ids=["404", "401", "429", "500", "redirect", "cut", "too long"],
)
async def test_an_unusable_answer_to_a_poll_is_named_and_not_retried(
    server: ScriptedServer, client: VideosClient, behaviour: Fault, error: type[VideosError]
) -> None:
    server.on("GET", "/videos/video_1", behaviour, answer(200, JOB))
    with pytest.raises(error):
        await client.retrieve("video_1")
    assert len(server.requests) == 1


async def test_a_poll_of_a_silent_server_times_out(server: ScriptedServer) -> None:
    server.on("GET", "/videos/video_1", silent)
    async with connected(server.base_url, patience=SHORT) as client, asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await client.retrieve("video_1")


async def test_deleting_a_missing_job_succeeds(
    server: ScriptedServer, client: VideosClient
) -> None:
    server.on("DELETE", "/videos/video_1", answer(404, {"detail": "Not Found"}), answer(405))
    await client.delete("video_1")
    with pytest.raises(Unavailable):
        await client.delete("video_1")


# ------------------------------------------------------------------ the key


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_a_key_that_the_server_quotes_is_in_no_exception(
    server: ScriptedServer, client: VideosClient, tmp_path: Path, status: int
) -> None:
    film = tmp_path / "film"
    quote = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": f"key {KEY}"}}
    in_json, in_text = answer(status, quote), answer(status, f"no such key {KEY}".encode())
    server.on("POST", "/videos", in_json, in_text)
    server.on("GET", "/videos/video_1", in_json, in_json, in_text, in_text)
    server.on("GET", "/videos/video_1/content", in_json, in_text)
    for mark in ("***", ""):
        for ask in (
            partial(client.create, CAT),
            partial(client.retrieve, "video_1"),
            partial(client.download, "video_1", film),
        ):
            with pytest.raises(VideosError) as caught:
                await ask()
            told = f"{caught.value} {vars(caught.value)} {caught.value.__cause__}"
            assert mark in told
            assert KEY not in told


async def test_the_key_is_dropped_on_a_redirect_to_another_origin(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async with scripted() as storage:
        storage.on("GET", "/signed", answer(200, films.mp4()))
        address = f"{storage.origin}/v1/signed?signature=1"
        server.on("GET", "/videos/video_1/content", answer(302, b"", Location=address))
        async with connected(server.base_url, film_hosts=[storage.host]) as client:
            assert await client.download("video_1", tmp_path / "film") is MP4
        (there,) = storage.requests
    assert "Authorization" in server.requests[0].headers
    assert KEY not in str(there)


async def test_the_key_follows_a_redirect_within_the_servers_own_origin(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    server.on("GET", "/videos/video_1/content", answer(307, b"", Location="/v1/files/1"))
    server.on("GET", "/files/1", answer(200, films.mp4()))
    await client.download("video_1", tmp_path / "film")
    assert [seen.headers["Authorization"] for seen in server.requests] == [f"Bearer {KEY}"] * 2
