"""The pictures of films, taken one after the other whatever comes meanwhile."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.delivery.thumbnails import Thumbnails
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.store import JobStore
from bot.media.thumbnail import NoThumbnail, take_thumbnail
from tests.jobs.support import NOW, address, admit, new_render
from tests.media.bombs import films


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[JobStore]:
    async with JobStore.open(address(tmp_path)) as opened:
        yield opened


async def delivered(store: JobStore, number: int) -> Render:
    film = new_render(status=RenderStatus.DELIVERED, film=f"{number}.mp4", ended_at=NOW + number)
    assert await admit(store, film)
    return film


class Camera:
    """Takes each picture when it is let, and counts how many are taken at once."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.most = 0
        self.broken: set[str] = set()
        self._now = 0

    async def take(self, film: Path) -> bytes:
        self.taken.append(film.stem)
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(0.01)
        self._now -= 1
        if film.stem in self.broken:
            raise NoThumbnail("broken")
        return film.stem.encode()


async def no_pause() -> None:
    pass


async def test_all_are_taken_newest_first_and_one_at_a_time(
    store: JobStore, tmp_path: Path
) -> None:
    films = [await delivered(store, number) for number in range(3)]
    camera = Camera()
    stills = Thumbnails(store=store, films=FilmStore(tmp_path), take=camera.take)
    await asyncio.gather(*(stills.catch_up(pause=no_pause) for _ in range(5)))
    assert (camera.taken, camera.most) == (["2", "1", "0"], 1)
    assert await store.thumbnails.of(films) == {
        film.id: str(number).encode() for number, film in enumerate(films)
    }


async def test_what_comes_meanwhile_is_taken_too(store: JobStore, tmp_path: Path) -> None:
    await delivered(store, 1)
    camera = Camera()
    stills = Thumbnails(store=store, films=FilmStore(tmp_path), take=camera.take)
    paused = 0

    async def pause() -> None:
        nonlocal paused
        paused += 1
        if paused == 1:
            await delivered(store, 2)
            await stills.catch_up(pause=no_pause)

    await stills.catch_up(pause=pause)
    assert (camera.taken, paused) == (["1", "2"], 2)


async def test_a_film_without_a_frame_is_tried_once(store: JobStore, tmp_path: Path) -> None:
    films = [await delivered(store, number) for number in range(2)]
    camera = Camera()
    camera.broken = {"1"}
    stills = Thumbnails(store=store, films=FilmStore(tmp_path), take=camera.take)
    for _ in range(2):
        await stills.catch_up(pause=no_pause)
    assert camera.taken == ["1", "0"]
    assert await store.thumbnails.of(films) == {films[0].id: b"0"}


@pytest.mark.parametrize("hostile", ["89 million samples", "nothing", "a playlist"])
async def test_a_hostile_film_costs_one_child(
    store: JobStore, tmp_path: Path, hostile: str
) -> None:
    film = await delivered(store, 1)
    (tmp_path / "1.mp4").write_bytes(dict(films())[hostile])
    taken: list[Path] = []

    async def take(path: Path) -> bytes:
        taken.append(path)
        return await take_thumbnail(path)

    stills = Thumbnails(store=store, films=FilmStore(tmp_path), take=take)
    for _ in range(3):
        await stills.catch_up(pause=no_pause)

    assert taken == [tmp_path / "1.mp4"]
    assert await store.thumbnails.of([film]) == {}


async def test_a_film_that_hangs_costs_one_child(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.media.thumbnail.TIME_LIMIT", 0.2)
    await delivered(store, 1)
    os.mkfifo(tmp_path / "1.mp4")
    stills = Thumbnails(store=store, films=FilmStore(tmp_path), take=take_thumbnail)

    await stills.catch_up(pause=no_pause)

    assert await store.thumbnails.missing(limit=9) == []


async def test_none_is_taken_where_none_is_wanted(store: JobStore, tmp_path: Path) -> None:
    film = await delivered(store, 1)
    await Thumbnails(store=store, films=FilmStore(tmp_path), take=None).catch_up(pause=no_pause)
    assert await store.thumbnails.missing(limit=9) == [film]
