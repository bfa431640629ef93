"""The "Create video" page of the API reference, row by row, over real HTTP."""

import io
import json
import re
import time
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp
import pytest

from bot.server.app import ServerConfig
from bot.server.errors import BODY_LIMIT
from bot.server.reference import IMAGE_LIMIT
from tests.media.images import picture
from tests.server.support import Videos, data_url, refused

SIZES = ["720x1280", "1280x720", "1024x1792", "1792x1024"]
FIELDS = {
    "id": str, "object": str, "model": str, "status": str, "progress": int, "created_at": int,
    "completed_at": type(None), "expires_at": type(None), "prompt": str, "size": str,
    "seconds": str, "remixed_from_video_id": type(None), "error": type(None), "quality": str,
}  # fmt: skip


async def test_a_prompt_alone_makes_a_queued_job_with_every_default(videos: Videos) -> None:
    status, body = await videos.call("POST", "videos", json={"prompt": "A calico cat"})

    assert status == 200
    assert {name: type(value) for name, value in body.items()} == FIELDS
    assert re.fullmatch(r"video_[0-9a-f]{32}", body["id"])
    assert abs(body["created_at"] - time.time()) < 5
    assert body | {"id": "", "created_at": 0} == {
        "id": "", "object": "video", "model": "preview", "status": "queued", "progress": 0,
        "created_at": 0, "completed_at": None, "expires_at": None, "prompt": "A calico cat",
        "size": "720x1280", "seconds": "4", "remixed_from_video_id": None, "error": None,
        "quality": "standard",
    }  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
async def test_the_four_sizes(videos: Videos, size: str) -> None:
    assert (await videos.job(await videos.create("quick", size=size)))["size"] == size


@pytest.mark.parametrize("seconds", ["4", "8", "12", 4, 8, 12])
async def test_the_three_lengths_as_string_or_number(videos: Videos, seconds: object) -> None:
    job = await videos.job(await videos.create("quick", seconds=seconds))

    assert job["seconds"] == str(seconds)


@pytest.mark.parametrize("model", ["preview", "sora-2", "sora-2-pro", "sora-2-pro-2025-10-06"])
async def test_the_model_is_answered_as_asked(videos: Videos, model: str) -> None:
    assert (await videos.job(await videos.create("quick", model=model)))["model"] == model


@pytest.mark.parametrize("kind", ["json", "urlencoded", "multipart"])
async def test_the_three_kinds_of_body_say_the_same(videos: Videos, kind: str) -> None:
    fields = {"prompt": "Köln bei Nacht 🌃", "seconds": "8", "size": "1792x1024", "n": "unknown"}
    body: dict[str, Any] = {"data": fields}
    if kind == "json":
        body = {"json": fields}
    if kind == "multipart":
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in fields.items():
            form.add_field(name, value)
        body = {"data": form}

    status, job = await videos.call("POST", "videos", **body)

    assert status == 200
    assert (job["prompt"], job["seconds"], job["size"]) == (
        "Köln bei Nacht 🌃", "8", "1792x1024",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "prompt"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": " \n"}, "prompt"),
        ({"prompt": "x" * 4001}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "\ud800"}, "prompt"),
        ({"prompt": "p", "model": "dall-e"}, "model"),
        ({"prompt": "p", "model": ["sora-2"]}, "model"),
        ({"prompt": "p", "seconds": "5"}, "seconds"),
        ({"prompt": "p", "seconds": 4.5}, "seconds"),
        ({"prompt": "p", "seconds": True}, "seconds"),
        ({"prompt": "p", "size": "640x480"}, "size"),
        ({"prompt": "p", "size": 720}, "size"),
        ({"prompt": "p", "input_reference": 7}, "input_reference"),
        ({"prompt": "p", "input_reference": {}}, "input_reference"),
        ({"prompt": "p", "input_reference": "picture.png"}, "input_reference"),
        ({"prompt": "p", "input_reference": "{broken"}, "input_reference"),
        ({"prompt": "p", "input_reference": {"file_id": "file_1"}}, "input_reference"),
        ({"prompt": "p", "input_reference": "http://a.example/b.png"}, "input_reference"),
        ({"prompt": "p", "input_reference": "data:image/png;base64,%%"}, "input_reference"),
        ({"prompt": "p", "input_reference": data_url(b"GIF89a")}, "input_reference"),
        (
            {"prompt": "p", "input_reference": {"image_url": "https://a.example/b.png"}},
            "input_reference",
        ),
    ],
)
async def test_a_bad_value_names_its_field(
    videos: Videos, fields: dict[str, Any], param: str
) -> None:
    status, error = await refused(videos, json=fields)

    assert (status, error["param"]) == (400, param)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"prompt": "", "input_reference": 7}, "prompt must not be blank."),
        ({"input_reference": {"file_id": "f"}}, "prompt is required."),
        ({"prompt": "p", "seconds": 5, "input_reference": 7}, "seconds must be one of 4, 8, 12."),
        ({"prompt": " " * 4001}, "prompt must not be blank."),
        ({"prompt": "\ud800" * 4001}, "prompt must be at most 4000 characters."),
    ],
)
async def test_of_several_faults_the_first_fields_is_named(
    videos: Videos, body: dict[str, Any], message: str
) -> None:
    status, answer = await videos.call("POST", "videos", json=body)

    assert (status, answer["error"]["message"]) == (400, message)


async def test_a_prompt_of_4000_characters_is_taken(videos: Videos) -> None:
    assert (await videos.job(await videos.create("x" * 4000)))["prompt"] == "x" * 4000


@pytest.mark.parametrize(
    ("content_type", "data", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"", 400),
        ("application/json", b"[]", 400),
        ("application/json", b"\xff\xfe", 400),
        ("application/json", b"[" * 100_000, 400),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"--other\r\nx", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nbroken\r\n\r\nx\r\n--b--\r\n", 400),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="prompt"\r\n\r\ncut sh',
            400,
        ),
        ("application/x-www-form-urlencoded; charset=nonsense", b"prompt=p", 400),
        ("text/plain", b"prompt", 415),
    ],
)
async def test_a_malformed_body_is_refused_in_a_sentence(
    videos: Videos, content_type: str, data: bytes, status: int
) -> None:
    answered, _ = await refused(videos, data=data, headers={"Content-Type": content_type})

    assert answered == status


async def test_a_body_that_is_not_packed_as_it_says_leaves_no_traceback(
    videos: Videos, caplog: pytest.LogCaptureFixture
) -> None:
    for packing in ("gzip", "deflate"):
        headers = {"Content-Type": "application/json", "Content-Encoding": packing}
        status, _ = await refused(videos, data=b"{}, but not packed", headers=headers)
        assert status == 400

    assert [record for record in caplog.records if record.exc_info] == []


async def test_a_body_that_says_it_is_too_large_is_not_read(videos: Videos) -> None:
    async def never_sent() -> AsyncGenerator[bytes]:
        yield b"{"

    headers = {"Content-Length": str(BODY_LIMIT + 1), "Content-Type": "application/json"}
    status, error = await refused(videos, data=never_sent(), headers=headers)

    assert (status, error["code"]) == (413, "request_too_large")


async def test_a_body_that_grows_too_large_is_dropped(videos: Videos) -> None:
    async def growing() -> AsyncGenerator[bytes]:
        for _ in range(BODY_LIMIT // 2**20 + 1):
            yield b" " * 2**20

    status, _ = await refused(videos, data=growing(), headers={"Content-Type": "application/json"})

    assert status == 413


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("form", ["file", "bracketed", "text", "string", "object"])
async def test_a_reference_image_in_every_form(videos: Videos, form: str, kind: str) -> None:
    data = picture(kind=kind)
    url = data_url(data, f"image/{kind.lower()}")
    if form in ("string", "object"):
        reference = url if form == "string" else {"image_url": url}
        body: dict[str, Any] = {"json": {"prompt": "quick", "input_reference": reference}}
    else:
        parts = aiohttp.FormData({"prompt": "quick"}, default_to_multipart=True)
        match form:
            case "file":
                parts.add_field("input_reference", data, filename="a.bin")
            case "bracketed":
                parts.add_field("input_reference[image_url]", url)
            case _:
                parts.add_field("input_reference", json.dumps({"image_url": url}))
        body = {"data": parts}

    status, job = await videos.call("POST", "videos", **body)

    assert status == 200, job
    assert (await videos.until(job["id"], "completed", "failed"))["status"] == "completed"


@pytest.mark.parametrize("name", ["input_reference[image_url]", "input_reference[file_id]"])
async def test_an_empty_bracketed_field_counts_as_left_out(videos: Videos, name: str) -> None:
    status, _ = await videos.call("POST", "videos", data={"prompt": "quick", name: ""})

    assert status == 200


async def test_a_bracketed_image_counts_beside_an_empty_plain_field(
    videos: Videos, config: ServerConfig
) -> None:
    fields = {
        "input_reference": "",
        "input_reference[image_url]": data_url(picture()),
        "prompt": f"hold {config.folder / 'never'}",
    }
    _, job = await videos.call("POST", "videos", data=fields)

    assert (config.folder / "jobs" / job["id"] / "reference.png").read_bytes() == picture()


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(IMAGE_LIMIT)], ids=["empty", "gif", "big"]
)
async def test_a_file_that_is_no_fitting_image_is_refused(videos: Videos, data: bytes) -> None:
    parts = aiohttp.FormData({"prompt": "quick"})
    file = io.BytesIO(data)
    parts.add_field("input_reference", file, filename="a.png", content_type="image/png")

    status, error = await refused(videos, data=parts)

    assert (status, error["param"]) == (400, "input_reference")
