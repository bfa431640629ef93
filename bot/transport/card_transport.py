"""CardTransport: shows a card where its requester sees it, whichever message that takes.

The card is edited through the interaction's token or through the channel; where it accepts no more
edits, a reply takes its place, and where the channel is closed, a direct message.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, Protocol, TypeVar

import discord

from bot.cards import words
from bot.cards.renderer import CardRenderer, Draw
from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import shown_film
from bot.transport.message import (
    Film,
    KeptFilm,
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
_NOT_DIRECTLY: Final = frozenset({Outcome.NO_ACCESS, Outcome.CONTENT_REFUSED})


_AnyFilm = TypeVar("_AnyFilm", Film, Film | None, Film | KeptFilm | None)


class _Send(Protocol):
    """Sends the card once, as it is rendered now."""

    def __call__(self) -> Awaitable[PutResult]: ...


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


class CardTransport:
    """Shows cards, and tells the operator once of each closed channel."""

    def __init__(
        self,
        client: discord.Client,
        *,
        begin: Begin,
        renderer: CardRenderer,
        limits: RateLimits,
        clock: Callable[[], float],
    ) -> None:
        """`begin` saves which fallback is used, before anything is sent there."""
        self._client = client
        self._begin = begin
        self._renderer = renderer
        self._limits = limits
        self._clock = clock
        self._closed: set[int] = set()

    async def put(
        self, render: Render, draw: Draw, *, film: Film | None = None, lead: float = 0.0
    ) -> PutResult:
        """Show the card where the requester sees it; it may take `lead` seconds.

        A fallback that was begun before is used again: what was sent there may have arrived. Where
        a direct message is refused, nothing has, and the channel may be open by now.
        """
        now = self._clock() + lead
        if render.card.fallback is Fallback.DIRECT:
            refused = self._renderer.was_refused(render)
            why = words.ELSEWHERE_REFUSED if refused else words.ELSEWHERE
            result = await self._put_directly(render, draw, film, why)
            if result.outcome not in _NOT_DIRECTLY:
                return result
            return await self._put_in_channel(render, draw, film, now)
        result = await self._put_in_channel(render, draw, film, now)
        if result.outcome is Outcome.NO_ACCESS:
            self._tell_operator(render, result)
            return await self._fall_back(render, draw, film, words.ELSEWHERE)
        if result.outcome is Outcome.CONTENT_REFUSED:
            _warn("%s; a direct message takes its place", render, result)
            instead = await self._fall_back(render, draw, film, words.ELSEWHERE_REFUSED)
            return result if instead.outcome is Outcome.NO_ACCESS else instead
        return result

    async def edit(
        self, render: Render, draw: Draw, film: Film | KeptFilm | None = None
    ) -> PutResult:
        """Edit the card where it is, and nothing else; plainly where Discord refuses its words."""
        return await self._plainly_if_refused(
            render, lambda: self._edit(render, draw, film, self._clock())
        )

    async def edit_outdated(self, render: Render, draw: Draw) -> PutResult:
        """Edit the card whose end is shown by another message."""
        try:
            message_id = await find_outdated_card(self._client, render)
        except UNREACHED as error:
            return result_of(error)
        return await self.edit(render.with_card(message_id=message_id), draw)

    async def _put_in_channel(
        self, render: Render, draw: Draw, film: Film | None, now: float
    ) -> PutResult:
        if not render.request.is_member and not render.card.token_works(now):
            return PutResult(
                outcome=Outcome.NO_ACCESS, cause="only the interaction's token reached this message"
            )
        if render.card.fallback is not Fallback.REPLY:
            result = await self._plainly_if_refused(
                render, lambda: self._edit(render, draw, film, now)
            )
            refused = result.outcome is Outcome.CONTENT_REFUSED and render.request.is_member
            if result.outcome is not Outcome.EDITS_SPENT and not refused:
                return result
            _warn("%s; a reply takes its place", render, result)
            if (shown := await self._shown_before(render, film)) is not None:
                return shown
            await self._begin(render, Fallback.REPLY)

        async def reply() -> PutResult:
            view, shown = draw(), self._named(render, film)
            return _closed_if_archived(await reply_card(self._client, render, view, shown))

        return await self._plainly_if_refused(render, reply)

    async def _edit(
        self, render: Render, draw: Draw, film: Film | KeptFilm | None, now: float
    ) -> PutResult:
        """Edit the card by the way that is open, or by the other where that turns out closed."""
        card, request = render.card, render.request
        size = film.size if isinstance(film, Film) else 0
        by_token = uses_token(render, self._limits, now, size=size)
        result = await self._edit_by(render, draw, film, by_token=by_token)
        if result.outcome is Outcome.RATE_LIMITED:
            other = uses_token(render, self._limits, now, size=size)
            if other is not by_token:
                return await self._edit_by(render, draw, film, by_token=other)
        elif result.outcome is Outcome.NO_ACCESS and not by_token and card.token_works(now):
            # The token works as soon as it may be used; until then the channel is not asked again.
            wait = self._limits.closed_for(card.interaction_token)
            self._limits.close(request.channel_id, wait)
            return replace(result, outcome=Outcome.RATE_LIMITED, wait=wait)
        return result

    async def _edit_by(
        self, render: Render, draw: Draw, film: Film | KeptFilm | None, *, by_token: bool
    ) -> PutResult:
        way = render.card.interaction_token if by_token else render.request.channel_id
        if wait := self._limits.closed_for(way):
            return PutResult(
                outcome=Outcome.RATE_LIMITED, wait=wait, cause=f"no edits here for {wait:.1f} s"
            )
        edit = edit_through_token if by_token else edit_through_channel
        view, shown = draw(), self._named(render, film)
        result = await edit(self._client, render, view, shown)
        if result.outcome is not Outcome.ARCHIVED:
            return result
        opened = await unarchive(self._client, render)
        if opened.is_shown:
            opened = await edit(self._client, render, view, shown)
        return _closed_if_archived(opened)

    async def _fall_back(
        self, render: Render, draw: Draw, film: Film | None, why: str
    ) -> PutResult:
        """Send a direct message, unless the card shows the film already."""
        shown = await self._shown_before(render, film) if render.request.is_member else None
        if shown is not None:
            return shown
        await self._begin(render, Fallback.DIRECT)
        # Nothing can have been sent before by a fallback that is new.
        return await self._put_directly(render.with_card(fallback=None), draw, film, why)

    async def _put_directly(
        self, render: Render, draw: Draw, film: Film | None, why: str
    ) -> PutResult:
        """Write to the requester, and say `why` it comes there."""

        async def send() -> PutResult:
            view = draw(elsewhere=why)
            return await send_directly(self._client, render, view, self._named(render, film))

        return await self._plainly_if_refused(render, send)

    async def _plainly_if_refused(self, render: Render, send: _Send) -> PutResult:
        """Send the card, and once more plainly where Discord refuses its content."""
        was_plain = self._renderer.is_plain(render)
        result = await send()
        if was_plain or result.outcome is not Outcome.CONTENT_REFUSED:
            return result
        _warn("Discord refuses a card, a plain one takes its place: %s", render, result)
        self._renderer.refused(render)
        return await send()

    def _named(self, render: Render, film: _AnyFilm) -> _AnyFilm:
        """Return a new film under the name by which the card shows it as it is rendered now."""
        if not isinstance(film, Film):
            return film
        return replace(film, name=self._renderer.film_name(render))

    async def _shown_before(self, render: Render, film: Film | None) -> PutResult | None:
        """Look whether an edit with the film was accepted whose answer was an error, or lost."""
        if film is None or render.card.message_id is None:
            return None
        try:
            shown = await shown_film(self._client, render)
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


def _closed_if_archived(result: PutResult) -> PutResult:
    """A thread that stays archived is closed to the bot."""
    is_archived = result.outcome is Outcome.ARCHIVED
    return replace(result, outcome=Outcome.NO_ACCESS) if is_archived else result


def _warn(message: str, render: Render, result: PutResult) -> None:
    _log.warning(message, result.cause, extra=render.log_context())
