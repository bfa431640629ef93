"""Any order of requests, ends, cancels, restarts, grants and limits: the accounts add up."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.jobs import lifecycle
from bot.jobs.charges import CHARGED
from bot.jobs.meters import Grant, Limit, MeterKey, Period, Scope, Unit
from bot.jobs.models import Render, RenderStatus
from bot.jobs.open_creates import of_running, of_unknown
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from tests.jobs.limits import COST
from tests.jobs.support import NOW, address, admit, new_render, terms

KINDS: Final = (
    (Scope.EVERYONE, "", Unit.MONEY, 2_000_000),
    (Scope.EVERYONE, "", Unit.VIDEOS, 6),
    (Scope.PERSON, "1", Unit.SECONDS, 10),
)
ENDED: Final = (RenderStatus.COMPLETED, RenderStatus.FAILED, RenderStatus.EXPIRED)
Step = Callable[["Course"], Coroutine[Any, Any, None]]


class Course:
    """Renders on their way, under limits that come one after the other."""

    def __init__(self, folder: Path, choose: Callable[[int], int]) -> None:
        self._folder = folder
        self._choose = choose
        self.limits: list[Limit] = []
        self.overrun = False
        self._live: list[Render] = []
        self._granted: Counter[MeterKey] = Counter()
        self._now = NOW

    async def go(self, steps: Sequence[Step]) -> None:
        for step in steps:
            # Each step is a process of its own: nothing is remembered but what is on disk.
            async with JobStore.open(address(self._folder)) as self.store:
                await step(self)
                await self._check()
            self._now += 1

    async def _check(self) -> None:
        assert await self.store.accounting.faults() == []
        usages = await self.store.accounting.usage(self.limits)
        for limit, usage in zip(self.limits, usages, strict=True):
            over = self.overrun and limit.key.unit is Unit.MONEY
            rested = self.limits.index(limit) == 0
            assert over or rested or usage.used <= limit.most + usage.granted
            assert usage.granted == self._granted[limit.key]

    def _take(self, *statuses: RenderStatus) -> Render | None:
        found = [each for each in self._live if each.status in statuses]
        return found[self._choose(len(found))] if found else None

    async def _save(self, before: Render, **changes: Any) -> None:  # noqa: ANN401 - its fields
        after = before.evolve(**changes)
        assert await self.store.save(before, after)
        self._live[self._live.index(before)] = after

    # ---------------------------------------------------------------- steps

    async def limit(self) -> None:
        if len(self.limits) < len(KINDS) and not self._live:
            scope, scope_id, unit, most = KINDS[len(self.limits)]
            self.limits.append(
                Limit(MeterKey(0, scope, scope_id, unit, Period.EVER, 0.0), most, None)
            )

    async def grant(self) -> None:
        if self.limits:
            limit = self.limits[self._choose(len(self.limits))]
            given = Grant(amount=3, actor_id=7, at=self._now, interaction_id=int(self._now))
            await self.store.accounting.grant([limit], given)
            self._granted[limit.key] += 3

    async def change(self) -> None:
        if self.limits:
            at = self._choose(len(self.limits))
            raised = self.limits[at].most + self._choose(5)
            self.limits[at] = replace(self.limits[at], most=raised)

    async def ask(self) -> None:
        render = new_render(requester_id=1, created_at=self._now)
        applying = self.limits[self._choose(2) :] if self.limits else []
        if await admit(self.store, render, cost=COST, limits=applying):
            self._live.append(render)

    async def send(self) -> None:
        if (render := self._take(RenderStatus.REQUESTED)) is not None:
            await self._save(render, status=RenderStatus.SENDING, sent_at=self._now)

    async def answer(self) -> None:
        if (render := self._take(RenderStatus.SENDING)) is None:
            return
        outcomes = (
            {"status": RenderStatus.QUEUED, "video_id": f"video_{self._now}"},
            {"status": RenderStatus.UNCONFIRMED, "reason": Reason.OUTCOME_UNKNOWN},
            {"status": RenderStatus.FAILED, "reason": Reason.REFUSED},
        )
        chosen = outcomes[self._choose(len(outcomes))]
        after = lifecycle.still_in_doubt(render, render.evolve(**chosen), self._now)
        await self._save(render, status=after.status, reason=after.reason, video_id=after.video_id)

    async def finish(self) -> None:
        if (render := self._take(RenderStatus.QUEUED)) is not None:
            status = ENDED[self._choose(len(ENDED))]
            cost = (None, 0.1, 1.5)[self._choose(3)] if status is RenderStatus.COMPLETED else None
            self.overrun |= cost == 1.5
            await self._save(render, status=status, made_cost=cost, made_currency=cost and "USD")

    async def cancel(self) -> None:
        if (render := self._take(RenderStatus.QUEUED)) is not None:
            here = lifecycle.cancelled(render, Reason.CANCELLED_HERE, self._now)
            create = of_running(render, 3600)
            assert await self.store.accounting.abandon(render, here, create)
            self._live.remove(render)
            if self._choose(2):
                await self.store.accounting.close_creates({create.id: CHARGED}, self._now)

    async def send_again(self) -> None:
        if (render := self._take(RenderStatus.UNCONFIRMED)) is None:
            return
        again = lifecycle.requested_again(render)
        asked = terms(cost=COST, limits=self.limits)
        first = of_unknown(render)
        if await self.store.accounting.admit_again(render, again, first, asked, self._now):
            self._live[self._live.index(render)] = again

    async def delete(self) -> None:
        if (render := self._take(*ENDED)) is not None:
            await self.store.accounting.delete(render, self._now)
            self._live.remove(render)


STEPS: Final[tuple[Step, ...]] = (
    Course.limit,
    Course.grant,
    Course.change,
    Course.ask,
    Course.ask,
    Course.send,
    Course.answer,
    Course.finish,
    Course.cancel,
    Course.send_again,
    Course.delete,
)


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_the_accounts_add_up_after_any_course(data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.sampled_from(STEPS), min_size=5, max_size=25))
    with TemporaryDirectory() as folder:
        course = Course(Path(folder), lambda size: data.draw(st.integers(0, size - 1)))
        asyncio.run(course.go(steps))
