"""A press on Cancel counts, whatever the server's news change in the same moment."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.store import JobStore
from bot.requests.cancellations import Cancellations
from bot.videos.client import VideosClient
from tests.jobs.limits import COST
from tests.jobs.support import NOW, address, admit, new_render

NO_STOP: Any = SimpleNamespace(dialect=SimpleNamespace(stops=False))
"""A server that goes on rendering what is deleted there; nothing is sent to it."""


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (RenderStatus.IN_PROGRESS, RenderStatus.CANCELLED),
        (RenderStatus.COMPLETED, RenderStatus.COMPLETED),
    ],
)
async def test_what_moved_on_is_cancelled_as_it_is_then(
    tmp_path: Path, now: RenderStatus, expected: RenderStatus
) -> None:
    async with JobStore.open(address(tmp_path)) as store:
        queued = await _queued(store)
        assert await store.save(queued, queued.evolve(status=now, progress=50))
        cancellations = _cancellations(store, tmp_path)
        after = await cancellations.cancel(queued)
        stored = await store.get(queued.id)
        assert after.status is expected
        assert stored is not None
        assert stored.status is expected


async def test_a_create_on_the_wire_is_cancelled_once_it_is_answered(tmp_path: Path) -> None:
    async with JobStore.open(address(tmp_path)) as store:
        render = new_render()
        assert await admit(store, render, cost=COST)
        sending = render.evolve(status=RenderStatus.SENDING, sent_at=NOW)
        assert await store.save(render, sending)

        async def answered(_seconds: float) -> None:
            queued = sending.evolve(status=RenderStatus.QUEUED, video_id="video_1")
            assert await store.save(sending, queued)

        cancellations = replace(_cancellations(store, tmp_path), sleep=answered)
        after = await cancellations.cancel(sending)
        assert after.status is RenderStatus.CANCELLED


def _cancellations(store: JobStore, folder: Path) -> Cancellations:
    return Cancellations(
        store=store,
        events=JobEvents(store),
        videos=cast("VideosClient", NO_STOP),
        films=FilmStore(folder / "films"),
        deadline=3600,
        clock=lambda: NOW,
    )


async def _queued(store: JobStore) -> Render:
    render = new_render()
    assert await admit(store, render, cost=COST)
    queued = render.evolve(status=RenderStatus.QUEUED, video_id="video_1", sent_at=NOW)
    assert await store.save(render, queued)
    return queued
