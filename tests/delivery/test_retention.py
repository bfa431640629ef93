"""Films on disk: a real database, a real folder, and a clock that the test moves."""

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.delivery import retention
from bot.delivery.retention import NOBODYS, FilmRetention, RetentionPolicy
from bot.jobs.events import JobEvents
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderChange, RenderStatus
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from tests.jobs.support import NOW, address, admit, new_render

DAY = 24 * 3600.0
MANY = 100


class Shelf:
    """A folder of films, their jobs, and the keeper under test."""

    def __init__(self, store: JobStore, folder: Path) -> None:
        self.store = store
        self.films = folder
        self.announced: list[RenderChange] = []
        self.events = JobEvents(store)
        self.events.listen(self.announced.append)

    async def put(self, name: str, status: RenderStatus, *, ended: float, size: int = 10) -> Render:
        ended_at = None if status is RenderStatus.COMPLETED else NOW + ended
        there = new_render(id=name, status=status, film=f"{name}.mp4", ended_at=ended_at)
        assert await admit(self.store, there)
        (self.films / f"{name}.mp4").write_bytes(bytes(size))
        return there

    async def tidy(self, *, at: float, budget: int = 1000) -> set[str]:
        """Tidy so many seconds later; return which films are left."""
        keeper = FilmRetention(
            store=self.store,
            films=FilmStore(self.films),
            policy=RetentionPolicy(delivered=DAY, undelivered=7 * DAY, budget=budget),
            events=self.events,
            clock=lambda: NOW + at,
        )
        await keeper.tidy()
        return {path.stem for path in self.films.iterdir()}


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    films = tmp_path / "films"
    films.mkdir()
    async with JobStore.open(address(tmp_path)) as store:
        yield Shelf(store, films)


async def test_each_film_has_its_time(shelf: Shelf) -> None:
    await shelf.put("delivered", RenderStatus.DELIVERED, ended=0)
    await shelf.put("cancelled", RenderStatus.CANCELLED, ended=0)
    await shelf.put("fresh", RenderStatus.DELIVERED, ended=DAY)
    await shelf.put("undelivered", RenderStatus.UNDELIVERED, ended=0)
    await shelf.put("on its way", RenderStatus.COMPLETED, ended=0)

    assert await shelf.tidy(at=DAY - 1) == {
        "delivered", "cancelled", "fresh", "undelivered", "on its way",
    }  # fmt: skip
    assert await shelf.tidy(at=DAY + 1) == {"fresh", "undelivered", "on its way"}
    assert shelf.announced == []


async def test_the_card_of_an_undelivered_film_says_when_its_time_is_over(shelf: Shelf) -> None:
    waiting = await shelf.put("undelivered", RenderStatus.UNDELIVERED, ended=0)

    assert await shelf.tidy(at=7 * DAY + 1) == set()

    (change,) = shelf.announced
    assert (change.after.status, change.after.reason) == (RenderStatus.EXPIRED, Reason.NOT_KEPT)
    assert await shelf.store.get(waiting.id) == change.after


async def test_what_was_delivered_longest_ago_makes_room(shelf: Shelf) -> None:
    await shelf.put("second", RenderStatus.DELIVERED, ended=2, size=40)
    await shelf.put("first", RenderStatus.DELIVERED, ended=1, size=40)
    await shelf.put("unseen", RenderStatus.UNDELIVERED, ended=0, size=40)
    await shelf.put("on its way", RenderStatus.COMPLETED, ended=0, size=40)

    assert await shelf.tidy(at=10, budget=120) == {"second", "unseen", "on its way"}


async def test_a_film_stays_as_long_as_its_link(shelf: Shelf) -> None:
    linked = await shelf.put("linked", RenderStatus.DELIVERED, ended=0, size=40)
    assert await shelf.store.save(linked, linked.evolve(link_expires_at=NOW + 3 * DAY))

    assert await shelf.tidy(at=3 * DAY - 1, budget=1) == {"linked"}
    assert await shelf.tidy(at=3 * DAY + 1) == set()


async def test_a_copy_that_fits_stays_while_it_may_be_needed(shelf: Shelf) -> None:
    long_ago = time.time() - NOBODYS - 60
    waiting = await shelf.put("waiting", RenderStatus.UNDELIVERED, ended=0)
    encoding = await shelf.put("encoding", RenderStatus.COMPLETED, ended=0)
    delivered = await shelf.put("delivered", RenderStatus.DELIVERED, ended=0)
    for each in (waiting, encoding, delivered):
        (shelf.films / each.transcoded_name).write_bytes(b"a copy")
        os.utime(shelf.films / each.transcoded_name, (long_ago, long_ago))

    left = await shelf.tidy(at=10)

    copies = {f"{each.id}.fit" for each in (waiting, encoding)}
    assert left == {"waiting", "encoding", "delivered"} | copies
    assert "encoding" in await shelf.tidy(at=7 * DAY + 1)
    assert not (shelf.films / waiting.transcoded_name).exists()


async def test_an_unseen_film_never_makes_room(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    await shelf.put("unseen", RenderStatus.UNDELIVERED, ended=0, size=40)
    await shelf.put("on its way", RenderStatus.COMPLETED, ended=0, size=40)

    assert await shelf.tidy(at=10, budget=1) == {"unseen", "on its way"}
    assert "more than FILMS_MAX_GB allows" in caplog.text


async def test_leftovers_go_when_nobody_has_written_to_them_for_an_hour(shelf: Shelf) -> None:
    running = new_render(status=RenderStatus.COMPLETED)
    assert await admit(shelf.store, running)
    for name in ("left", "fresh", running.id):
        (shelf.films / name).write_bytes(b"half a film")
    long_ago = time.time() - NOBODYS - 60
    for name in ("left", running.id):
        os.utime(shelf.films / name, (long_ago, long_ago))

    assert await shelf.tidy(at=10) == {"fresh", running.id}


async def test_however_many_there_are(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 3)
    long_ago = time.time() - NOBODYS - 60
    for number in range(7):
        await shelf.put(f"old {number}", RenderStatus.DELIVERED, ended=0)
        await shelf.put(f"new {number}", RenderStatus.DELIVERED, ended=DAY + number, size=40)
        (shelf.films / f"left {number}").write_bytes(b"half a film")
        os.utime(shelf.films / f"left {number}", (long_ago, long_ago))
        os.utime(shelf.films / f"new {number}.mp4", (long_ago, long_ago))

    assert await shelf.tidy(at=DAY + 100, budget=80 + 7 * 11) == {"new 5", "new 6"}


async def test_what_has_no_file_makes_no_room(shelf: Shelf) -> None:
    gone = await shelf.put("gone", RenderStatus.DELIVERED, ended=0)
    (shelf.films / "gone.mp4").unlink()
    await shelf.put("first", RenderStatus.DELIVERED, ended=1, size=40)
    await shelf.put("second", RenderStatus.DELIVERED, ended=2, size=40)

    assert await shelf.tidy(at=10, budget=40) == {"second"}
    assert await shelf.store.get(gone.id) == gone.evolve(film=None)


async def test_a_job_whose_film_went_is_still_in_the_history(shelf: Shelf) -> None:
    gone = await shelf.put("delivered", RenderStatus.DELIVERED, ended=0)
    await shelf.tidy(at=DAY + 1)

    assert await shelf.store.get(gone.id) == gone.evolve(film=None)
