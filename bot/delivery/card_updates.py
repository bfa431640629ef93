"""CardUpdates: shows on its card what becomes of each render, but for the film's own edit."""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import discord

from bot.cards import words
from bot.cards.renderer import CardRenderer, Draw
from bot.cards.view import CardOptions, film_name
from bot.delivery.service import DeliveryService
from bot.jobs import lifecycle
from bot.jobs.database import StoreError
from bot.jobs.models import (
    RUNNING,
    STOPPED,
    TRACKED,
    WITHOUT_VIDEO,
    Fallback,
    Render,
    RenderChange,
    RenderStatus,
)
from bot.jobs.store import JobStore
from bot.requests.forecast import Forecaster, Phase
from bot.runtime.background import Background
from bot.transport.card_transport import CardTransport, uses_token
from bot.transport.deduplication import shown_name
from bot.transport.message import KeptFilm
from bot.transport.notifications import say_it_stands_still
from bot.transport.rate_limits import RateLimits
from bot.transport.result import UNREACHED, Outcome, PutResult
from bot.transport.retries import Retries
from bot.transport.scheduler import EditScheduler

_log = logging.getLogger(__name__)

_SHOWN_BY_US: Final = WITHOUT_VIDEO | RUNNING | {RenderStatus.DELIVERED}
_NOTHING_TO_SAY: Final = PutResult(outcome=Outcome.SHOWN)
_FOR_GOOD: Final = frozenset(
    {Outcome.SHOWN, Outcome.GONE, Outcome.NO_ACCESS, Outcome.EDITS_SPENT, Outcome.ARCHIVED}
)
"""Nothing else can be done for this state of the card."""


@dataclass(eq=False, repr=False, kw_only=True)
class CardUpdates:
    """Renders cards again and edits them, at the scheduler's pace."""

    client: discord.Client
    transport: CardTransport
    deliveries: DeliveryService
    store: JobStore
    forecaster: Forecaster
    renderer: CardRenderer
    scheduler: EditScheduler
    rate_limits: RateLimits
    options: Callable[[], CardOptions]
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._background = Background()
        # A digest of what each running card shows: an edit that changes nothing is not sent.
        self._shown: dict[str, int] = {}
        self._phases: dict[str, Phase] = {}
        self._retries = Retries(self._show_again)
        self._stands_still: set[str] = set()
        # A method is another object each time that it is looked up.
        self._renew = self._send_running

    async def close(self) -> None:
        """Leave what is in flight to the next start."""
        await self._retries.close()
        await self._background.close()

    def changed(self, change: RenderChange) -> None:
        """Show what became of a render, unless the edit that brought its film has shown that."""
        if change.after.status in _SHOWN_BY_US and not _came_with_film(change):
            self.show(change.after)

    def show(self, render: Render) -> None:
        """Render the card again and edit it."""
        final = render.status not in TRACKED
        send = self._renew if render.status in RUNNING else partial(self._send, render)
        self.scheduler.show(render.id, send, bucket=self.bucket(render), final=final)

    def bucket(self, render: Render, *, lead: float = 0.0, size: int = 0) -> int | None:
        """Name the rate limit that an edit of this card counts against; a token has its own.

        `lead` are the seconds that the edit may take, `size` the bytes of its film.
        """
        by_token = uses_token(render, self.rate_limits, self.clock() + lead, size=size)
        return None if by_token else render.request.channel_id

    async def draw(self, render: Render, film: str | None = None) -> Draw:
        """Return what renders this card, with what is known beside the render now.

        `film` is the film's name in its message, where it is another than that of the prompt.
        """
        forecast = await self.forecaster.forecast(render)
        if render.status is RenderStatus.COMPLETED:
            forecast = replace(forecast, phase=self._phases.get(render.id))
        return self.renderer.draw(render, forecast, replace(self.options(), film=film))

    def show_by_token(self, render: Render) -> None:
        """Show the card where the token works: a channel's few edits are for films."""
        if render.card.token_works(self.clock()):
            self.show(render)

    def show_phase(self, render: Render, phase: Phase) -> None:
        """Say what is done to the film, where the card may be edited for that."""
        if render.card.token_works(self.clock()) or render.id in self._shown:
            self._phases[render.id] = phase
            self.show(render)

    def forget(self, render: Render) -> None:
        """Nothing more is shown of this render for now."""
        self._stands_still.discard(render.id)
        self._retries.forget(render.id)
        self.renderer.forget(render)

    def delivery_ended(self, render: Render, *, waits: bool) -> None:
        """Its delivery has ended; where it `waits` for the next, the card goes on saying why."""
        self._phases.pop(render.id, None)
        if not waits:
            self._shown.pop(render.id, None)

    # ---------------------------------------------------------------- one edit

    async def _send_running(self, render_id: str) -> None:
        """Edit the card of a running render, as it is now that its turn has come.

        Thousands may wait for their turn, and none of these renders is held in memory until then.
        """
        render = await self.store.get(render_id)
        if render is None:
            self._shown.pop(render_id, None)
        elif render.status in RUNNING and not self._retries.rests(render_id):
            await self._send(render, render_id)

    async def _send(self, render: Render, render_id: str) -> None:
        """Edit a card; `render_id` is the scheduler's key: reusing that string saves memory."""
        try:
            film = await self._film_name(render)
            draw = await self.draw(render, film)
            digest = _digest(draw())
            if self._shown.get(render_id) != digest:
                result = await self._put(render, draw, film)
                if not await self._is_settled(render, render_id, result, draw):
                    return
                self._shown[render_id] = digest
                self._retries.forget(render_id)
            if render.status not in TRACKED:
                self._shown.pop(render_id)
                self.forget(render)
            if render.card.shown is not render.status:
                await self.store.save(render, render.with_card(shown=render.status))
        except StoreError as error:
            _log.warning("a card is not saved: %s", error, extra=render.log_context())

    async def _film_name(self, render: Render) -> str | None:
        """Return the name of a delivered film; None where there is none, or nobody knows it."""
        if render.status is not RenderStatus.DELIVERED or render.attachment_id is None:
            return None
        if render.spec.prompt:
            return film_name(render)
        try:
            return await shown_name(self.client, render)
        except UNREACHED as error:
            _log.warning("a film's name is not known: %s", error, extra=render.log_context())
            return None

    async def _put(self, render: Render, draw: Draw, film: str | None) -> PutResult:
        """Edit the card, or show its end in another message."""
        if render.status in WITHOUT_VIDEO and render.card.shown is not render.status:
            result = await self.transport.put(render, draw)
            if result.fallback is not None:
                moved = lifecycle.card_outdated(render, result.fallback, self.clock())
                message_id = result.message_id or render.card.message_id
                await self.store.save(render, moved.with_card(message_id=message_id))
            return result
        if render.status in STOPPED and render.card.retry_at is not None:
            return await self._say_where(render, draw)
        kept = None
        if render.status is RenderStatus.DELIVERED:
            if render.attachment_id is not None and film is not None:
                kept = KeptFilm(render.attachment_id, film)
            elif render.link_expires_at is None:
                return _NOTHING_TO_SAY
        return await self.transport.edit(render, draw, kept)

    async def _say_where(self, render: Render, draw: Draw) -> PutResult:
        """Let the card whose end is in another message say so, where it accepts an edit again."""
        outdated = partial(draw, left=words.where_instead(render))
        result = await self.transport.edit_outdated(render, outdated)
        match result.outcome:
            case Outcome.SHOWN | Outcome.GONE:
                after = lifecycle.card_settled(render)
            case Outcome.NO_ACCESS | Outcome.ARCHIVED:
                after = lifecycle.card_closed(render)
            case Outcome.TOKEN_DEAD:
                return result
            case _:
                fallback = render.card.fallback or Fallback.DIRECT
                after = lifecycle.card_outdated(render, fallback, self.clock())
        await self.store.save(render, after)
        return _NOTHING_TO_SAY

    async def _is_settled(
        self, render: Render, render_id: str, result: PutResult, draw: Draw
    ) -> bool:
        """Whether nothing more is to be tried for this state; else see to the next attempt."""
        if result.outcome in _FOR_GOOD:
            if not result.is_shown:
                _log.info("a card cannot be edited: %s", result.cause, extra=render.log_context())
            return True
        if result.outcome is Outcome.TOKEN_DEAD:
            self.show(await self.deliveries.token_died(render))
            return False
        if result.outcome is Outcome.RATE_LIMITED:
            self._retries.limited(render_id, result.wait)
            return False
        _log.warning("the card was not edited: %s", result.cause, extra=render.log_context())
        if result.outcome is not Outcome.CONTENT_REFUSED:
            self._retries.failed(render_id)
        elif render.status in TRACKED:
            # Discord refuses even the plain card, which stays the same until the state changes.
            self._shown[render_id] = _digest(draw())
            self._say_it_stands_still(render)
        return False

    async def _show_again(self, render_id: str) -> None:
        """Edit a card that Discord did not accept; a film has an edit of its own."""
        render = await self.store.get(render_id)
        if render is None:
            return
        is_unshown = render.status in WITHOUT_VIDEO and render.card.shown is not render.status
        if render.status in RUNNING or is_unshown:
            self.show(render)

    def _say_it_stands_still(self, render: Render) -> None:
        """Say once that a card changes no more, since Discord refuses even the plain one."""
        if render.id not in self._stands_still:
            self._stands_still.add(render.id)
            work = say_it_stands_still(self.client, render, now=self.clock())
            self._background.spawn(work, name=f"say that {render.id} stands still")


def _came_with_film(change: RenderChange) -> bool:
    before = change.before
    delivered = change.after.status is RenderStatus.DELIVERED
    return delivered and before is not None and before.status is RenderStatus.COMPLETED


def _digest(view: discord.ui.LayoutView) -> int:
    return hash(json.dumps(view.to_components()))
