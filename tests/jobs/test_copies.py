"""A deleted prompt and image go from what others made of them."""

from bot.jobs.models import Render, Verb
from bot.jobs.store import JobStore
from bot.media.input_reference import InputReference
from tests.jobs.copied import ADA, BOB, CY, HERS, copy, hers
from tests.jobs.support import NOW, put

IMAGE = InputReference(data=b"png", filename="cat.png", content_type="image/png")


async def prompts(store: JobStore, *of: Render) -> list[str]:
    found = [await store.get(render.id) for render in of]
    return [render.spec.prompt for render in found if render is not None]


async def test_a_prompt_and_an_image_go_from_every_copy_of_others(store: JobStore) -> None:
    first = hers()
    again, own = copy(first, BOB), copy(first, ADA)
    further = copy(again, CY)
    edited = copy(further, BOB, Verb.EDIT, prompt="bob's own words")
    remix = copy(first, BOB, Verb.REMIX, prompt="in red", image_name=None)
    await put(store, first, again, own, further, edited, remix)
    for render in (again, own, edited):
        assert await store.put_image(render, render, IMAGE)

    assert set(await store.accounting.delete(first, NOW)) == {again.id, further.id, edited.id}
    kept = await prompts(store, again, own, further, edited, remix)
    assert kept == ["", HERS, "", "bob's own words", "in red"]
    images = [await store.image(render.request.id) for render in (again, own, edited)]
    assert images == [None, IMAGE, None]
    gone = await store.get(edited.id)
    assert gone is not None
    assert gone.spec.is_incomplete


async def test_a_copy_is_found_beyond_one_that_was_deleted(store: JobStore) -> None:
    first = hers()
    between = copy(first, BOB)
    last = copy(between, BOB)
    await put(store, first, between, last)
    assert await store.accounting.delete(between, NOW) == []
    assert await prompts(store, last) == [HERS]
    assert await store.accounting.delete(first, NOW) == [last.id]
    assert await prompts(store, last) == [""]
