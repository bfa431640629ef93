"""Which requests have had their time, and which communities the bot has left."""

from bot.jobs.models import RenderStatus
from bot.jobs.store import JobStore
from tests.jobs.copied import BOB, copy, hers
from tests.jobs.support import NOW, put


async def test_what_another_was_made_from_stays_as_long_as_that(store: JobStore) -> None:
    old = hers(created_at=NOW - 100)
    young = copy(old, BOB, ended_at=NOW + 100)
    unseen = hers(created_at=NOW - 100).evolve(status=RenderStatus.UNDELIVERED)
    linked = hers(created_at=NOW - 100).evolve(link_expires_at=NOW + 999)
    running = hers(created_at=NOW - 100).evolve(status=RenderStatus.IN_PROGRESS, ended_at=None)
    await put(store, old, young, unseen, linked, running)

    async def due(at: float) -> list[str]:
        return [one.id for one in await store.old.ended_before(at, NOW, limit=9)]

    assert await due(NOW + 1) == []
    assert await due(NOW + 200) == [young.id]
    await store.accounting.delete(young, NOW)
    assert await due(NOW + 1) == [old.id]


async def test_communities_are_left_once_and_joined_again(store: JobStore) -> None:
    there, elsewhere = hers(guild_id=22), hers(guild_id=23)
    await put(store, there, elsewhere, hers(guild_id=None))
    await store.old.are_in({23}, NOW)
    await store.old.left(22, NOW + 50)

    async def due(before: float) -> list[str]:
        return [one.id for one in await store.old.of_left(before, NOW, limit=9)]

    assert await due(NOW) == []
    assert await due(NOW + 1) == [there.id]
    await store.old.are_in({22, 23}, NOW)
    assert await due(NOW + 1) == []
    await store.old.left(22, NOW)
    await store.old.joined(22)
    assert await due(NOW + 1) == []
