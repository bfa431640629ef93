"""Deliverer: brings each rendered film from the server into the chat."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from bot.delivery.card_updates import CardUpdates
from bot.delivery.plan import DeliveryPlanner, Kept, Plan
from bot.delivery.service import DeliveryService
from bot.delivery.slots import Places
from bot.delivery.thumbnails import Thumbnails
from bot.jobs.database import StoreError
from bot.jobs.models import Render, RenderChange, RenderStatus
from bot.jobs.reasons import Reason
from bot.media.transcode import NoRoom
from bot.requests.forecast import Phase
from bot.runtime.background import Background
from bot.transport.card_transport import CardTransport
from bot.transport.result import Outcome, PutResult
from bot.transport.retries import LATEST
from bot.transport.scheduler import EditScheduler

_log = logging.getLogger(__name__)

FILMS_AT_ONCE: Final = 4
"""Films downloaded or uploaded at the same time, besides slow ones that stepped aside."""
HELD_BACK: Final = 10.0
"""Seconds before a delivery that our disk did not let be saved is gone on with."""
THUMBNAIL_WAITS: Final = 60
"""Seconds that the thumbnail of a film waits for a moment without transfers."""
TRIES: Final = 4
"""Uploads of one delivery before a link takes their place: Discord may find files too large
against its own word, or the token dead."""


@dataclass(eq=False, repr=False, kw_only=True)
class Deliverer:
    """Delivers one film at a time per render, a few of all at once."""

    service: DeliveryService
    planner: DeliveryPlanner
    transport: CardTransport
    cards: CardUpdates
    scheduler: EditScheduler
    thumbnails: Thumbnails

    def __post_init__(self) -> None:
        self._background = Background()
        self._delivering: set[str] = set()
        self._transfers = Places(FILMS_AT_ONCE)
        self._transferring = 0

    def start(self) -> None:
        """Take the thumbnails that an earlier run had no time for."""
        self._take_thumbnails()

    async def close(self) -> None:
        """Leave what is in flight to the next start."""
        await self._background.close()

    def changed(self, change: RenderChange) -> None:
        """Deliver a render that has completed, or whose delivery is due again."""
        render = change.after
        if render.status is RenderStatus.COMPLETED and render.id not in self._delivering:
            self._delivering.add(render.id)
            self._background.spawn(self._deliver(render), name=f"deliver {render.id}")

    async def _deliver(self, render: Render) -> None:
        """Download the film, put it where its requester sees it, and save what came of it."""
        async with self._guarded(render) as waits:
            if not self.service.has_arrived(render):
                self.cards.show_by_token(render)
            async with self._transfer():
                fetched = await self.service.fetch_film(render)
            if fetched.status is not RenderStatus.COMPLETED:
                return
            if fetched.film is None:
                self._wait(fetched, waits)
                return
            try:
                await self._hand_over(fetched)
            except NoRoom as error:
                self._wait(await self.service.disk_full(fetched, error), waits)

    async def _hand_over(self, render: Render) -> None:
        """Put the film into the card: as it is, transcoded, or as a link; else keep it.

        Raises NoRoom.
        """
        for attempt in range(TRIES + 1):
            if attempt < TRIES:
                plan = await self.planner.plan(render, say=partial(self._say_phase, render))
            else:
                plan = self.planner.link(render)
            if isinstance(plan, Kept):
                await self._keep(render, plan)
                return
            draw = await self.cards.draw(plan.as_shown)
            # Nothing says "Completed" before this edit does.
            async with self._turn(plan), self._transfer():
                result = await self.transport.put(
                    plan.as_shown, draw, film=plan.film, lead=plan.lead
                )
            if result.outcome is Outcome.TOKEN_DEAD:
                # The upload limit may be smaller without it.
                render = await self.service.token_died(render)
            elif result.outcome is Outcome.TOO_LARGE and plan.film is not None:
                render = await self.service.found_too_large(render, plan.size)
            else:
                await self._save(render, plan, result)
                return

    def _turn(self, plan: Plan) -> AbstractAsyncContextManager[None]:
        """Hold the message, in the rate limit that its edit counts against."""
        bucket = self.cards.bucket(plan.as_shown, lead=plan.lead, size=plan.size)
        return self.scheduler.turn(plan.as_shown.id, bucket=bucket)

    @asynccontextmanager
    async def _guarded(self, render: Render) -> AsyncGenerator[asyncio.Event]:
        """Wait where our disk is full; no fault of ours is repeated for ever.

        Yields what is set where the film has to wait for its server or for our disk.
        """
        waits = asyncio.Event()
        try:
            yield waits
        except StoreError as error:
            _log.warning("a delivery is not saved: %s", error, extra=render.log_context())
            if not self.service.has_arrived(render):
                self._wait(render, waits)
            await asyncio.sleep(HELD_BACK)
        except Exception:  # noqa: BLE001 - whatever it was, the film is kept and its card says so
            _log.exception("a delivery failed unexpectedly", extra=render.log_context())
            with suppress(StoreError):
                await self.service.failed(render, Reason.UNFORESEEN)
        finally:
            self._delivering.discard(render.id)
            self.cards.delivery_ended(render, waits=waits.is_set())

    def _wait(self, render: Render, waits: asyncio.Event) -> None:
        """Have the card say what the film waits for: its server, or our disk."""
        waits.set()
        self.cards.show(render)

    async def _keep(self, render: Render, kept: Kept) -> None:
        await self.service.undeliverable(render, kept.reason)
        await self.planner.remove_copy(render)

    async def _save(self, render: Render, plan: Plan, result: PutResult) -> None:
        """Save what Discord answered."""
        match result.outcome:
            case Outcome.SHOWN:
                await self.service.delivered(render, as_shown=plan.as_shown, result=result)
                self.cards.forget(render)
                await self.planner.remove_copy(render)
                self._take_thumbnails()
            case Outcome.GONE:
                _log.info("the card was deleted, with it the film", extra=render.log_context())
                await self.service.delivered(render)
            case Outcome.NO_ACCESS | Outcome.ARCHIVED:
                await self.service.undeliverable(render, Reason.NO_ACCESS)
            case Outcome.TOO_LARGE:
                await self._keep(render, Kept(Reason.TOO_LARGE))
            case Outcome.FILM_REFUSED:
                await self.service.refused(render, Reason.FILM_REFUSED, result.cause)
            case Outcome.CONTENT_REFUSED:
                await self.service.refused(render, Reason.NOT_ACCEPTED, result.cause)
            case Outcome.REFUSED:
                _log.warning("a film was refused: %s", result.cause, extra=render.log_context())
                await self.service.failed(render, Reason.NOT_ACCEPTED)
            case _:
                _log.warning("a film was not sent: %s", result.cause, extra=render.log_context())
                await asyncio.sleep(min(result.wait, LATEST))
                await self.service.postpone(render)

    def _say_phase(self, render: Render, phase: Phase) -> None:
        # A full disk may well fail again, and the card says so already.
        if render.reason is not Reason.DISK_FAILED:
            self.cards.show_phase(render, phase)

    @asynccontextmanager
    async def _transfer(self) -> AsyncGenerator[None]:
        """Hold a place among the films that are downloaded or uploaded."""
        self._transferring += 1
        try:
            async with self._transfers.one():
                yield
        finally:
            self._transferring -= 1

    def _take_thumbnails(self) -> None:
        work = self.thumbnails.catch_up(pause=self._until_calm)
        self._background.spawn(work, name="thumbnails")

    async def _until_calm(self) -> None:
        """Wait for a moment without transfers: a thumbnail's process takes more memory."""
        for _ in range(THUMBNAIL_WAITS):
            if not self._transferring:
                return
            await asyncio.sleep(1.0)
