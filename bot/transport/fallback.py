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
from bot.jobs.models import Fallback, Job
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

Begin = Callable[[Job, Fallback], Awaitable[object]]


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

    async def reach(self, job: Job, draw: Draw, *, now: float, film: Film | None = None) -> Posted:
        """Put the picture where the requester sees it.

        A road that was begun before is gone on with: what was sent on it may have arrived. Where a
        direct message is refused, nothing has, and the channel may be open by now. What Discord
        refuses for its content is shown plainly there, and else takes the next road. Raises
        TokenDead where the channel is to be tried, RateLimited, CardGone, TooLarge, FilmRefused,
        NoAccess where no road is left, and discord.HTTPException for what may pass by itself, and
        for what every road refuses.
        """
        if job.road is Fallback.DIRECT:
            refused = self._cards.was_refused(job)
            why = words.ELSEWHERE_REFUSED if refused else words.ELSEWHERE
            try:
                return await self._directly(job, draw, why, film)
            except (NoAccess, discord.HTTPException) as no:
                if not (isinstance(no, NoAccess) or refuses_content(no)):
                    raise
            return await self._in_channel(job, draw, now=now, film=film)
        try:
            return await self._in_channel(job, draw, now=now, film=film)
        except NoAccess as closed:
            self._tell_operator(job, closed)
            return await self._instead(job, draw, words.ELSEWHERE, film)
        except discord.HTTPException as refusal:
            if not refuses_content(refusal):
                raise
            _log.warning(
                "%s; a direct message takes its place", told(refusal), extra=job.log_context()
            )
            try:
                return await self._instead(job, draw, words.ELSEWHERE_REFUSED, film)
            except NoAccess:
                raise refusal from None

    async def _instead(self, job: Job, draw: Draw, why: str, film: Film | None) -> Posted:
        """Go on in a direct message, unless the card shows the film already."""
        if job.is_member and (posted := await self._shown_before(job, film)) is not None:
            return posted
        await self._begin(job, Fallback.DIRECT)
        # Nothing is looked for on a road that is new.
        return await self._directly(job.evolve(road=None), draw, why, film)

    async def _in_channel(self, job: Job, draw: Draw, *, now: float, film: Film | None) -> Posted:
        if not job.is_member and not job.token_lives(now):
            raise NoAccess("only the interaction's token reached this message")
        if job.road is not Fallback.REPLY:
            try:
                return await self._send(job, lambda: self._edit(job, draw, film, now))
            except EditLimitReached as spent:
                _log.info("%s; a reply takes its place", spent, extra=job.log_context())
            except discord.HTTPException as refusal:
                if not (refuses_content(refusal) and job.is_member):
                    raise
                _log.warning("%s; a reply takes its place", told(refusal), extra=job.log_context())
            if (posted := await self._shown_before(job, film)) is not None:
                return posted
            await self._begin(job, Fallback.REPLY)
        return await self._send(
            job, lambda: reply_card(self._client, job, draw(), self._named(job, film))
        )

    async def _edit(self, job: Job, draw: Draw, film: Film | None, now: float) -> Posted:
        view, shown = draw(), self._named(job, film)
        return await edit_card(self._client, job, view, limits=self._limits, now=now, film=shown)

    async def _directly(self, job: Job, draw: Draw, why: str, film: Film | None) -> Posted:
        """Write to the requester, and say `why` it comes there."""
        return await self._send(
            job,
            lambda: send_directly(self._client, job, draw(elsewhere=why), self._named(job, film)),
        )

    async def _send(self, job: Job, send: Callable[[], Awaitable[Posted]]) -> Posted:
        return await plainly_if_refused(self._cards, job, send)

    def _named(self, job: Job, film: Film | None) -> Film | None:
        """Return the film under the name by which the job's card shows it."""
        return None if film is None else replace(film, name=self._cards.film_name(job))

    async def _shown_before(self, job: Job, film: Film | None) -> Posted | None:
        """Look whether an edit with the film was taken whose answer was an error, or lost."""
        if film is None or job.message_id is None:
            return None
        shown = await shown_film(self._client, job)
        return None if shown is None else Posted(job.message_id, shown)

    def _tell_operator(self, job: Job, closed: NoAccess) -> None:
        if job.is_member and job.channel_id not in self._closed:
            self._closed.add(job.channel_id)
            _log.warning(
                "channel %d is closed to the bot (%s): its films go to their requesters by direct "
                "message; give it View Channel, Send Messages and Attach Files there",
                job.channel_id,
                closed,
                extra=job.log_context(),
            )
