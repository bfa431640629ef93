"""Places for films: few at once, and a slow one keeps nobody waiting."""

import asyncio

from bot.delivery.slots import Places


async def _hold(places: Places, inside: asyncio.Semaphore, done: asyncio.Event) -> None:
    async with places.one():
        inside.release()
        await done.wait()


async def _held(places: Places, many: int) -> tuple[asyncio.Semaphore, asyncio.Event]:
    inside, done = asyncio.Semaphore(0), asyncio.Event()
    for _ in range(many):
        asyncio.get_running_loop().create_task(_hold(places, inside, done))
    await asyncio.sleep(0)
    return inside, done


async def test_no_more_than_there_are_places() -> None:
    inside, done = await _held(Places(2, steps_aside=3600), 3)
    await inside.acquire()
    await inside.acquire()
    assert inside.locked()
    done.set()
    await inside.acquire()


async def test_slow_ones_step_aside_as_far_as_there_is_room_beside() -> None:
    inside, done = await _held(Places(1, steps_aside=0.01, most_aside=2), 5)
    async with asyncio.timeout(10):
        for _ in range(3):
            await inside.acquire()
    await asyncio.sleep(0.1)
    assert inside.locked(), "two are beside, and one keeps the only place"
    done.set()
    async with asyncio.timeout(10):
        for _ in range(2):
            await inside.acquire()


async def test_places_are_all_given_back() -> None:
    places = Places(1, steps_aside=0, most_aside=1)
    for _ in range(5):
        async with asyncio.timeout(10), places.one():
            await asyncio.sleep(0.01)
    inside, done = await _held(places, 2)
    async with asyncio.timeout(10):
        await inside.acquire()
        await inside.acquire()
    done.set()
