"""How a job's last picture reaches its requester: the card, else a reply to it, else a message.

Source: Discord, topics/opcodes-and-status-codes; what each answer means stands in
bot/transport/message.py.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import discord

from bot.cards import words
from bot.cards.renderer import CardRenderer, Draw
from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import shown_film
from bot.transport.errors import told
from bot.transport.message import (
    Film,
    NoAccess,
    Posted,
    edit_card,
    plainly_if_refused,
    refuses_content,
    reply_card,
    send_directly,
)
from bot.transport.rate_limits import EditLimitReached, RateLimits

_log = logging.getLogger(__name__)

Begin = Callable[[Render, Fallback], Awaitable[object]]


class Roads:
    """Takes the first road that is open, and tells the operator once of each closed channel."""

    def __init__(
        self, client: discord.Client, begin: Begin, *, renderer: CardRenderer, limits: RateLimits
    ) -> None:
        """`begin` writes down that a road is taken, before anything is sent on it."""
        self._client = client
        self._begin = begin
        self._cards = renderer
        self._limits = limits
        self._closed: set[int] = set()

    async def reach(
        self, render: Render, draw: Draw, *, now: float, film: Film | None = None
    ) -> Posted:
        """Put the picture where the requester sees it.

        A road that was begun before is gone on with: what was sent on it may have arrived. Where a
        direct message is refused, nothing has, and the channel may be open by now. What Discord
        refuses for its content is shown plainly there, and else takes the next road. Raises
        TokenDead where the channel is to be tried, RateLimited, CardGone, TooLarge, FilmRefused,
        NoAccess where no road is left, and discord.HTTPException for what may pass by itself, and
        for what every road refuses.
        """
        if render.card.fallback is Fallback.DIRECT:
            refused = self._cards.was_refused(render)
            why = words.ELSEWHERE_REFUSED if refused else words.ELSEWHERE
            try:
                return await self._directly(render, draw, why, film)
            except (NoAccess, discord.HTTPException) as no:
                if not (isinstance(no, NoAccess) or refuses_content(no)):
                    raise
            return await self._in_channel(render, draw, now=now, film=film)
        try:
            return await self._in_channel(render, draw, now=now, film=film)
        except NoAccess as closed:
            self._tell_operator(render, closed)
            return await self._instead(render, draw, words.ELSEWHERE, film)
        except discord.HTTPException as refusal:
            if not refuses_content(refusal):
                raise
            _log.warning(
                "%s; a direct message takes its place", told(refusal), extra=render.log_context()
            )
            try:
                return await self._instead(render, draw, words.ELSEWHERE_REFUSED, film)
            except NoAccess:
                raise refusal from None

    async def _instead(self, render: Render, draw: Draw, why: str, film: Film | None) -> Posted:
        """Go on in a direct message, unless the card shows the film already."""
        if (
            render.request.is_member
            and (posted := await self._shown_before(render, film)) is not None
        ):
            return posted
        await self._begin(render, Fallback.DIRECT)
        # Nothing is looked for on a road that is new.
        return await self._directly(render.with_card(fallback=None), draw, why, film)

    async def _in_channel(
        self, render: Render, draw: Draw, *, now: float, film: Film | None
    ) -> Posted:
        if not render.request.is_member and not render.card.token_works(now):
            raise NoAccess("only the interaction's token reached this message")
        if render.card.fallback is not Fallback.REPLY:
            try:
                return await self._send(render, lambda: self._edit(render, draw, film, now))
            except EditLimitReached as spent:
                _log.info("%s; a reply takes its place", spent, extra=render.log_context())
            except discord.HTTPException as refusal:
                if not (refuses_content(refusal) and render.request.is_member):
                    raise
                _log.warning(
                    "%s; a reply takes its place", told(refusal), extra=render.log_context()
                )
            if (posted := await self._shown_before(render, film)) is not None:
                return posted
            await self._begin(render, Fallback.REPLY)
        return await self._send(
            render, lambda: reply_card(self._client, render, draw(), self._named(render, film))
        )

    async def _edit(self, render: Render, draw: Draw, film: Film | None, now: float) -> Posted:
        view, shown = draw(), self._named(render, film)
        return await edit_card(self._client, render, view, limits=self._limits, now=now, film=shown)

    async def _directly(self, render: Render, draw: Draw, why: str, film: Film | None) -> Posted:
        """Write to the requester, and say `why` it comes there."""
        return await self._send(
            render,
            lambda: send_directly(
                self._client, render, draw(elsewhere=why), self._named(render, film)
            ),
        )

    async def _send(self, render: Render, send: Callable[[], Awaitable[Posted]]) -> Posted:
        return await plainly_if_refused(self._cards, render, send)

    def _named(self, render: Render, film: Film | None) -> Film | None:
        """Return the film under the name by which the job's card shows it."""
        return None if film is None else replace(film, name=self._cards.film_name(render))

    async def _shown_before(self, render: Render, film: Film | None) -> Posted | None:
        """Look whether an edit with the film was taken whose answer was an error, or lost."""
        if film is None or render.card.message_id is None:
            return None
        shown = await shown_film(self._client, render)
        return None if shown is None else Posted(render.card.message_id, shown)

    def _tell_operator(self, render: Render, closed: NoAccess) -> None:
        if render.request.is_member and render.request.channel_id not in self._closed:
            self._closed.add(render.request.channel_id)
            _log.warning(
                "channel %d is closed to the bot (%s): its films go to their requesters by direct "
                "message; give it View Channel, Send Messages and Attach Files there",
                render.request.channel_id,
                closed,
                extra=render.log_context(),
            )
