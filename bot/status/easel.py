"""The easel: a job's card, and a plain picture in its place where the card cannot be shown."""

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

import discord
from discord import ui

from bot.archive import Outlook
from bot.discord_errors import told
from bot.jobs.models import Job, JobStatus
from bot.status.message import Draw, Film, refuses_content
from bot.status.view import House, card, film_name, plain_card

_log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Easel:
    """Draws cards; what failed to be drawn, or was refused for its content, is drawn plainly.

    A failure holds for one state of a job: the next one's card is tried anew. What Discord refuses
    are words, which are the same in every state: it is not asked to take them again. Each is logged
    once.
    """

    def __init__(self) -> None:
        self._failed: defaultdict[str, set[JobStatus]] = defaultdict(set)
        self._refused: set[str] = set()

    def brush(self, job: Job, outlook: Outlook, house: House) -> Draw:
        """Return what draws this job."""

        def draw(*, elsewhere: str | None = None, left: str | None = None) -> ui.LayoutView:
            if not self._is_plain(job):
                try:
                    return card(job, outlook, house, elsewhere=elsewhere, left=left)
                except Exception:  # noqa: BLE001 - whatever it was, somebody waits for the film
                    self._failed[job.id].add(job.status)
                    _log.exception(
                        "a card cannot be drawn, a plain one takes its place",
                        extra=job.log_context(),
                    )
            return plain_card(_wordless(job), house, elsewhere=elsewhere, left=left)

        return draw

    def film(self, job: Job, film: Film | None) -> Film | None:
        """Return the film under the name that this job's picture shows it by."""
        if film is None or not self._is_plain(job):
            return film
        return replace(film, name=film_name(_wordless(job)))

    async def show(self, job: Job, send: Callable[[], Awaitable[Result]]) -> Result:
        """Await `send`, which draws with this job's brush; raises what it raises.

        Where Discord refuses the content of what was sent, `send` is awaited once more.
        """
        was_plain = self._is_plain(job)
        try:
            return await send()
        except discord.HTTPException as error:
            if was_plain or not refuses_content(error):
                raise
            self._refused.add(job.id)
            _log.warning(
                "Discord refuses a card, a plain one takes its place: %s",
                told(error),
                extra=job.log_context(),
            )
        return await send()

    def was_refused(self, job: Job) -> bool:
        """Whether Discord refused what the job's usual card says."""
        return job.id in self._refused

    def forget(self, job: Job) -> None:
        """Nothing more is shown of this job for now."""
        self._failed.pop(job.id, None)
        self._refused.discard(job.id)

    def _is_plain(self, job: Job) -> bool:
        return job.id in self._refused or job.status in self._failed.get(job.id, ())


def _wordless(job: Job) -> Job:
    """Return the job without its prompt, which names its film, too."""
    return job.evolve(prompt="")
