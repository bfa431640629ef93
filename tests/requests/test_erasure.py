"""An erasure waits for what is on its way, and leaves what does not settle to the next one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.store import JobStore
from bot.requests.cancellations import Cancellations
from bot.requests.erasure import Erasures
from bot.videos.client import VideosClient
from tests.jobs.limits import COST
from tests.jobs.support import NOW, address, admit, new_render

SERVER: Any = SimpleNamespace(dialect=SimpleNamespace(stops=False))
"""It has nothing that could be deleted there."""


@pytest.mark.parametrize(
    ("comes", "left"),
    [
        (None, 1),
        (RenderStatus.UNCONFIRMED, 0),
        (RenderStatus.FAILED, 0),
        (RenderStatus.REQUESTED, 0),
    ],
)
async def test_what_is_being_sent_is_erased_once_its_outcome_is_saved(
    tmp_path: Path, comes: RenderStatus | None, left: int
) -> None:
    async with JobStore.open(address(tmp_path)) as store:
        render = new_render()
        assert await admit(store, render, cost=COST)
        sending = render.evolve(status=RenderStatus.SENDING, sent_at=NOW)
        assert await store.save(render, sending)

        async def sleep(_: float) -> None:
            if comes is not None:
                await store.save(sending, sending.evolve(status=comes, ended_at=NOW))

        erased = await _erasures(store, tmp_path, sleep).erase(render.request.requester_id)
        assert (erased.number, erased.on_the_way) == (1 - left, left)
        assert len(await store.with_ids([render.id])) == left
        assert await store.accounting.faults() == []


def _erasures(store: JobStore, folder: Path, sleep: Any) -> Erasures:  # noqa: ANN401
    async def remove_messages(_: Render) -> bool:
        return True

    cancellations = Cancellations(
        store=store,
        events=JobEvents(store),
        videos=cast("VideosClient", SERVER),
        films=FilmStore(folder / "films"),
        deadline=3600,
        clock=lambda: NOW,
    )
    return Erasures(
        store=store,
        cancellations=cancellations,
        remove_messages=remove_messages,
        clock=lambda: NOW,
        sleep=sleep,
    )
