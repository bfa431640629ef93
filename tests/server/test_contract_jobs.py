"""The contract of jobs that exist: listed, fetched, deleted, remixed, asked for twice."""

import asyncio
import io
import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.server.app import ServerConfig, running
from tests.media.images import picture
from tests.server.conftest import StandIn
from tests.server.support import Videos, data_url, refused


async def test_the_list_goes_page_by_page_in_both_orders(videos: Videos) -> None:
    made = [await videos.create("quick") for _ in range(5)]

    _, newest = await videos.call("GET", "videos", params={"limit": "2"})
    _, older = await videos.call("GET", "videos", params={"limit": "3", "after": newest["last_id"]})
    _, oldest = await videos.call("GET", "videos", params={"order": "asc"})

    assert [job["id"] for job in newest["data"]] == made[:-3:-1]
    assert (newest["object"], newest["first_id"], newest["has_more"]) == ("list", made[-1], True)
    assert [job["id"] for job in older["data"]] == made[2::-1]
    assert older["has_more"] is False
    assert [job["id"] for job in oldest["data"]] == made


async def test_pages_stay_whole_while_videos_come_and_go(videos: Videos) -> None:
    made = [await videos.create("quick") for _ in range(6)]
    _, first = await videos.call("GET", "videos", params={"limit": "2"})
    await videos.call("DELETE", f"videos/{made[0]}")
    await videos.call("DELETE", f"videos/{made[2]}")
    await videos.create("quick")

    _, second = await videos.call("GET", "videos", params={"limit": "2", "after": first["last_id"]})

    assert [job["id"] for job in second["data"]] == [made[3], made[1]]
    assert second["has_more"] is False


@pytest.mark.parametrize("padding", ["=", "=="])
async def test_a_data_url_padded_in_its_middle_is_refused(videos: Videos, padding: str) -> None:
    url = data_url(picture() + bytes(2**20))
    cut = url.index(",") + 1 + 2**20
    broken = f"{url[: cut - len(padding)]}{padding}{url[cut:]}"
    body = io.BytesIO(json.dumps({"prompt": "p", "input_reference": broken}).encode())
    headers = {"Content-Type": "application/json"}
    status, error = await refused(videos, data=body, headers=headers)

    assert (status, error["param"]) == (400, "input_reference")


async def test_an_empty_list(videos: Videos) -> None:
    assert await videos.call("GET", "videos") == (
        200,
        {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False},
    )


@pytest.mark.parametrize(
    ("param", "value"),
    [("limit", "0"), ("limit", "101"), ("limit", "many"), ("order", "up")],
)
async def test_a_bad_list_question_names_its_parameter(
    videos: Videos, param: str, value: str
) -> None:
    status, body = await videos.call("GET", "videos", params={param: value})

    assert (status, body["error"]["param"]) == (400, param)


async def test_content_that_cannot_be_had_says_why(videos: Videos, tmp_path: Path) -> None:
    failing = await videos.create("fail The paint ran out.")
    await videos.until(failing, "failed")
    waiting = await videos.create(f"hold {tmp_path / 'never'}")

    codes: list[str] = []
    for job_id in (failing, waiting, "video_unknown"):
        status, body = await videos.call("GET", f"videos/{job_id}/content")
        assert status == 404
        codes.append(body["error"]["code"])

    assert codes == ["video_failed", "video_not_ready", "video_not_found"]


async def test_deleting_removes_the_job_and_its_files(videos: Videos, config: ServerConfig) -> None:
    job_id = await videos.create("quick")
    await videos.until(job_id, "completed")

    assert await videos.call("DELETE", f"videos/{job_id}") == (
        200,
        {"id": job_id, "object": "video.deleted", "deleted": True},
    )
    assert (await videos.call("GET", f"videos/{job_id}"))[0] == 404
    assert (await videos.call("DELETE", f"videos/{job_id}"))[0] == 404
    assert list((config.folder / "jobs").iterdir()) == []


async def test_a_remix_is_a_new_video_that_names_its_source(
    videos: Videos, stand_in: StandIn
) -> None:
    source = await videos.create("A cat", seconds="8")
    await videos.until(source, "completed")

    status, remix = await videos.call("POST", f"videos/{source}/remix", json={"prompt": "at night"})

    assert status == 200
    assert remix["remixed_from_video_id"] == source != remix["id"]
    assert (remix["prompt"], remix["seconds"]) == ("at night", "8")
    await videos.until(remix["id"], "completed")
    assert stand_in.started() == ["A cat", "A cat. at night"]


async def test_a_remix_needs_a_film_and_a_prompt(videos: Videos, tmp_path: Path) -> None:
    source = await videos.create(f"hold {tmp_path / 'go'}")
    status, body = await videos.call("POST", f"videos/{source}/remix", json={"prompt": "x"})
    assert (status, body["error"]["code"]) == (404, "video_not_ready")

    (tmp_path / "go").touch()
    await videos.until(source, "completed")
    status, body = await videos.call("POST", f"videos/{source}/remix", json={"prompt": " "})
    assert (status, body["error"]["param"]) == (400, "prompt")


async def test_models_name_ours_and_its_aliases(videos: Videos) -> None:
    _, body = await videos.call("GET", "models")

    assert [model["id"] for model in body["data"]] == ["preview", "sora-2", "sora-2-pro"]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "videos/edits", 404, "not_offered"),
        ("POST", "videos/extensions", 404, "not_offered"),
        ("POST", "videos/characters", 404, "not_offered"),
        ("GET", "videos/characters/char_1", 404, "not_offered"),
        ("POST", "videos/video_1/remix", 404, "video_not_found"),
        ("GET", "videos?after=video_x", 404, "video_not_found"),
        ("DELETE", "videos/edits", 405, "method_not_allowed"),
        ("GET", "videos/edits/content", 404, "video_not_found"),
        ("GET", "videos/video_1", 404, "video_not_found"),
        ("GET", "images", 404, "unknown_url"),
        ("PUT", "videos", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_here_is_said_in_the_apis_shape(
    videos: Videos, method: str, path: str, status: int, code: str
) -> None:
    answered, body = await videos.call(method, path)

    assert (answered, body["error"]["code"]) == (status, code)
    assert body["error"]["type"] == "invalid_request_error"


async def test_a_key_is_asked_for_when_there_is_one(
    config: ServerConfig, stand_in: StandIn
) -> None:
    guarded = replace(config, api_key="sëcret")
    async with (
        running(guarded, command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        videos = Videos(session)
        for key in (None, "Bearer wrong", "sëcret", "Bearer sëcre"):
            headers = {"Authorization": key} if key else {}
            status, body = await videos.call("GET", "videos", headers=headers)
            assert (status, body["error"]["code"]) == (401, "invalid_api_key")
        status, _ = await videos.call("GET", "videos", headers={"Authorization": "Bearer sëcret"})

    assert status == 200


async def test_one_idempotency_key_makes_one_job(videos: Videos) -> None:
    headers = {"Idempotency-Key": "once"}
    form = aiohttp.FormData({"prompt": "quick", "seconds": "4"}, default_to_multipart=True)

    _, first = await videos.call("POST", "videos", json={"prompt": "quick"}, headers=headers)
    _, again = await videos.call("POST", "videos", data=form, headers=headers)
    status, other = await videos.call("POST", "videos", json={"prompt": "q"}, headers=headers)
    long = await videos.call(
        "POST", "videos", json={"prompt": "q"}, headers={"Idempotency-Key": "k" * 256}
    )

    assert again["id"] == first["id"]
    assert (status, other["error"]["code"]) == (409, "idempotency_key_reused")
    assert long[0] == 400
    assert len((await videos.call("GET", "videos"))[1]["data"]) == 1


async def test_one_key_sent_many_times_at_once_makes_one_job(videos: Videos) -> None:
    how = {"json": {"prompt": "quick"}, "headers": {"Idempotency-Key": "once"}}
    answers = await asyncio.gather(*(videos.call("POST", "videos", **how) for _ in range(20)))

    assert len({body["id"] for _, body in answers}) == 1
