"""JobEvents: saves what becomes of renders, and announces it. The one door for announcements."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

import stamina

from bot.jobs.database import StoreError
from bot.jobs.models import Render, RenderChange
from bot.jobs.store import JobStore
from bot.runtime.background import faults_logged

_log = logging.getLogger(__name__)

SAVE_TRIES: Final = 6
"""Attempts to save what cannot be asked for again: the id of a video that is being paid for."""
DISK_WAIT: Final = 10.0
"""Seconds between two attempts to write what the disk did not accept, at most."""

Listener = Callable[[RenderChange], None]


def until_written() -> AsyncIterator[stamina.Attempt]:
    """Give attempts at what can be repeated, for as long as the disk accepts nothing."""
    return stamina.retry_context(on=StoreError, attempts=None, timeout=None, wait_max=DISK_WAIT)


class JobEvents:
    """Calls its listeners with every change; a listener must not block, and starts tasks itself."""

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._listeners: list[Listener] = []
        self._reminded: list[Callable[[Render], None]] = []

    def listen(self, listener: Listener) -> None:
        """Have `listener` called with each change from now on."""
        self._listeners.append(listener)

    def listen_to_reminders(self, listener: Callable[[Render], None]) -> None:
        """Have `listener` called with each ended render whose subscribers nobody has notified."""
        self._reminded.append(listener)

    def changed(self, before: Render | None, after: Render) -> None:
        """Announce that a render changed. A listener's fault is logged, and stops nobody."""
        change = RenderChange(before, after)
        for listener in self._listeners:
            with faults_logged(_log, "a listener failed"):
                listener(change)

    def redraw(self, render: Render) -> None:
        """Ask for the card to be rendered again."""
        self.changed(render, render)

    def remind(self, render: Render) -> None:
        """Bring up an ended render whose subscribers nobody has notified."""
        for listener in self._reminded:
            with faults_logged(_log, "a listener failed"):
                listener(render)

    async def save(self, before: Render, after: Render) -> Render:
        """Save a change and announce it where the state is another; return what is on disk.

        A render that has left `before`'s state meanwhile stays as it is. Raises StoreError.
        """
        if not await self._store.save(before, after):
            return await self._store.get(before.id) or after
        if before.status is not after.status:
            self.changed(before, after)
        return after

    async def save_surely(self, before: Render, after: Render) -> Render:
        """Save an outcome even while the disk is full for a moment; as `save`."""
        try:
            async for attempt in stamina.retry_context(
                on=StoreError, attempts=SAVE_TRIES, timeout=None
            ):
                with attempt:
                    return await self.save(before, after)
        except StoreError:
            _log.critical("the outcome %s cannot be saved", after.status, extra=after.log_context())
            raise
        raise AssertionError("stamina returns or raises")  # pragma: no cover
