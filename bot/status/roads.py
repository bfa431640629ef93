"""How a job's last picture reaches its requester: the card, else a reply to it, else a message.

Source: Discord, topics/opcodes-and-status-codes; what each answer means stands in
bot/status/message.py.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

import discord
from discord import ui

from bot.jobs.models import Job, Road
from bot.status.buckets import EditsSpent
from bot.status.message import Film, NoAccess, Posted, edit_card, reply_card, send_directly
from bot.status.sent import shown_film

_log = logging.getLogger(__name__)


class Draw(Protocol):
    """Draws the picture; `elsewhere` where it stands in a direct message instead of the channel.

    `left` says where the film is, for the card that it did not come into.
    """

    def __call__(self, *, elsewhere: bool = False, left: str | None = None) -> ui.LayoutView:
        """Return the picture."""
        ...


Begin = Callable[[Job, Road], Awaitable[object]]


class Roads:
    """Takes the first road that is open, and tells the operator once of each closed channel."""

    def __init__(self, client: discord.Client, begin: Begin) -> None:
        """`begin` writes down that a road is taken, before anything is sent on it."""
        self._client = client
        self._begin = begin
        self._closed: set[int] = set()

    async def reach(self, job: Job, draw: Draw, *, now: float, film: Film | None = None) -> Posted:
        """Put the picture where the requester sees it.

        A road that was begun before is gone on with: what was sent on it may have arrived. Where a
        direct message is refused, nothing has, and the channel may be open by now. Raises TokenDead
        where the channel is to be tried, CardGone, TooLarge, NoAccess where no road is left, and
        discord.HTTPException for what may pass by itself.
        """
        if job.road is Road.DIRECT:
            try:
                return await send_directly(self._client, job, draw(elsewhere=True), film)
            except NoAccess:
                return await self._in_channel(job, draw(), now=now, film=film)
        try:
            return await self._in_channel(job, draw(), now=now, film=film)
        except NoAccess as closed:
            self._tell_operator(job, closed)
        if job.is_member and (posted := await self._shown_before(job, film)) is not None:
            return posted
        await self._begin(job, Road.DIRECT)
        # Nothing is looked for on a road that is new.
        new = job.evolve(road=None)
        return await send_directly(self._client, new, draw(elsewhere=True), film)

    async def _in_channel(
        self, job: Job, view: ui.LayoutView, *, now: float, film: Film | None
    ) -> Posted:
        if not job.is_member and not job.token_lives(now):
            raise NoAccess("only the interaction's token reached this message")
        if job.road is not Road.REPLY:
            try:
                return await edit_card(self._client, job, view, now=now, film=film)
            except EditsSpent as spent:
                _log.info("%s; a reply takes its place", spent, extra=job.log_context())
            if (posted := await self._shown_before(job, film)) is not None:
                return posted
            await self._begin(job, Road.REPLY)
        return await reply_card(self._client, job, view, film)

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
