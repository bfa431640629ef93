"""The cards: every change of a job is shown, and a rendered film is delivered."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial

import discord
from discord.ext import commands

from bot.cards import words
from bot.cards.renderer import CardRenderer, Draw
from bot.cards.view import CardOptions, film_name
from bot.delivery.plan import LASTING, DeliveryPlanner, Step, why_kept
from bot.delivery.service import DeliveryService
from bot.delivery.slots import Places
from bot.delivery.thumbnails import Thumbnails
from bot.jobs.database import StoreError
from bot.jobs.events import JobEvents
from bot.jobs.models import (
    RUNNING,
    STOPPED,
    TRACKED,
    WITHOUT_VIDEO,
    Render,
    RenderChange,
    RenderStatus,
)
from bot.jobs.reasons import Reason
from bot.media.transcode import NoRoom
from bot.requests.queries import Phase, RequestQueries
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
from bot.transport.rate_limits import EditLimitReached, RateLimited, RateLimits
from bot.transport.retries import LATEST, Retries
from bot.transport.scheduler import EditScheduler
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

_PICTURED = WITHOUT_VIDEO | RUNNING | {RenderStatus.DELIVERED}


class Cards(commands.Cog):
    """Listens to what becomes of jobs, and lets people see it."""

    def __init__(
        self,
        client: discord.Client,
        *,
        deliveries: DeliveryService,
        queries: RequestQueries,
        planner: DeliveryPlanner,
        renderer: CardRenderer,
        scheduler: EditScheduler,
        rate_limits: RateLimits,
        thumbnails: Thumbnails,
        options: Callable[[], CardOptions],
        events: JobEvents,
        clock: Callable[[], float],
    ) -> None:
        self._client = client
        self._deliveries = deliveries
        self._queries = queries
        self._planner = planner
        self._renderer = renderer
        self._scheduler = scheduler
        self._rate_limits = rate_limits
        self._thumbnails = thumbnails
        self._options = options
        self._events = events
        self._now = clock
        self._roads = Roads(
            client, deliveries.fallback_begun, renderer=renderer, limits=rate_limits
        )
        self._background = Background()
        self._delivering: set[str] = set()
        # A digest of what each running job's card shows: an edit that changes nothing is not sent.
        self._drawn: dict[str, int] = {}
        self._phases: dict[str, Phase] = {}
        self._retries = Retries(self._show_again)
        self._stands_still: set[str] = set()
        # A method is another object each time that it is looked up.
        self._renew = self._send_running
        self._transfers = Places(FILMS_AT_ONCE)
        self._films_moving = 0

    async def cog_load(self) -> None:
        """Hear of every change, and take the thumbnails that an earlier run had no time for."""
        self._events.listen(self._on_change)
        self._take_thumbnails()

    async def cog_unload(self) -> None:
        """Leave what is on its way to the next start."""
        await self._retries.close()
        await self._background.close()

    def _on_change(self, change: RenderChange) -> None:
        """Show what became of a job; a rendered one is delivered."""
        render = change.after
        if render.status is RenderStatus.COMPLETED:
            if render.id not in self._delivering:
                self._delivering.add(render.id)
                self._background.spawn(self._deliver(render), name=f"deliver {render.id}")
        elif render.status in _PICTURED and not _came_with_film(change):
            self.show(render)

    def show(self, render: Render) -> None:
        """Have the card drawn anew."""
        final = render.status not in TRACKED
        send = self._renew if render.status in RUNNING else partial(self._send, render)
        self._scheduler.show(render.id, send, road=self._road(render), final=final)

    def _road(self, render: Render, lead: float = 0.0, size: int = 0) -> int | None:
        """Name the limit that an edit of this card counts against; a token has one of its own.

        `lead` are the seconds that the edit may take, `size` the bytes of its film.
        """
        now = self._now() + lead
        by_token = takes_token(render, self._rate_limits, now, size=size)
        return None if by_token else render.request.channel_id

    async def _send_running(self, render_id: str) -> None:
        """Draw the card of a job that still runs, as it stands now that its turn has come.

        Thousands may wait for theirs, and none of these jobs is held in memory until then.
        """
        render = await self._queries.find(render_id)
        if render is None:
            self._drawn.pop(render_id, None)
        elif render.status in RUNNING and not self._retries.rests(render_id):
            await self._send(render, render_id)

    async def _send(self, render: Render, render_id: str) -> None:
        """Draw a card; `job_id` is the editor's own, which is remembered instead of a copy."""
        try:
            if await self._drew(render, render_id):
                await self._deliveries.seen(render)
        except StoreError as error:
            _log.warning("a card is not written down: %s", error, extra=render.log_context())

    async def _drew(self, render: Render, render_id: str) -> bool:
        """Draw a card that looks otherwise now; False where that was not taken."""
        draw = await self._drawing(render)
        if self._drawn.get(render_id) != (drawn := _digest(draw())):
            try:
                await self._draw(render, draw)
            except TokenDead:
                self.show(await self._deliveries.token_died(render))
                return False
            except RateLimited as limited:
                self._retries.limited(render_id, limited.seconds)
                return False
            except UNREACHED as error:
                _log.warning("the card was not taken: %s", told(error), extra=render.log_context())
                if not refuses_content(error):
                    self._retries.failed(render_id)
                elif render.status in TRACKED:
                    # Not even the plain card is taken, which is the same until the state is not.
                    self._drawn[render_id] = _digest(draw())
                    self._say_it_stands_still(render)
                return False
            self._drawn[render_id] = drawn
            self._retries.forget(render_id)
        if render.status not in TRACKED:
            self._drawn.pop(render_id)
            self._forget(render)
        return True

    async def _show_again(self, render_id: str) -> None:
        """Have a card drawn anew that Discord did not take; a film comes by an edit of its own."""
        render = await self._queries.find(render_id)
        if render is None:
            return
        if render.status in RUNNING or (
            render.status in WITHOUT_VIDEO and render.card.shown is not render.status
        ):
            self.show(render)

    def _say_it_stands_still(self, render: Render) -> None:
        """Say once that a card changes no more, since Discord refuses the plain one, too."""
        if render.id not in self._stands_still:
            self._stands_still.add(render.id)
            work = say_it_stands_still(self._client, render, now=self._now())
            self._background.spawn(work, name=f"say that {render.id} stands still")

    async def _draw(self, render: Render, draw: Draw) -> None:
        try:
            if render.status in WITHOUT_VIDEO and render.card.shown is not render.status:
                posted = await self._reach(render, draw)
                if posted.road is not None:
                    await self._deliveries.moved(render, posted.message_id, posted.road)
                return
            if render.status in STOPPED and render.card.retry_at is not None:
                await self._say_where(render, draw)
                return
            kept = None
            if render.status is RenderStatus.DELIVERED:
                if render.attachment_id is not None:
                    kept = KeptFilm(render.attachment_id, film_name(render))
                elif render.link_expires_at is None:
                    return
            await self._edit(render, draw, kept)
        except (CardGone, NoAccess, EditLimitReached) as gone:
            _log.info("a card cannot be changed: %s", gone, extra=render.log_context())

    async def _say_where(self, render: Render, draw: Draw) -> None:
        """Let the card whose end stands elsewhere say so, where it takes an edit again."""
        left = words.where_instead(render)
        try:
            card = render.with_card(message_id=await find_left_card(self._client, render))
            await self._edit(card, partial(draw, left=left))
        except CardGone:
            await self._deliveries.card_settled(render)
        except NoAccess:
            await self._deliveries.card_closed(render)
        except (EditLimitReached, *UNREACHED):
            await self._deliveries.card_failed(render)
        else:
            await self._deliveries.card_settled(render)

    async def _edit(self, card: Render, draw: Draw, film: KeptFilm | None = None) -> None:
        """Draw a card where it stands; plainly where Discord refuses its words."""
        limits, now = self._rate_limits, self._now()
        await plainly_if_refused(
            self._renderer,
            card,
            lambda: edit_card(self._client, card, draw(), limits=limits, now=now, film=film),
        )

    def _forget(self, render: Render) -> None:
        """Nothing more is shown of this job for now."""
        self._stands_still.discard(render.id)
        self._retries.forget(render.id)
        self._renderer.forget(render)

    async def _drawing(self, render: Render) -> Draw:
        """Return what draws this job's card, with what is known around it now."""
        forecast = await self._queries.forecast(render)
        forecast = replace(forecast, phase=self._phases.get(render.id))
        return self._renderer.draw(render, forecast, self._options())

    async def _reach(
        self, render: Render, draw: Draw, *, lead: float = 0.0, film: Film | None = None
    ) -> Posted:
        """Take the first road that is open; raises as Roads.reach.

        `lead` are the seconds that it may take.
        """
        return await self._roads.reach(render, draw, now=self._now() + lead, film=film)

    # ---------------------------------------------------------------- the film

    async def _deliver(self, render: Render) -> None:
        waits = False
        try:
            waits = await self._bring(render)
        except StoreError as error:
            _log.warning("a delivery is not written down: %s", error, extra=render.log_context())
            if not self._deliveries.has_arrived(render):
                waits = True
                self.show(render)
            await asyncio.sleep(HELD_BACK)
        except Exception:  # noqa: BLE001 - a fault of ours is not repeated for ever
            _log.exception("a delivery failed in a way nobody foresaw", extra=render.log_context())
            with suppress(StoreError):
                await self._deliveries.failed(render, Reason.UNFORESEEN)
        finally:
            self._delivering.discard(render.id)
            self._phases.pop(render.id, None)
            if not waits:
                self._drawn.pop(render.id, None)

    async def _bring(self, render: Render) -> bool:
        """Fetch the film and hand it over.

        True where it has to wait for its server or for our disk: then the card says for which.
        """
        # The channel's few edits are for films; a token has edits of its own.
        if render.card.token_works(self._now()) and not self._deliveries.has_arrived(render):
            self.show(render)
        async with self._moving():
            fetched = await self._deliveries.fetch_film(render)
        if fetched.status is not RenderStatus.COMPLETED:
            return False
        if fetched.film is not None:
            try:
                await self._hand_over(fetched)
            except NoRoom as error:
                fetched = await self._deliveries.disk_full(fetched, error)
            else:
                return False
        self.show(fetched)
        return True

    async def _hand_over(self, render: Render) -> None:
        """Put the film where its requester sees it, and write down what came of it.

        Raises NoRoom.
        """
        try:
            step, posted = await self._climb(render)
        except LASTING as lasting:
            await self._deliveries.undeliverable(render, why_kept(lasting))
            if not isinstance(lasting, NoAccess):
                await self._planner.remove_copy(render)
        except CardGone:
            _log.info("the card was deleted, its film is let go", extra=render.log_context())
            await self._deliveries.delivered(render)
        except FilmRefused as refusal:
            _log.warning("the film was refused: %s", refusal, extra=render.log_context())
            await self._deliveries.refused(render, Reason.FILM_REFUSED)
        except RateLimited as limited:
            await asyncio.sleep(min(limited.seconds, LATEST))
            await self._deliveries.postpone(render)
        except UNREACHED as error:
            _log.warning("the film was not taken: %s", told(error), extra=render.log_context())
            if refuses_content(error):
                await self._deliveries.refused(render, Reason.NOT_ACCEPTED)
            elif is_refusal(error):
                await self._deliveries.failed(render, Reason.NOT_ACCEPTED)
            else:
                await self._deliveries.postpone(render)
        else:
            await self._deliveries.delivered(
                render,
                as_shown=step.as_shown,
                message_id=posted.message_id,
                attachment_id=posted.attachment_id,
                fallback=posted.road,
            )
            self._forget(render)
            await self._planner.remove_copy(render)
            self._take_thumbnails()

    async def _climb(self, render: Render) -> tuple[Step, Posted]:
        """Take the first step of the size ladder that Discord takes, too.

        Raises TooLarge where no step is left, NoRoom, and what Roads.reach raises.
        """
        for _ in range(TRIES):
            step = await self._planner.step(render, encoding=partial(self._say_encoding, render))
            try:
                return step, await self._put(step)
            except TokenDead:
                # The limit may have shrunk with it.
                render = await self._deliveries.token_died(render)
            except TooLarge:
                if step.film is None:
                    raise
                render = await self._deliveries.found_too_large(render, step.film.size)
        step = self._planner.link(render)
        return step, await self._put(step)

    def _say_encoding(self, render: Render, converts: bool) -> None:  # noqa: FBT001 - see DeliveryPlanner.step
        if render.reason is Reason.DISK_FAILED:
            return  # it may well fail again, and the card says so already
        if render.card.token_works(self._now()) or render.id in self._drawn:
            self._phases[render.id] = Phase.CONVERTING if converts else Phase.RESIZING
            self.show(render)

    async def _put(self, step: Step) -> Posted:
        """Show the card with the film in it; "Completed" is written by nothing before."""
        done, film = step.as_shown, step.film
        draw = await self._drawing(done)
        lead = 0.0 if film is None else self._planner.lead(done, film.size)

        async def send() -> Posted:
            async with self._moving():
                return await self._reach(done, draw, lead=lead, film=film)

        size = 0 if film is None else film.size
        return await self._scheduler.finish(done.id, send, road=self._road(done, lead, size))

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
        work = self._thumbnails.catch_up(pause=self._until_calm)
        self._background.spawn(work, name="stills")

    async def _until_calm(self) -> None:
        """Wait for a moment without films on their way: a still's process takes more memory."""
        for _ in range(STILL_WAITS):
            if not self._films_moving:
                return
            await asyncio.sleep(1.0)


def _came_with_film(change: RenderChange) -> bool:
    """Whether the edit that brought the film has shown this already."""
    before = change.before
    delivered = change.after.status is RenderStatus.DELIVERED
    return delivered and before is not None and before.status is RenderStatus.COMPLETED


def _digest(view: discord.ui.LayoutView) -> int:
    return hash(json.dumps(view.to_components()))
