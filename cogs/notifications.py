"""Those who pressed "Notify me": each is told once when the job has ended, and nobody else is."""

import logging
from collections import defaultdict
from collections.abc import Sequence

import discord
from discord.ext import commands

from bot.client import VideoBot
from bot.jobs.models import ENDED, Job, JobChange
from bot.jobs.store import StoreError
from bot.runtime.background import Background
from bot.transport.notifications import NAMED_AT_ONCE, Refused, ping, write_to
from cogs.permissions import can_see
from cogs.requests import UNREACHED

_log = logging.getLogger(__name__)


class Notifications(commands.Cog):
    """Pings under the card, and writes to each person where that is closed to the bot.

    Who asked stays written down until Discord has taken the words or refused them for good; the
    poller brings up again whom nobody told.
    """

    def __init__(self, bot: VideoBot) -> None:
        self.bot = bot
        self.archive = bot.archive
        self._background = Background()
        self._telling: set[str] = set()
        # Those who know by now, although our disk does not take that yet.
        self._told: defaultdict[str, set[int]] = defaultdict(set)

    async def cog_unload(self) -> None:
        """Leave who was not told yet to the next start."""
        await self._background.close()

    @commands.Cog.listener()
    async def on_job_change(self, change: JobChange) -> None:
        """Tell of a job that has just ended."""
        self._begin(change.job)

    @commands.Cog.listener()
    async def on_untold_end(self, job: Job) -> None:
        """Tell of a job that ended a while ago, in another process perhaps."""
        self._begin(job)

    def _begin(self, job: Job) -> None:
        if job.status in ENDED and job.id not in self._telling:
            self._telling.add(job.id)
            self._background.spawn(self._tell(job), name=f"tell of {job.id}")

    async def _tell(self, job: Job) -> None:
        try:
            await self._have_been_told(job, ())
            watchers = await self.archive.watchers(job)
            for people in discord.utils.as_chunks(watchers, NAMED_AT_ONCE):
                await self._tell_some(job, people)
        except (StoreError, *UNREACHED) as error:
            _log.warning("some are told later: %s", error, extra=job.log_context())
        finally:
            self._telling.discard(job.id)

    async def _tell_some(self, job: Job, people: Sequence[int]) -> None:
        shut_out = [one for one in people if await can_see(self.bot, job, one) is False]
        for person in shut_out:
            await self._write_to(job, person)
        if not (people := [one for one in people if one not in shut_out]):
            return
        try:
            await ping(self.bot, job, people, now=self.bot.clock())
        except Refused as refusal:
            _log.info("the channel takes no ping: %s", refusal, extra=job.log_context())
            for person in people:
                await self._write_to(job, person)
        else:
            await self._have_been_told(job, people)

    async def _write_to(self, job: Job, person: int) -> None:
        try:
            sees = await can_see(self.bot, job, person) is True
            await write_to(self.bot, job, person, sees=sees)
        except Refused as refusal:
            _log.warning("somebody cannot be told: %s", refusal, extra=job.log_context())
        await self._have_been_told(job, [person])

    async def _have_been_told(self, job: Job, people: Sequence[int]) -> None:
        """Write down who knows, with those whom the disk did not take before. Raises StoreError."""
        told = self._told[job.id]
        told.update(people)
        if told:
            await self.archive.told(job, sorted(told))
        del self._told[job.id]


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(Notifications(bot))
