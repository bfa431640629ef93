"""The ledger: what becomes of a job is written down, then announced."""

import logging
from collections.abc import AsyncIterator, Callable
from typing import Final

import stamina

from bot.jobs.models import Job, JobChange
from bot.jobs.store import JobStore, StoreError

_log = logging.getLogger(__name__)

SAVE_TRIES: Final = 6
"""Tries to write down what cannot be asked for again: the id of a film that is being paid for."""


DISK_WAIT: Final = 10.0
"""Seconds between two tries to write what the disk did not take, at the most."""


def until_written() -> AsyncIterator[stamina.Attempt]:
    """Give attempts at what can be repeated, for as long as the disk takes nothing."""
    return stamina.retry_context(on=StoreError, attempts=None, timeout=None, wait_max=DISK_WAIT)


class JobEvents:
    """Saves a job that became another value, and announces it where its state is another."""

    def __init__(self, store: JobStore, announce: Callable[[JobChange], None]) -> None:
        self._store = store
        self._announce = announce

    async def save(self, before: Job, job: Job) -> Job:
        """Write it down; what has left `before`'s state meanwhile stays. Raises StoreError."""
        if await self._store.save(before, job) and before.status is not job.status:
            self._announce(JobChange(before, job))
        return job

    async def save_surely(self, before: Job, job: Job) -> Job:
        """Write an outcome even while the disk is full for a moment. Raises StoreError."""
        try:
            async for attempt in stamina.retry_context(
                on=StoreError, attempts=SAVE_TRIES, timeout=None
            ):
                with attempt:
                    return await self.save(before, job)
        except StoreError:
            _log.critical(
                "the outcome %s cannot be written down", job.status, extra=job.log_context()
            )
            raise
        raise AssertionError("stamina returns or raises")  # pragma: no cover
