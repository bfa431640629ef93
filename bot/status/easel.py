"""The easel: a job's card, and a plain picture in its place where the card cannot be shown."""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

import discord
from discord import ui

from bot.archive import Outlook
from bot.jobs.models import Job, JobStatus
from bot.status.message import is_malformed
from bot.status.roads import Draw
from bot.status.view import House, card, plain_card

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Easel:
    """Draws cards; what failed to be drawn, or was refused for its form, is drawn plainly.

    That holds for one state of a job: the next one's card is tried anew. Each is logged once.
    """

    def __init__(self) -> None:
        self._plain: defaultdict[str, set[JobStatus]] = defaultdict(set)

    def brush(self, job: Job, outlook: Outlook, house: House) -> Draw:
        """Return what draws this job."""

        def draw(*, elsewhere: bool = False, left: str | None = None) -> ui.LayoutView:
            if not self._is_plain(job):
                try:
                    return card(job, outlook, house, elsewhere=elsewhere, left=left)
                except Exception:  # noqa: BLE001 - whatever it was, somebody waits for the film
                    self._plain[job.id].add(job.status)
                    _log.exception(
                        "a card cannot be drawn, a plain one takes its place",
                        extra=job.log_context(),
                    )
            return plain_card(job, house, elsewhere=elsewhere, left=left)

        return draw

    async def show(self, job: Job, send: Callable[[], Awaitable[Result]]) -> Result:
        """Await `send`, which draws with this job's brush; raises what it raises.

        Where Discord refuses the form of what was sent, `send` is awaited once more.
        """
        try:
            return await send()
        except discord.HTTPException as error:
            if not is_malformed(error) or self._is_plain(job):
                raise
            self._plain[job.id].add(job.status)
            _log.warning(
                "Discord refuses a card, a plain one takes its place: %s",
                error,
                extra=job.log_context(),
            )
        return await send()

    def forget(self, job: Job) -> None:
        """Nothing more is shown of this job for now."""
        self._plain.pop(job.id, None)

    def _is_plain(self, job: Job) -> bool:
        return job.status in self._plain.get(job.id, ())
