"""The card of every state on the demo's page: while a film is made, nothing on it jumps."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Locator, expect

from bot.cards.view import card
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.requests.forecast import Forecast, Phase
from bot.simulator.messages import Message
from tests.browser import box_of, opened
from tests.demo.pictures import PICTURES, take
from tests.demo.simulated import Simulated, simulated
from tests.jobs.support import changed, new_render

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
COST: Final = 400_000


@dataclass(frozen=True)
class Shot:
    """One look of the card, and the name of its picture. Times are seconds from now."""

    name: str
    status: RenderStatus
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    around: dict[str, Any] = field(default_factory=dict[str, Any])
    ends_in: float | None = None
    unreachable_for: float | None = None
    pictured: bool = True


S: Final = RenderStatus
MOVING: Final = (
    Shot("requested", S.REQUESTED),
    Shot("sending", S.SENDING, pictured=False),
    Shot("queued-alone", S.QUEUED, {"progress": 0}, pictured=False),
    Shot("queued", S.QUEUED, {}, {"place": 3, "line": 7}, ends_in=200),
    Shot("rendering-unmeasured", S.IN_PROGRESS, pictured=False),
    Shot("rendering-begun", S.IN_PROGRESS, {"progress": 0}, pictured=False),
    Shot("rendering", S.IN_PROGRESS, {"progress": 40}, ends_in=75),
    Shot("unreachable", S.IN_PROGRESS, {"progress": 40}, unreachable_for=150),
    Shot("rendered", S.COMPLETED, {"progress": 100}),
    Shot("resizing", S.COMPLETED, {"progress": 100}, {"phase": Phase.RESIZING}, pictured=False),
)
ENDED: Final = (
    Shot("unconfirmed", S.UNCONFIRMED),
    Shot("undelivered", S.UNDELIVERED, {"reason": Reason.NO_ACCESS}),
    Shot(
        "failed",
        S.FAILED,
        {"server_code": "moderation_blocked", "server_message": "Blocked by our moderation."},
    ),
    Shot("cancelled", S.CANCELLED, {"reason": Reason.CANCELLED_EVERYWHERE}),
    Shot("expired", S.EXPIRED, {"reason": Reason.OVERDUE}),
)


@dataclass
class Screen:
    """A page that shows one card, whose job nothing moves."""

    town: Simulated
    message: Message
    render: Render
    shown: Locator

    async def show(self, shot: Shot, seconds: int) -> None:
        """Draw the job so, and wait until the page shows it, told apart by its `seconds`."""
        now = self.town.discord.clock.now()
        fields, around = dict(shot.fields), dict(shot.around)
        if shot.ends_in is not None:
            around["ends_at"] = now + shot.ends_in
        if shot.unreachable_for is not None:
            fields["unreachable_since"] = now - shot.unreachable_for
        render = changed(self.render, status=shot.status, seconds=str(seconds), **fields)
        view = card(render, Forecast(cost=COST, **around))
        self.town.change(self.message, *view.to_components())
        await expect(self.shown).to_contain_text(f" · {seconds} s · ")

    async def heights(self) -> dict[str, float]:
        """Where each part that stays begins, and where the card ends, in pixels from its top."""
        top = await box_of(self.shown)
        parts = {
            "title": self.shown.locator("h3"),
            "prompt": self.shown.locator("blockquote"),
            "buttons": self.shown.get_by_role("button").first,
        }
        found = {name: (await box_of(part))["y"] - top["y"] for name, part in parts.items()}
        return found | {"end": top["height"]}


@asynccontextmanager
async def screened(browser: Browser) -> AsyncGenerator[Screen]:
    async with simulated() as town, opened(browser, town.address) as page:
        render = new_render(
            requester_id=town.ada.id,
            guild_id=town.guild.id,
            channel_id=town.general.id,
            created_at=town.discord.clock.now(),
        )
        message = town.write(*card(render).to_components(), used=(town.ada, "/video"))
        shown = page.get_by_role("log").locator("article")
        await expect(shown).to_have_count(1)
        yield Screen(town, message, render, shown)


async def test_nothing_jumps_while_a_film_is_made(browser: Browser) -> None:
    found: dict[str, dict[str, float]] = {}
    async with screened(browser) as screen:
        for seconds, shot in enumerate(MOVING, start=4):
            await screen.show(shot, seconds)
            found[shot.name] = await screen.heights()
            await _picture(screen, shot)

    for name, heights in found.items():
        assert heights == found["requested"], name


@pytest.mark.skipif(PICTURES is None, reason="only for the documentation's pictures")
async def test_every_end_is_pictured(browser: Browser) -> None:
    async with screened(browser) as screen:
        for seconds, shot in enumerate(ENDED, start=4):
            await screen.show(shot, seconds)
            await _picture(screen, shot)


async def _picture(screen: Screen, shot: Shot) -> None:
    if PICTURES is not None and shot.pictured:
        await take(screen.shown, f"card-{shot.name}")
