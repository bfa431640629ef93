"""Whose turn it is: the pace of each message, and the limits that messages share."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from bot.transport.rate_limits import RateLimits
from bot.transport.scheduler import AT_ONCE, IN_FLIGHT, LEAST_PACE, MOST_PACE, EditScheduler
from tests.transport.turns import in_turn

MANY = 40
CHANNEL = 77


class Hand:
    """A clock whose hand the test moves; who sleeps by it wakes in order."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        sleeper = (self.now + seconds, awake)
        self._sleepers.append(sleeper)
        try:
            await awake.wait()
        finally:
            self._sleepers.remove(sleeper)

    async def advance(self, seconds: float) -> None:
        """Move on, in steps, and let everything happen that happens meanwhile."""
        until = self.now + seconds
        await rest()
        while due := sorted((at, awake) for at, awake in self._sleepers if at <= until)[:1]:
            self.now = max(self.now, due[0][0])
            due[0][1].set()
            await rest()
        self.now = until
        await rest()


async def rest() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def sent() -> list[Hashable]:
    return []


@pytest.fixture
def buckets(hand: Hand) -> RateLimits:
    return RateLimits(hand.clock)


@pytest.fixture
async def editor(hand: Hand, buckets: RateLimits) -> AsyncIterator[EditScheduler]:
    opened = EditScheduler(rate_limits=buckets, clock=hand.clock, sleep=hand.sleep)
    yield opened
    await opened.close(grace=0.0)


def picture(sent: list[Hashable], name: Hashable) -> Callable[..., Awaitable[Hashable]]:
    async def send(_message: Hashable = None) -> Hashable:
        sent.append(name)
        return name

    return send


async def told(buckets: RateLimits, *, limit: int, left: int, resets_in: float) -> None:
    """Have Discord's answer to an edit of CHANNEL say this, over a real connection."""

    async def answer(_: web.Request) -> web.Response:
        numbers = {"Limit": limit, "Remaining": left, "Reset-After": resets_in}
        headers = {f"X-RateLimit-{name}": str(value) for name, value in numbers.items()}
        return web.json_response({}, headers=headers)

    async with (
        _serving(answer) as base,
        aiohttp.ClientSession(trace_configs=[buckets.trace()]) as session,
    ):
        buckets.take(CHANNEL)
        async with session.patch(f"{base}/channels/{CHANNEL}/messages/1"):
            pass
        buckets.give(CHANNEL)


@asynccontextmanager
async def _serving(
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncGenerator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_a_lonely_card_moves_as_its_film_does(
    editor: EditScheduler, hand: Hand, sent: list[Hashable]
) -> None:
    for number in range(4):
        editor.show("card", picture(sent, number))
        await hand.advance(LEAST_PACE)
    assert sent == [0, 1, 2, 3]


async def test_many_cards_move_seldom_but_within_eight_seconds(
    editor: EditScheduler, hand: Hand, sent: list[Hashable]
) -> None:
    for _ in range(80):
        for card in range(MANY):
            editor.show(card, picture(sent, card))
        await hand.advance(1.0)
    each = [sent.count(card) for card in range(MANY)]
    assert min(each) >= 80 // 8
    assert max(each) <= 80 / MOST_PACE + 1


async def test_many_at_once_leave_room_for_what_else_the_bot_does(
    editor: EditScheduler, hand: Hand, sent: list[Hashable]
) -> None:
    for card in range(3 * AT_ONCE):
        editor.show(card, picture(sent, card))
    await hand.advance(0)
    hand.now += MOST_PACE
    at_first = len(sent)
    await hand.advance(0)
    assert len(sent) - at_first <= AT_ONCE
    await hand.advance(1.0)
    assert sorted(set(sent), key=str) == sorted(range(3 * AT_ONCE), key=str)


async def test_where_edits_take_long_few_are_on_their_way_and_an_end_still_goes(
    editor: EditScheduler, hand: Hand, sent: list[Hashable]
) -> None:
    arrives = asyncio.Event()

    async def slow(card: Hashable) -> None:
        sent.append(card)
        await arrives.wait()

    for card in range(2 * IN_FLIGHT):
        editor.show(card, slow)
    await hand.advance(10.0)
    assert len(sent) == IN_FLIGHT

    await in_turn(editor, "another", picture(sent, "film"))
    assert sent[-1] == "film"

    arrives.set()
    await hand.advance(10.0)
    assert len(set(sent)) == 2 * IN_FLIGHT + 1, "nobody is forgotten"


async def test_an_end_waits_for_no_pace(
    editor: EditScheduler, hand: Hand, sent: list[Hashable]
) -> None:
    for card in range(MANY):
        editor.show(card, picture(sent, card))
    await hand.advance(0)
    sent.clear()
    editor.show(3, picture(sent, "failed"), final=True)
    finishing = asyncio.create_task(in_turn(editor, 4, picture(sent, "film")))
    await hand.advance(0)
    assert sent == ["failed", "film"]
    assert await finishing == "film"


async def test_a_full_channel_is_waited_for_and_ends_go_first(
    editor: EditScheduler, buckets: RateLimits, hand: Hand, sent: list[Hashable]
) -> None:
    await told(buckets, limit=1, left=0, resets_in=3.0)
    for card in range(3):
        editor.show(card, picture(sent, card), bucket=CHANNEL)
    await hand.advance(1.0)
    finishing = asyncio.create_task(in_turn(editor, 9, picture(sent, "film"), bucket=CHANNEL))
    await hand.advance(1.0)
    assert sent == [], "Discord would answer 429"
    await hand.advance(1.1)
    assert sent[0] == "film"
    await finishing
    await hand.advance(MOST_PACE)
    assert sorted(sent[1:], key=str) == [0, 1, 2]


async def test_progress_leaves_one_edit_of_a_channel_for_an_end(
    editor: EditScheduler, buckets: RateLimits, hand: Hand, sent: list[Hashable]
) -> None:
    await told(buckets, limit=5, left=1, resets_in=30.0)
    editor.show(1, picture(sent, "progress"), bucket=CHANNEL)
    await hand.advance(10.0)
    assert sent == []
    finishing = asyncio.create_task(in_turn(editor, 2, picture(sent, "film"), bucket=CHANNEL))
    await hand.advance(0)
    assert sent == ["film"]
    await finishing


async def test_the_oldest_picture_of_a_channel_is_renewed_first(
    editor: EditScheduler, buckets: RateLimits, hand: Hand, sent: list[Hashable]
) -> None:
    for card in "abc":
        editor.show(card, picture(sent, card), bucket=CHANNEL)
        await hand.advance(1.0)
    sent.clear()
    await told(buckets, limit=5, left=0, resets_in=5.0)
    for card in "cba":
        editor.show(card, picture(sent, card), bucket=CHANNEL)
    await hand.advance(6.0)
    assert sent == ["a", "b", "c"]


async def test_what_waits_is_sent_when_the_bot_stops(
    editor: EditScheduler, hand: Hand, sent: list[Hashable]
) -> None:
    for card in range(3 * AT_ONCE):
        editor.show(card, picture(sent, ("old", card)))
    await hand.advance(1.0)
    for card in range(MANY):
        editor.show(card, picture(sent, ("new", card)))
    await rest()
    closing = asyncio.create_task(editor.close(grace=10.0))
    await hand.advance(1.0)
    await closing
    assert {("new", card) for card in range(MANY)} <= set(sent)


async def test_a_message_that_changes_its_road_is_sent_once(
    editor: EditScheduler, buckets: RateLimits, hand: Hand, sent: list[Hashable]
) -> None:
    await told(buckets, limit=5, left=0, resets_in=30.0)
    editor.show(1, picture(sent, "through the channel"), bucket=CHANNEL)
    await hand.advance(1.0)
    editor.show(1, picture(sent, "by itself"))
    await hand.advance(60.0)
    assert sent == ["by itself"]
