"""Who may use a server on this machine: nobody who came by a page of another origin."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace

import aiohttp
import pytest

from bot.server.app import ServerConfig, running
from bot.serving.origin import Names
from tests.server.conftest import StandIn
from tests.server.support import Videos

EVERYWHERE = "0.0.0.0"  # noqa: S104 - named, not bound


async def refused(videos: Videos, **headers: str) -> str | None:
    """Send what a page's form would; give the refusal's code, None where it was taken."""
    form = aiohttp.FormData({"prompt": "quick"}, default_to_multipart=True)
    status, body = await videos.call("POST", "videos", data=form, headers=headers)
    assert status in (200, 403)
    _, page = await videos.call("GET", "videos")
    assert len(page["data"]) == (status == 200)
    return None if status == 200 else body["error"]["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "Cross-Site", "Sec-Fetch-Mode": "no-cors"},
    ],
)
async def test_a_page_of_another_origin_creates_nothing(
    videos: Videos, headers: dict[str, str]
) -> None:
    assert await refused(videos, **headers) == "origin_not_allowed"


@pytest.mark.parametrize("path", ["videos", "../health", "../openapi.json", "models"])
async def test_it_reads_nothing_either(videos: Videos, path: str) -> None:
    status, body = await videos.call("GET", path, headers={"Origin": "https://evil.example"})
    assert (status, body["error"]["code"]) == (403, "origin_not_allowed")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8288", "192.168.1.5", "localhost.evil.example", "", "@"]
)
async def test_a_name_that_was_made_to_lead_here_is_refused(videos: Videos, host: str) -> None:
    assert await refused(videos, Host=host) == "host_not_allowed"


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8288", "127.8.8.8", "[::1]:9", "a.localhost"]
)
async def test_names_of_this_machine_are_taken(videos: Videos, host: str) -> None:
    assert await refused(videos, Host=host) is None


async def test_our_own_origin_and_a_typed_address_are_taken(videos: Videos) -> None:
    own = {"Host": "localhost:1", "Origin": "http://localhost:1", "Sec-Fetch-Site": "same-origin"}
    assert await refused(videos, **own) is None
    status, _ = await videos.call("GET", "videos", headers={"Sec-Fetch-Site": "none"})
    assert status == 200


@pytest.mark.parametrize(
    ("names", "host", "taken"),
    [
        (Names(bound=EVERYWHERE), "192.168.1.5:8288", True),
        (Names(bound="::"), "[2001:db8::1]:8288", True),
        (Names(bound=EVERYWHERE), "gpu-box:8288", False),
        (Names(bound=EVERYWHERE, more=frozenset({"gpu-box"})), "GPU-box:8288", True),
        (Names(bound="gpu-box"), "gpu-box.", True),
        (Names(bound="192.168.1.5"), "192.168.1.5", True),
        (Names(bound="192.168.1.5"), "192.168.1.6", False),
        (Names(), "127.0.0.1:port", False),
        (Names(), "user@localhost", False),
        (Names(), "localhost/videos", False),
        (Names(), "[::1", False),
    ],
)
def test_which_names_lead_here(names: Names, host: str, taken: bool) -> None:  # noqa: FBT001
    assert names.include(host) is taken


@pytest.fixture
async def short(config: ServerConfig, stand_in: StandIn) -> AsyncGenerator[Videos]:
    """A server with one worker and two places in line."""
    async with (
        running(replace(config, queue_limit=2), command=stand_in.command) as base,
        aiohttp.ClientSession(f"{base}/") as session,
    ):
        yield Videos(session)


async def test_a_full_line_takes_no_more_and_says_when_to_come_again(short: Videos) -> None:
    first = await short.create("freeze")
    await short.until(first, "in_progress")

    async def create(number: int) -> tuple[int, str | None]:
        headers = {"Idempotency-Key": f"key {number}"}
        body = {"prompt": "freeze"}
        async with short.session.post("videos", json=body, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After")

    answers = await asyncio.gather(*map(create, range(10)))

    assert sorted(status for status, _ in answers) == [200] * 2 + [429] * 8
    assert {after for status, after in answers if status == 429} == {"15"}
    # One that is in the line is there under its key, and a place that is free is taken.
    [known, *_] = [number for number, (status, _) in enumerate(answers) if status == 200]
    assert (await create(known))[0] == 200
    _, page = await short.call("GET", "videos")
    waiting = next(job["id"] for job in page["data"] if job["status"] == "queued")
    await short.call("DELETE", f"videos/{waiting}")
    assert (await create(11))[0] == 200
