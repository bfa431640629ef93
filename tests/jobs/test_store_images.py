"""Reference images and thumbnails are stored with their requests and renders, and go with them."""

import asyncio
from pathlib import Path

from bot.jobs.models import (
    RenderStatus,
)
from bot.jobs.store import JobStore
from bot.media.input_reference import InputReference
from tests.jobs.support import NOW, admit, changed, count, new_render, put, rows, the

IMAGE = InputReference(data=bytes(range(256)), filename="cat.png", content_type="image/png")


async def test_an_image_comes_back_with_the_job_that_has_it(store: JobStore) -> None:
    asked = new_render(image_url="https://cdn.example/cat.jpg", image_name="cat.jpg")
    await put(store, asked)
    assert await store.image(asked.request.id) is None
    kept = changed(asked, image_url=None, image_resized=True)
    assert await store.put_image(asked, kept, IMAGE)
    assert await store.image(kept.request.id) == IMAGE
    assert await the(store, asked) == kept


async def test_an_image_is_refused_once_the_status_moved_on(store: JobStore) -> None:
    asked = new_render()
    await put(store, asked)
    await store.save(asked, asked.evolve(status=RenderStatus.SENDING))
    assert not await store.put_image(asked, changed(asked, image_resized=True), IMAGE)
    assert (await the(store, asked)).spec.image is None
    assert await store.image(asked.request.id) is None


async def test_a_dropped_job_takes_its_image_with_it_and_no_other(
    store: JobStore, tmp_path: Path
) -> None:
    dropped, kept = new_render(), new_render()
    await put(store, dropped, kept)
    for each in (dropped, kept):
        await store.put_image(each, each, IMAGE)
    await store.accounting.delete(dropped, NOW)
    assert rows(tmp_path, "SELECT id FROM renders") == [(kept.id,)]
    assert rows(tmp_path, "SELECT request_id FROM request_images") == [(kept.id,)]


async def test_an_image_of_a_job_deleted_meanwhile_is_not_kept(
    store: JobStore, tmp_path: Path
) -> None:
    deleted, other = new_render(), new_render()
    kept, _ = await asyncio.gather(
        store.put_image(deleted, deleted, IMAGE), admit(store, other, most_of_user=9, most=9)
    )
    assert not kept
    assert count(tmp_path, "request_images") == 0
    assert rows(tmp_path, "SELECT id FROM renders") == [(other.id,)]


async def test_a_still_is_kept_once_and_goes_with_its_job(store: JobStore, tmp_path: Path) -> None:
    deleted, kept, without = new_render(), new_render(), new_render()
    await put(store, deleted, kept, without)
    for each in (deleted, kept, new_render()):
        await store.thumbnails.put(each, b"a picture")
    await store.thumbnails.put(kept, b"another")
    await store.accounting.delete(deleted, NOW)
    await store.thumbnails.put(deleted, b"too late")
    await store.thumbnails.put(without, b"")
    assert await store.thumbnails.of([deleted, kept, without]) == {kept.id: b"a picture"}
    assert count(tmp_path, "thumbnails") == 2


async def test_without_a_still_are_the_films_on_disk_that_none_was_taken_of(
    store: JobStore,
) -> None:
    delivered = {"status": RenderStatus.DELIVERED, "film": "film.mp4"}
    old, new, seen, hopeless = (
        new_render(ended_at=NOW + number, **delivered) for number in range(4)
    )
    gone = new_render(status=RenderStatus.DELIVERED, ended_at=NOW)
    kept = new_render(status=RenderStatus.UNDELIVERED, film="film.mp4", ended_at=NOW)
    await put(store, old, new, seen, hopeless, gone, kept)
    await store.thumbnails.put(seen, b"a picture")
    await store.thumbnails.put(hopeless, b"")
    assert await store.thumbnails.missing(limit=9) == [new, old]
    assert await store.thumbnails.missing(limit=1) == [new]
