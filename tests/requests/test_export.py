"""The file with everything about a person: what fits, and what it says of the rest."""

import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest

from bot.jobs.film_store import FilmStore
from bot.jobs.meters import Period, Unit
from bot.jobs.models import RenderStatus
from bot.jobs.store import JobStore
from bot.media.input_reference import InputReference
from bot.requests.communities import Communities
from bot.requests.community import CommunityLimit, Subject
from bot.requests.export import Exporter
from tests.jobs.support import NOW, address, admit, new_render, put

ADA: Final = 11
IMAGE: Final = InputReference(data=b"p" * 50_000, filename="cat.png", content_type="image/png")
ROOM: Final = 1_000_000


@pytest.fixture
async def exporter(tmp_path: Path) -> AsyncIterator[Exporter]:
    films = tmp_path / "films"
    films.mkdir()
    async with JobStore.open(address(tmp_path)) as store:
        yield Exporter(store=store, films=FilmStore(films))


async def read(exporter: Exporter, limit: int = ROOM) -> tuple[dict[str, Any], set[str]]:
    made = await exporter.export(ADA, limit)
    with made.file:
        assert made.size <= limit
        if made.name.endswith(".json"):
            return json.load(made.file), set()
        with zipfile.ZipFile(made.file) as archive:
            return json.loads(archive.read("data.json")), set(archive.namelist()) - {"data.json"}


async def test_who_is_not_known_gets_a_file_that_says_so(exporter: Exporter) -> None:
    data, files = await read(exporter)
    assert files == set()
    assert all(not rows for name, rows in data.items() if name != "about")


@pytest.mark.parametrize(("limit", "fits"), [(ROOM, True), (60_000, False)])
async def test_what_is_too_large_is_left_out_and_named(
    exporter: Exporter, limit: int, *, fits: bool
) -> None:
    render = new_render(image_name="cat.png", status=RenderStatus.DELIVERED, film="film.mp4")
    await put(exporter.store, render)
    assert await exporter.store.put_image(render, render, IMAGE)
    exporter.films.open("film.mp4").write_bytes(bytes(100_000))
    data, files = await read(exporter, limit)
    image = f"images/{render.request.id}.png"
    assert files == ({image, "videos/film.mp4"} if fits else {image})
    assert data["left_out"] == ([] if fits else ["videos/film.mp4"])
    assert data["requests"][0]["prompt"] == render.spec.prompt


async def test_settings_that_name_a_person_are_theirs_to_know(exporter: Exporter) -> None:
    assert await admit(exporter.store, new_render())
    communities = Communities(settings=exporter.store.guild_settings, clock=lambda: NOW)
    limit = CommunityLimit(
        subject=Subject.PERSON, id=ADA, unit=Unit.VIDEOS, period=Period.DAY, most=3
    )
    await communities.change(5, 99, lambda old: old.with_limit(limit))
    blocked = {"blocked": frozenset({ADA, 12})}
    await communities.change(5, ADA, lambda old: old.model_copy(update=blocked))
    await communities.change(6, 99, lambda old: old.model_copy(update={"people": frozenset({12})}))
    data, _ = await read(exporter)
    (named,) = data["guild_settings"]
    assert (named["guild_id"], named["blocked"], named["allowed"]) == (5, True, False)
    assert [each["most"] for each in named["limits"]] == [3]
    assert "12" not in json.dumps(named)
    assert [entry["guild_id"] for entry in data["audit"]] == [5]
