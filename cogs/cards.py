"""The cards: every change of a job is shown, and a rendered film is delivered."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from functools import partial

import discord
from discord.ext import commands

from bot.cards import words
from bot.cards.renderer import Draw
from bot.cards.view import film_name
from bot.client import VideoBot
from bot.delivery.plan import LASTING, Step, why_kept
from bot.delivery.slots import Places
from bot.jobs.lifecycle import DISK_FAILED, NOT_TAKEN, UNFORESEEN
from bot.jobs.models import FOLLOWED, LEFT, RUNNING, SPOKEN, Job, JobChange, JobStatus
from bot.jobs.store import StoreError
from bot.media.transcode import NoRoom
from bot.runtime.background import Background
from bot.transport.errors import told
from bot.transport.fallback import Roads
from bot.transport.message import (
    CardGone,
    Film,
    FilmRefused,
    KeptFilm,
    NoAccess,
    Posted,
    TokenDead,
    TooLarge,
    edit_card,
    find_left_card,
    is_refusal,
    plainly_if_refused,
    refuses_content,
    takes_token,
)
from bot.transport.notifications import say_it_stands_still
from bot.transport.rate_limits import EditLimitReached, RateLimited
from bot.transport.retries import LATEST, Retries
from cogs.requests import UNREACHED

_log = logging.getLogger(__name__)

FILMS_AT_ONCE = 4
"""Films downloaded or uploaded at the same time, besides slow ones that stepped aside."""
HELD_BACK = 10.0
"""Seconds before a delivery that our disk did not let be written down is gone on with."""

STILL_WAITS = 60
"""Seconds that the picture of a film waits for a moment without films on their way."""

TRIES = 4
"""Uploads of one delivery before a link takes their place: Discord may find files too large
against its own word, or the token dead."""

_PICTURED = SPOKEN | RUNNING | {JobStatus.DELIVERED}


class Cards(commands.Cog):
    """Listens to what becomes of jobs, and lets people see it."""

    def __init__(self, bot: VideoBot) -> None:
        self.bot = bot
        self.deliveries = bot.deliveries
        self._roads = Roads(
            bot, self.deliveries.takes_road, renderer=bot.renderer, limits=bot.buckets
        )
        self._background = Background()
        self._delivering: set[str] = set()
        # A digest of what each running job's card shows: an edit that changes nothing is not sent.
        self._drawn: dict[str, int] = {}
        self._retries = Retries(self._show_again)
        self._stands_still: set[str] = set()
        # A method is another object each time that it is looked up.
        self._renew = self._send_running
        self._transfers = Places(FILMS_AT_ONCE)
        self._films_moving = 0

    async def cog_load(self) -> None:
        """Take the pictures that an earlier run had no time for."""
        self._take_thumbnails()

    async def cog_unload(self) -> None:
        """Leave what is on its way to the next start."""
        await self._retries.close()
        await self._background.close()

    @commands.Cog.listener()
    async def on_job_change(self, change: JobChange) -> None:
        """Show what became of a job; a rendered one is delivered."""
        job = change.job
        if job.status is JobStatus.COMPLETED:
            if job.id not in self._delivering:
                self._delivering.add(job.id)
                self._background.spawn(self._deliver(job), name=f"deliver {job.id}")
        elif job.status in _PICTURED and not _came_with_film(change):
            self.show(job)

    def show(self, job: Job) -> None:
        """Have the card drawn anew."""
        final = job.status not in FOLLOWED
        send = self._renew if job.status in RUNNING else partial(self._send, job)
        self.bot.editor.show(job.id, send, road=self._road(job), final=final)

    def _road(self, job: Job, lead: float = 0.0, size: int = 0) -> int | None:
        """Name the limit that an edit of this card counts against; a token has one of its own.

        `lead` are the seconds that the edit may take, `size` the bytes of its film.
        """
        now = self._now() + lead
        by_token = takes_token(job, self.bot.buckets, now, size=size)
        return None if by_token else job.channel_id

    async def _send_running(self, job_id: str) -> None:
        """Draw the card of a job that still runs, as it stands now that its turn has come.

        Thousands may wait for theirs, and none of these jobs is held in memory until then.
        """
        job = await self.bot.archive.find(job_id)
        if job is None:
            self._drawn.pop(job_id, None)
        elif job.status in RUNNING and not self._retries.rests(job_id):
            await self._send(job, job_id)

    async def _send(self, job: Job, job_id: str) -> None:
        """Draw a card; `job_id` is the editor's own, which is remembered instead of a copy."""
        try:
            if await self._drew(job, job_id):
                await self.deliveries.seen(job)
        except StoreError as error:
            _log.warning("a card is not written down: %s", error, extra=job.log_context())

    async def _drew(self, job: Job, job_id: str) -> bool:
        """Draw a card that looks otherwise now; False where that was not taken."""
        draw = await self._drawing(job)
        if self._drawn.get(job_id) != (drawn := _digest(draw())):
            try:
                await self._draw(job, draw)
            except TokenDead:
                self.show(await self.deliveries.token_died(job))
                return False
            except RateLimited as limited:
                self._retries.limited(job_id, limited.seconds)
                return False
            except UNREACHED as error:
                _log.warning("the card was not taken: %s", told(error), extra=job.log_context())
                if not refuses_content(error):
                    self._retries.failed(job_id)
                elif job.status in FOLLOWED:
                    # Not even the plain card is taken, which is the same until the state is not.
                    self._drawn[job_id] = _digest(draw())
                    self._say_it_stands_still(job)
                return False
            self._drawn[job_id] = drawn
            self._retries.forget(job_id)
        if job.status not in FOLLOWED:
            self._drawn.pop(job_id)
            self._forget(job)
        return True

    async def _show_again(self, job_id: str) -> None:
        """Have a card drawn anew that Discord did not take; a film comes by an edit of its own."""
        job = await self.bot.archive.find(job_id)
        if job is None:
            return
        if job.status in RUNNING or (job.status in SPOKEN and job.shown is not job.status):
            self.show(job)

    def _say_it_stands_still(self, job: Job) -> None:
        """Say once that a card changes no more, since Discord refuses the plain one, too."""
        if job.id not in self._stands_still:
            self._stands_still.add(job.id)
            work = say_it_stands_still(self.bot, job, now=self._now())
            self._background.spawn(work, name=f"say that {job.id} stands still")

    async def _draw(self, job: Job, draw: Draw) -> None:
        try:
            if job.status in SPOKEN and job.shown is not job.status:
                posted = await self._reach(job, draw)
                if posted.road is not None:
                    await self.deliveries.moved(job, posted.message_id, posted.road)
                return
            if job.status in LEFT and job.next_look_at is not None:
                await self._say_where(job, draw)
                return
            kept = None
            if job.status is JobStatus.DELIVERED:
                if job.film_attachment_id is not None:
                    kept = KeptFilm(job.film_attachment_id, film_name(job))
                elif job.link_expires_at is None:
                    return
            await self._edit(job, draw, kept)
        except (CardGone, NoAccess, EditLimitReached) as gone:
            _log.info("a card cannot be changed: %s", gone, extra=job.log_context())

    async def _say_where(self, job: Job, draw: Draw) -> None:
        """Let the card whose end stands elsewhere say so, where it takes an edit again."""
        left = words.where_instead(job)
        try:
            card = job.evolve(message_id=await find_left_card(self.bot, job))
            await self._edit(card, partial(draw, left=left))
        except CardGone:
            await self.deliveries.card_settled(job)
        except NoAccess:
            await self.deliveries.card_closed(job)
        except (EditLimitReached, *UNREACHED):
            await self.deliveries.card_failed(job)
        else:
            await self.deliveries.card_settled(job)

    async def _edit(self, card: Job, draw: Draw, film: KeptFilm | None = None) -> None:
        """Draw a card where it stands; plainly where Discord refuses its words."""
        limits, now = self.bot.buckets, self._now()
        await plainly_if_refused(
            self.bot.renderer,
            card,
            lambda: edit_card(self.bot, card, draw(), limits=limits, now=now, film=film),
        )

    def _forget(self, job: Job) -> None:
        """Nothing more is shown of this job for now."""
        self._stands_still.discard(job.id)
        self._retries.forget(job.id)
        self.bot.renderer.forget(job)

    async def _drawing(self, job: Job) -> Draw:
        """Return what draws this job's card, with what is known around it now."""
        return self.bot.renderer.draw(job, await self.bot.archive.forecast(job), self.bot.house)

    async def _reach(
        self, job: Job, draw: Draw, *, lead: float = 0.0, film: Film | None = None
    ) -> Posted:
        """Take the first road that is open; raises as Roads.reach.

        `lead` are the seconds that it may take.
        """
        return await self._roads.reach(job, draw, now=self._now() + lead, film=film)

    def _now(self) -> float:
        return self.bot.clock()

    # ---------------------------------------------------------------- the film

    async def _deliver(self, job: Job) -> None:
        waits = False
        try:
            waits = await self._bring(job)
        except StoreError as error:
            _log.warning("a delivery is not written down: %s", error, extra=job.log_context())
            if not self.deliveries.has_arrived(job):
                waits = True
                self.show(job)
            await asyncio.sleep(HELD_BACK)
        except Exception:  # noqa: BLE001 - a fault of ours is not repeated for ever
            _log.exception("a delivery failed in a way nobody foresaw", extra=job.log_context())
            with suppress(StoreError):
                await self.deliveries.not_taken(job, UNFORESEEN)
        finally:
            self._delivering.discard(job.id)
            if not waits:
                self._drawn.pop(job.id, None)

    async def _bring(self, job: Job) -> bool:
        """Fetch the film and hand it over.

        True where it has to wait for its server or for our disk: then the card says for which.
        """
        # The channel's few edits are for films; a token has edits of its own.
        if job.token_lives(self._now()) and not self.deliveries.has_arrived(job):
            self.show(job)
        async with self._moving():
            fetched = await self.deliveries.fetch_film(job)
        if fetched.status is not JobStatus.COMPLETED:
            return False
        if fetched.film is not None:
            try:
                await self._hand_over(fetched)
            except NoRoom as error:
                fetched = await self.deliveries.no_room(fetched, error)
            else:
                return False
        self.show(fetched)
        return True

    async def _hand_over(self, job: Job) -> None:
        """Put the film where its requester sees it, and write down what came of it.

        Raises NoRoom.
        """
        try:
            step, posted = await self._climb(job)
        except LASTING as lasting:
            await self.deliveries.undeliverable(job, why_kept(lasting))
            if not isinstance(lasting, NoAccess):
                await self.bot.ladder.let_go(job)
        except CardGone:
            _log.info("the card was deleted, its film is let go", extra=job.log_context())
            await self.deliveries.delivered(job)
        except FilmRefused as refusal:
            _log.warning("the film was refused: %s", refusal, extra=job.log_context())
            await self.deliveries.refused(job, words.FILM_REFUSED)
        except RateLimited as limited:
            await asyncio.sleep(min(limited.seconds, LATEST))
            await self.deliveries.postpone(job)
        except UNREACHED as error:
            _log.warning("the film was not taken: %s", told(error), extra=job.log_context())
            if refuses_content(error):
                await self.deliveries.refused(job, NOT_TAKEN)
            elif is_refusal(error):
                await self.deliveries.not_taken(job, NOT_TAKEN)
            else:
                await self.deliveries.postpone(job)
        else:
            await self.deliveries.delivered(
                job,
                as_shown=step.as_shown,
                message_id=posted.message_id,
                attachment_id=posted.attachment_id,
                road=posted.road,
            )
            self._forget(job)
            await self.bot.ladder.let_go(job)
            self._take_thumbnails()

    async def _climb(self, job: Job) -> tuple[Step, Posted]:
        """Take the first step of the size ladder that Discord takes, too.

        Raises TooLarge where no step is left, NoRoom, and what Roads.reach raises.
        """
        for _ in range(TRIES):
            step = await self.bot.ladder.step(job, encoding=partial(self._say_encoding, job))
            try:
                return step, await self._put(step)
            except TokenDead:
                # The limit may have shrunk with it.
                job = await self.deliveries.token_died(job)
            except TooLarge:
                if step.film is None:
                    raise
                job = await self.deliveries.found_too_large(job, step.film.size)
        step = self.bot.ladder.link(job)
        return step, await self._put(step)

    def _say_encoding(self, job: Job, converts: bool) -> None:  # noqa: FBT001 - see DeliveryPlanner.step
        if job.error_code == DISK_FAILED:
            return  # it may well fail again, and the card says so already
        if job.token_lives(self._now()) or job.id in self._drawn:
            self.show(job.evolve(error_code=words.CONVERTING if converts else words.FITTING))

    async def _put(self, step: Step) -> Posted:
        """Show the card with the film in it; "Completed" is written by nothing before."""
        done, film = step.as_shown, step.film
        draw = await self._drawing(done)
        lead = 0.0 if film is None else self.bot.ladder.lead(done, film.size)

        async def send() -> Posted:
            async with self._moving():
                return await self._reach(done, draw, lead=lead, film=film)

        size = 0 if film is None else film.size
        return await self.bot.editor.finish(done.id, send, road=self._road(done, lead, size))

    @asynccontextmanager
    async def _moving(self) -> AsyncGenerator[None]:
        """Hold a place among the films that are downloaded or uploaded."""
        self._films_moving += 1
        try:
            async with self._transfers.one():
                yield
        finally:
            self._films_moving -= 1

    def _take_thumbnails(self) -> None:
        work = self.bot.stills.catch_up(pause=self._until_calm)
        self._background.spawn(work, name="stills")

    async def _until_calm(self) -> None:
        """Wait for a moment without films on their way: a still's process takes more memory."""
        for _ in range(STILL_WAITS):
            if not self._films_moving:
                return
            await asyncio.sleep(1.0)


def _came_with_film(change: JobChange) -> bool:
    """Whether the edit that brought the film has shown this already."""
    before = change.before
    delivered = change.job.status is JobStatus.DELIVERED
    return delivered and before is not None and before.status is JobStatus.COMPLETED


def _digest(view: discord.ui.LayoutView) -> int:
    return hash(json.dumps(view.to_components()))


async def setup(bot: VideoBot) -> None:
    """Wire the cog; called by discord.py."""
    await bot.add_cog(Cards(bot))
