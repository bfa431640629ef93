"""A way into Discord that is closed for a while, and the way that a card takes then."""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import pytest

from bot.jobs.models import RenderStatus
from bot.transport.card_transport import uses_token
from bot.transport.rate_limits import RateLimits
from bot.transport.retries import Retries
from tests.jobs.support import NOW, new_render

TOKEN: Final = "an interaction's"


@dataclass
class Now:
    """A clock that is put forward."""

    seconds: float = NOW

    def __call__(self) -> float:
        return self.seconds


@dataclass
class Ways:
    clock: Now = field(default_factory=Now)

    def __post_init__(self) -> None:
        self.limits = RateLimits(self.clock)
        self.card = new_render(
            status=RenderStatus.IN_PROGRESS,
            message_id=55,
            interaction_token=TOKEN,
            token_expires_at=NOW + 900,
            bot_upload_limit=1000,
        )

    def by_token(self, size: int = 0) -> bool:
        return uses_token(self.card, self.limits, self.clock(), size=size)


@pytest.fixture
def ways() -> Ways:
    return Ways()


def test_the_token_comes_first_while_it_is_open(ways: Ways) -> None:
    ways.limits.close(ways.card.request.channel_id, 45)
    assert ways.by_token()


def test_the_channel_takes_its_place_until_it_opens(ways: Ways) -> None:
    ways.limits.close(TOKEN, 45)
    assert not ways.by_token()

    ways.clock.seconds += 45
    assert ways.by_token()


def test_what_opens_earlier_is_waited_for(ways: Ways) -> None:
    ways.limits.close(TOKEN, 10)
    ways.limits.close(ways.card.request.channel_id, 45)
    assert ways.by_token()
    assert ways.limits.wait(ways.card.request.channel_id, spare=False) == 45


def test_a_film_that_the_channel_has_no_room_for_waits_for_the_token(ways: Ways) -> None:
    ways.limits.close(TOKEN, 45)
    assert ways.by_token(size=1001)
    assert not ways.by_token(size=1000)


def test_a_limit_is_never_shortened_by_a_later_one(ways: Ways) -> None:
    ways.limits.close(TOKEN, 45)
    ways.limits.close(TOKEN, 5)
    assert ways.limits.closed_for(TOKEN) == 45
    assert ways.limits.closed_for("another") == 0


@pytest.mark.parametrize("token", [None, TOKEN])
def test_a_dead_token_is_not_taken(ways: Ways, token: str | None) -> None:
    ways.card = ways.card.with_card(interaction_token=token, token_expires_at=NOW - 1)
    assert not ways.by_token()


async def test_a_card_rests_until_its_one_retry() -> None:
    drawn = list[str]()

    async def draw(job_id: str) -> None:
        drawn.append(job_id)

    retries = Retries(draw)
    retries.limited("a", 0.0)
    retries.limited("a", 0.0)
    retries.failed("b")
    assert retries.rests("a")

    while retries.rests("a"):  # noqa: ASYNC110 - nothing else tells
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)

    assert drawn == ["a"]
    assert retries.rests("b")
    await retries.close()
