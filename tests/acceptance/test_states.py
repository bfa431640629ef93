"""The card of every state in a real browser: while a film is made, nothing on it jumps."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import simcord
from playwright.async_api import Locator, Page, expect

from bot.app import open_store
from bot.cards.view import card
from bot.jobs.history import Search
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.requests.forecast import Forecast, Phase
from bot.transport.message import edit_through_token
from tests.acceptance.demo_page import PICTURES
from tests.acceptance.stage import PROMPT, Stage, settings_for, staged
from tests.browser import box_of, opened, portrait
from tests.jobs.support import changed
from tests.processes import VideosServer

NOW: Final = 1_767_225_600.0
"""About the time that simcord's clock begins at."""
COST: Final = 0.4


@dataclass(frozen=True)
class Shot:
    """One look of the card, and the name of its picture."""

    name: str
    status: RenderStatus
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    around: dict[str, Any] = field(default_factory=dict[str, Any])
    pictured: bool = True


S: Final = RenderStatus
MOVING: Final = (
    Shot("requested", S.REQUESTED),
    Shot("sending", S.SENDING, pictured=False),
    Shot("queued-alone", S.QUEUED, {"progress": 0}, pictured=False),
    Shot("queued", S.QUEUED, {}, {"place": 3, "line": 7, "ends_at": NOW + 200}),
    Shot("rendering-unmeasured", S.IN_PROGRESS, pictured=False),
    Shot("rendering-begun", S.IN_PROGRESS, {"progress": 0}, pictured=False),
    Shot("rendering", S.IN_PROGRESS, {"progress": 40}, {"ends_at": NOW + 75}),
    Shot("unreachable", S.IN_PROGRESS, {"progress": 40, "unreachable_since": NOW - 150}),
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


@dataclass(frozen=True)
class Screen:
    """A page of the simulated Discord that shows one card."""

    stage: Stage
    render: Render
    preview: simcord.Preview
    page: Page

    @property
    def message(self) -> Locator:
        return self.page.locator("#channel-message-list .channel-message")

    async def show(self, shot: Shot, seconds: int) -> None:
        """Draw the job so, and wait until the page shows it, told apart by its `seconds`."""
        render = changed(self.render, status=shot.status, seconds=str(seconds), **shot.fields)
        view = card(render, Forecast(cost=COST, **shot.around))
        await edit_through_token(self.stage.bot, render, view, None)
        await self.preview.refresh()
        await expect(self.message).to_contain_text(f" · {seconds} s · ")

    async def heights(self) -> dict[str, float]:
        """Where each part that stays begins, and where the card ends, in pixels from its top."""
        top = await box_of(self.message)
        parts = {
            "title": self.message.locator("h3"),
            "prompt": self.message.locator("blockquote"),
            "buttons": self.message.get_by_role("button").first,
        }
        found = {name: (await box_of(part))["y"] - top["y"] for name, part in parts.items()}
        return found | {"end": top["height"]}


@asynccontextmanager
async def screened(server: VideosServer, folder: Path) -> AsyncGenerator[Screen]:
    """Show a card whose job nothing moves: the bot's own time stands still here."""
    async with staged(settings_for(folder, server.base_url)) as stage:
        stage.env.backend.bot_user.name = "Rushes"
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        async with open_store(stage.settings) as store:
            (render,) = await store.history(Search(), limit=1, offset=0)
        preview = stage.env.preview(
            stage.channel, viewers=[stage.audience], layout="channel", width=1280, height=860
        )
        async with preview as shown, opened(shown.url) as page:
            yield Screen(stage, render, shown, page)


async def test_nothing_jumps_while_a_film_is_made(server: VideosServer, tmp_path: Path) -> None:
    found: dict[str, dict[str, float]] = {}
    async with screened(server, tmp_path / "bot") as screen:
        for seconds, shot in enumerate(MOVING, start=4):
            await screen.show(shot, seconds)
            found[shot.name] = await screen.heights()
            await picture(screen, shot)

    for name, heights in found.items():
        assert heights == found["requested"], name


@pytest.mark.skipif(PICTURES is None, reason="only for the documentation's pictures")
async def test_every_end_is_pictured(server: VideosServer, tmp_path: Path) -> None:
    async with screened(server, tmp_path / "bot") as screen:
        for seconds, shot in enumerate(ENDED, start=4):
            await screen.show(shot, seconds)
            await picture(screen, shot)


async def picture(screen: Screen, shot: Shot) -> None:
    if PICTURES is not None and shot.pictured:
        await portrait(screen.message, Path(PICTURES) / f"card-{shot.name}.png")
