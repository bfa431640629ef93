"""Notifies each subscriber once when a render has ended."""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import discord
from discord.ext import commands

from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.models import ENDED, Render
from bot.jobs.store import JobStore
from bot.runtime.background import Background
from bot.transport.notifications import NAMED_AT_ONCE, Refused, ping, write_to
from bot.transport.result import UNREACHED
from cogs.permissions import can_see

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, kw_only=True)
class Notifications(commands.Cog):
    """Pings under the card, or writes a direct message where the bot cannot post.

    A subscriber stays saved until Discord has accepted the notification or refused it for good; the
    poller reports renders with subscribers left.
    """

    client: discord.Client
    store: JobStore
    events: JobEvents
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._background = Background()
        self._telling: set[str] = set()
        # Notified people who could not be saved as such yet.
        self._told: defaultdict[str, set[int]] = defaultdict(set)

    async def cog_load(self) -> None:
        """Listen for every end, and for reminders of ends with subscribers left."""
        self.events.listen(lambda change: self._begin(change.after))
        self.events.listen_to_reminders(self._begin)

    async def cog_unload(self) -> None:
        """Leave the others to the next start."""
        await self._background.close()

    def _begin(self, render: Render) -> None:
        if render.status in ENDED and render.id not in self._telling:
            self._telling.add(render.id)
            self._background.spawn(self._tell(render), name=f"tell of {render.id}")

    async def _tell(self, render: Render) -> None:
        try:
            await self._have_been_told(render, ())
            subscribers = await self.store.subscriptions.of(render.request.id)
            for people in discord.utils.as_chunks(subscribers, NAMED_AT_ONCE):
                await self._tell_some(render, people)
        except (StoreError, *UNREACHED) as error:
            _log.warning("some people are notified later: %s", error, extra=render.log_context())
        finally:
            self._telling.discard(render.id)

    async def _tell_some(self, render: Render, people: Sequence[int]) -> None:
        shut_out = [one for one in people if await can_see(self.client, render, one) is False]
        for person in shut_out:
            await self._write_to(render, person)
        if not (people := [one for one in people if one not in shut_out]):
            return
        try:
            await ping(self.client, render, people, now=self.clock())
        except Refused as refusal:
            _log.info("the channel accepts no ping: %s", refusal, extra=render.log_context())
            for person in people:
                await self._write_to(render, person)
        else:
            await self._have_been_told(render, people)

    async def _write_to(self, render: Render, person: int) -> None:
        try:
            sees = await can_see(self.client, render, person) is True
            await write_to(self.client, render, person, sees=sees)
        except Refused as refusal:
            _log.warning("somebody cannot be notified: %s", refusal, extra=render.log_context())
        await self._have_been_told(render, [person])

    async def _have_been_told(self, render: Render, people: Sequence[int]) -> None:
        """Save who was notified, and whoever could not be saved before. Raises StoreError."""
        told = self._told[render.id]
        told.update(people)
        if told:
            await self.store.subscriptions.remove(render.request.id, sorted(told))
        del self._told[render.id]
