"""Polling many jobs: a real database, and a server over real HTTP that counts what it is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest

from bot.jobs import lifecycle
from bot.jobs.events import JobEvents
from bot.jobs.listing import BARREN
from bot.jobs.models import Fallback, Render, RenderChange, RenderStatus
from bot.jobs.poller import JobPoller
from bot.jobs.store import JobStore
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME
from bot.videos.wire import ServerAccess
from tests.jobs.support import NOW, admit, new_render
from tests.videos_server.faults import answer as says
from tests.videos_server.server import ScriptedServer, scripted

MANY = 1000


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted() as running:
        yield running


def told(number: int, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - a field of the contract
    return {"id": f"video_{number}", "status": "in_progress", "progress": 40} | fields


def page(*videos: dict[str, Any], has_more: bool = False) -> bytes:
    last = videos[-1]["id"] if videos else None
    return json.dumps({"data": videos, "has_more": has_more, "last_id": last}).encode()


def asked(server: ScriptedServer) -> list[str]:
    """What was asked about jobs, beside what the server speaks."""
    return [seen.path for seen in server.requests if seen.path.startswith("/v1/videos")]


async def running_jobs(store: JobStore, count: int) -> list[Render]:
    jobs = [
        new_render(
            status=RenderStatus.QUEUED, video_id=f"video_{number}", next_poll_at=NOW, sent_at=NOW
        )
        for number in range(count)
    ]
    for each in jobs:
        assert await admit(store, each, most_of_user=MANY, most=MANY)
    return jobs


def heard_by(store: JobStore, listener: Callable[[RenderChange], None]) -> JobEvents:
    events = JobEvents(store)
    events.listen(listener)
    return events


async def changes(
    store: JobStore, server: ScriptedServer, count: int, dialect: str = "openai"
) -> dict[str, Render]:
    """Let the poller look once at what is due; return what was announced, by the server's id."""
    seen: dict[str, Render] = {}
    complete = asyncio.Event()

    def announce(change: RenderChange) -> None:
        seen[change.after.video_id or ""] = change.after
        if len(seen) == count:
            complete.set()

    async with aiohttp.ClientSession() as session:
        videos = VideosClient(
            session, ServerAccess(base_url=server.base_url), dialect=BY_NAME[dialect]
        )
        poller = JobPoller(
            store=store,
            videos=videos,
            events=heard_by(store, announce),
            poll_interval=2.0,
            deadline=3600.0,
            clock=lambda: NOW,
        )
        poller.start()
        await asyncio.wait_for(complete.wait(), 20)
        await poller.close()
    return seen


async def at_a_start(store: JobStore, server: ScriptedServer) -> set[str | None]:
    """Return what a starting poller announces, by the server's id."""
    announced: list[Render] = []
    async with aiohttp.ClientSession() as session:
        poller = JobPoller(
            store=store,
            videos=VideosClient(
                session, ServerAccess(base_url=server.base_url), dialect=BY_NAME["openai"]
            ),
            events=heard_by(store, lambda change: announced.append(change.after)),
            poll_interval=2.0,
            deadline=3600.0,
            clock=lambda: NOW,
        )
        await poller.catch_up()
        await poller.close()
    return {each.video_id for each in announced}


async def test_one_list_answers_for_many_jobs(store: JobStore, server: ScriptedServer) -> None:
    await running_jobs(store, 90)
    videos = [told(number) for number in range(89)] + [told(89, status="completed")]
    server.on("GET", "/videos", says(200, page(*videos)))

    seen = await changes(store, server, 90)

    assert len(asked(server)) == 1
    assert {each.status for each in seen.values()} == {
        RenderStatus.IN_PROGRESS,
        RenderStatus.COMPLETED,
    }
    assert seen["video_89"].status is RenderStatus.COMPLETED


async def test_further_pages_are_read_while_jobs_are_missing(
    store: JobStore, server: ScriptedServer
) -> None:
    await running_jobs(store, 4)
    server.on(
        "GET",
        "/videos",
        says(200, page(told(0), told(1), has_more=True)),
        says(200, page(told(2), told(3), has_more=True)),
    )
    await changes(store, server, 4)
    assert [path.partition("after=")[2] for path in asked(server)] == ["", "video_1"]


async def test_what_the_list_does_not_hold_is_asked_for_by_itself(
    store: JobStore, server: ScriptedServer
) -> None:
    await running_jobs(store, 4)
    server.on("GET", "/videos", says(200, page(told(0), told(1), told(2))))
    server.on("GET", "/videos/video_3", says(200, json.dumps(told(3, progress=70)).encode()))

    seen = await changes(store, server, 4)

    assert seen["video_3"].progress == 70
    assert len(asked(server)) == 2


@pytest.mark.parametrize("dialect", ["litellm", "openai"], ids=["has no list", "list fails"])
async def test_without_a_list_each_job_is_asked_for(
    store: JobStore, server: ScriptedServer, dialect: str
) -> None:
    await running_jobs(store, 3)
    server.on("GET", "/videos", says(500, b"broken"))
    for number in range(3):
        server.on("GET", f"/videos/video_{number}", says(200, json.dumps(told(number)).encode()))

    seen = await changes(store, server, 3, dialect)

    assert [each.progress for each in seen.values()] == [40, 40, 40]


async def test_a_long_history_between_the_jobs_is_walked_through(
    store: JobStore, server: ScriptedServer
) -> None:
    await running_jobs(store, 3)
    server.on(
        "GET",
        "/videos",
        says(200, page(told(0), told(900), has_more=True)),
        says(200, page(told(901), told(902), has_more=True)),
        says(200, page(told(1), told(2), has_more=True)),
    )
    await changes(store, server, 3)
    assert len(asked(server)) == 3


async def test_the_list_is_left_where_it_is_history(
    store: JobStore, server: ScriptedServer
) -> None:
    await running_jobs(store, 4)
    history = (page(told(number), has_more=True) for number in (901, 902, 903, 904))
    first = page(told(0), told(1), told(2), has_more=True)
    server.on("GET", "/videos", says(200, first), *(says(200, old) for old in history))
    server.on("GET", "/videos/video_3", says(200, json.dumps(told(3)).encode()))
    await changes(store, server, 4)
    assert len(asked(server)) == 1 + BARREN + 1


async def test_two_jobs_are_no_reason_for_a_list(store: JobStore, server: ScriptedServer) -> None:
    await running_jobs(store, 2)
    for number in range(2):
        server.on("GET", f"/videos/video_{number}", says(200, json.dumps(told(number)).encode()))
    await changes(store, server, 2)
    assert all("limit" not in seen.path for seen in server.requests)


async def test_an_end_of_an_earlier_process_is_brought_up_at_once(
    store: JobStore, server: ScriptedServer
) -> None:
    unseen = new_render(video_id="unseen", status=RenderStatus.FAILED, ended_at=NOW - 1)
    seen = new_render(
        video_id="seen", status=RenderStatus.FAILED, ended_at=NOW - 1, shown=RenderStatus.FAILED
    )
    for each in (unseen, seen):
        assert await admit(store, each, most_of_user=MANY, most=MANY)
    assert await at_a_start(store, server) == {"unseen"}


async def test_a_card_that_was_left_behind_is_tried_when_its_time_has_come(
    store: JobStore, server: ScriptedServer
) -> None:
    ended = {"status": RenderStatus.DELIVERED, "ended_at": NOW - 60, "message_id": 5}
    due = new_render(video_id="due", fallback=Fallback.DIRECT, card_retry_at=NOW, **ended)
    closed = new_render(
        video_id="closed", fallback=Fallback.DIRECT, card_retry_at=NOW + 80_000, **ended
    )
    reply = new_render(video_id="reply", fallback=Fallback.REPLY, card_retry_at=NOW + 50, **ended)
    for each in (due, closed, reply):
        assert await admit(store, each, most_of_user=MANY, most=MANY)

    assert set(await changes(store, server, 1)) == {"due"}
    assert await at_a_start(store, server) == {"due", "closed"}


def test_a_card_that_was_left_behind_is_tried_ever_more_seldom_for_a_day() -> None:
    now, left = NOW, new_render(status=RenderStatus.DELIVERED, ended_at=NOW, message_id=5)
    tries = 0
    while (left := lifecycle.card_outdated(left, Fallback.DIRECT, now)).card.retry_at:
        now, tries = left.card.retry_at, tries + 1

    assert 24 * 3600 <= now - NOW <= 48 * 3600
    assert tries <= 12
