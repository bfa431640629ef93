"""CardTransport: shows a card where its requester sees it, whichever message that takes.

The card is edited through the interaction's token or through the channel; where it accepts no more
edits, a reply takes its place, and where the channel is closed, a direct message.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import discord
from discord import ui

from bot.cards import words
from bot.cards.renderer import CardRenderer, Draw
from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import shown_film
from bot.transport.message import (
    Film,
    Shown,
    edit_through_channel,
    edit_through_token,
    find_outdated_card,
    reply_card,
    send_directly,
    unarchive,
)
from bot.transport.rate_limits import RateLimits
from bot.transport.result import UNREACHED, Outcome, PutResult, result_of

_log = logging.getLogger(__name__)

Begin = Callable[[Render, Fallback], Awaitable[object]]
Way = Callable[[discord.Client, Render, ui.LayoutView, Shown], Awaitable[PutResult]]
"""Sends a card once."""
_CLOSED: Final = frozenset({Outcome.NO_ACCESS, Outcome.CONTENT_REFUSED})
"""The card will never be accepted here: it has to go elsewhere."""
_WAYS: Final = 2
"""The interaction's token, and the channel."""


def uses_token(render: Render, limits: RateLimits, now: float, *, size: int = 0) -> bool:
    """Whether an edit goes through the interaction's token now, or through the channel.

    The token is used while it works, unless Discord has closed it for a while and the channel is
    open, or open again earlier. `size` are the bytes of a film, for which the channel may have no
    room.
    """
    card, request = render.card, render.request
    if not card.token_works(now):
        return False
    if card.message_id is None or not request.is_member or size > card.bot_upload_limit:
        return True
    return limits.closed_for(card.interaction_token) <= limits.closed_for(request.channel_id)


@dataclass(eq=False, repr=False, kw_only=True)
class CardTransport:
    """Shows cards, and tells the operator once of each closed channel."""

    client: discord.Client
    begin: Begin
    """Saves which fallback is used, before anything is sent there."""
    renderer: CardRenderer
    limits: RateLimits
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._closed: set[int] = set()

    async def put(
        self, render: Render, draw: Draw, *, film: Film | None = None, lead: float = 0.0
    ) -> PutResult:
        """Show the card where the requester sees it; it may take `lead` seconds.

        A fallback that was begun before is used again: what was sent there may have arrived. Where
        a direct message is refused, nothing has, and the channel may be open by now.
        """
        begun = render.card.fallback
        if begun is Fallback.DIRECT:
            result = await self._write(
                render, draw, film, refused=self.renderer.was_refused(render)
            )
            if result.outcome not in _CLOSED:
                return result
        if not render.request.is_member and not render.card.token_works(self.clock() + lead):
            cause = "only the interaction's token reached this message"
            result = PutResult(outcome=Outcome.NO_ACCESS, cause=cause)
        elif begun is Fallback.REPLY:
            result = await self._send(reply_card, render, draw, film)
        else:
            result = await self.edit(render, draw, film, lead=lead)
            if _needs_reply(render, result):
                result = await self._reply(render, draw, film, result)
        if begun is Fallback.DIRECT or result.outcome not in _CLOSED:
            return result
        return await self._write_instead(render, draw, film, result)

    async def edit(
        self, render: Render, draw: Draw, film: Shown = None, *, lead: float = 0.0
    ) -> PutResult:
        """Edit the card where it is, and nothing else; plainly where Discord refuses its words.

        By the way that is open, or by the other where that turns out closed.
        """
        now, size = self.clock() + lead, film.size if isinstance(film, Film) else 0
        result = PutResult(outcome=Outcome.RATE_LIMITED)
        for _ in range(_WAYS):
            by_token = uses_token(render, self.limits, now, size=size)
            way = render.card.interaction_token if by_token else render.request.channel_id
            if wait := self.limits.closed_for(way):
                cause = f"no edits here for {wait:.1f} s"
                return PutResult(outcome=Outcome.RATE_LIMITED, wait=wait, cause=cause)
            edit = edit_through_token if by_token else edit_through_channel
            result = await self._send(edit, render, draw, film)
            if result.outcome is Outcome.ARCHIVED:
                result = await self._send_unarchived(edit, render, draw, film)
            if result.outcome is Outcome.NO_ACCESS and not by_token:
                return self._until_token_opens(render, result, now)
            if result.outcome is not Outcome.RATE_LIMITED:
                return result
            self.limits.close(way, result.wait)
        return result

    async def edit_outdated(self, render: Render, draw: Draw) -> PutResult:
        """Edit the card whose end is shown by another message."""
        try:
            message_id = await find_outdated_card(self.client, render)
        except UNREACHED as error:
            return result_of(error)
        return await self.edit(render.with_card(message_id=message_id), draw)

    async def _send(self, way: Way, render: Render, draw: Draw, film: Shown) -> PutResult:
        """Send the card, and once more plainly where Discord refuses its content."""
        was_plain = self.renderer.is_plain(render)
        result = await way(self.client, render, draw(), self._named(render, film))
        if was_plain or result.outcome is not Outcome.CONTENT_REFUSED:
            return result
        _warn("Discord refuses a card, a plain one takes its place: %s", render, result)
        self.renderer.refused(render)
        return await way(self.client, render, draw(), self._named(render, film))

    async def _send_unarchived(
        self, edit: Way, render: Render, draw: Draw, film: Shown
    ) -> PutResult:
        """Open the card's thread and edit again; one that stays archived is closed to the bot."""
        result = await unarchive(self.client, render)
        if result.is_shown:
            result = await self._send(edit, render, draw, film)
        is_archived = result.outcome is Outcome.ARCHIVED
        return replace(result, outcome=Outcome.NO_ACCESS) if is_archived else result

    def _until_token_opens(self, render: Render, result: PutResult, now: float) -> PutResult:
        """Wait for a token that still works; until then the closed channel is not asked again."""
        if not render.card.token_works(now):
            return result
        wait = self.limits.closed_for(render.card.interaction_token)
        self.limits.close(render.request.channel_id, wait)
        return replace(result, outcome=Outcome.RATE_LIMITED, wait=wait)

    async def _reply(
        self, render: Render, draw: Draw, film: Film | None, edited: PutResult
    ) -> PutResult:
        """Send a reply in place of the edit, unless the card shows the film already."""
        _warn("%s; a reply takes its place", render, edited)
        if (shown := await self._shown_before(render, film)) is not None:
            return shown
        await self.begin(render, Fallback.REPLY)
        return await self._send(reply_card, render, draw, film)

    async def _write_instead(
        self, render: Render, draw: Draw, film: Film | None, result: PutResult
    ) -> PutResult:
        """Send a direct message in place of `result`, unless the card shows the film already."""
        is_refused = result.outcome is Outcome.CONTENT_REFUSED
        if is_refused:
            _warn("%s; a direct message takes its place", render, result)
        else:
            self._tell_operator(render, result)
        shown = await self._shown_before(render, film) if render.request.is_member else None
        if shown is None:
            await self.begin(render, Fallback.DIRECT)
            # Nothing can have been sent before by a fallback that is new.
            new = render.with_card(fallback=None)
            shown = await self._write(new, draw, film, refused=is_refused)
        return result if is_refused and shown.outcome is Outcome.NO_ACCESS else shown

    async def _write(
        self, render: Render, draw: Draw, film: Film | None, *, refused: bool
    ) -> PutResult:
        """Write to the requester, and say why the card comes there."""
        why = words.ELSEWHERE_REFUSED if refused else words.ELSEWHERE
        return await self._send(send_directly, render, partial(draw, elsewhere=why), film)

    def _named(self, render: Render, film: Shown) -> Shown:
        """Return a new film under the name by which the card shows it as it is rendered now."""
        if not isinstance(film, Film):
            return film
        return replace(film, name=self.renderer.film_name(render))

    async def _shown_before(self, render: Render, film: Film | None) -> PutResult | None:
        """Look whether an edit with the film was accepted whose answer was an error, or lost."""
        if film is None or render.card.message_id is None:
            return None
        try:
            shown = await shown_film(self.client, render)
        except UNREACHED as error:
            return result_of(error)
        if shown is None:
            return None
        return PutResult(
            outcome=Outcome.SHOWN, message_id=render.card.message_id, attachment_id=shown
        )

    def _tell_operator(self, render: Render, result: PutResult) -> None:
        if render.request.is_member and render.request.channel_id not in self._closed:
            self._closed.add(render.request.channel_id)
            _log.warning(
                "channel %d is closed to the bot (%s): its films go to their requesters by direct "
                "message; give it View Channel, Send Messages and Attach Files there",
                render.request.channel_id,
                result.cause,
                extra=render.log_context(),
            )


def _needs_reply(render: Render, edited: PutResult) -> bool:
    """Whether the card never accepts this edit, but its channel accepts messages."""
    is_refused = edited.outcome is Outcome.CONTENT_REFUSED and render.request.is_member
    return edited.outcome is Outcome.EDITS_SPENT or is_refused


def _warn(message: str, render: Render, result: PutResult) -> None:
    _log.warning(message, result.cause, extra=render.log_context())
