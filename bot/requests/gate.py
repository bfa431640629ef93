"""Gate: the one way in for every request, whatever door it comes by."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.jobs import lifecycle
from bot.jobs.accounting import Admission, OpenLimits, Terms
from bot.jobs.meters import Denied, Unit
from bot.jobs.models import Render, RenderStatus, Request
from bot.jobs.open_creates import of_unknown
from bot.jobs.store import JobStore
from bot.requests.admission import (
    Beside,
    DiskFull,
    LimitReached,
    NotAdmitted,
    NotConfirmed,
    Offer,
    OverLimit,
    complete,
)
from bot.requests.communities import Communities
from bot.requests.community import Asker, Community
from bot.requests.limits import Limits


@dataclass(eq=False, repr=False, kw_only=True)
class Gate:
    """Admits within the limits of the owner and of the community, and what the server offers."""

    store: JobStore
    offer: Callable[[], Offer]
    """What may be chosen now: a server that was away may have more to offer than before."""
    limits: Limits
    communities: Communities
    disk_full: Callable[[], bool]
    clock: Callable[[], float] = time.time

    async def admit(self, request: Request, asker: Asker, *, confirmed: bool = False) -> Render:
        """Save a request with its first render, before anything is shown or sent.

        `confirmed` says that its price was. Raises NotAdmitted and StoreError; then nothing was
        written.
        """
        community = await self.communities.of(asker.guild)
        render, terms = self._judged(request, asker, community)
        if not confirmed and community.asks_about(terms.cost.money):
            await self._ask_first(render, terms)
        admitted = await self.store.accounting.admit(render, terms)
        if not admitted:
            raise await self._refusal(admitted, render, terms)
        return render

    async def explain(self, request: Request, asker: Asker) -> NotAdmitted | None:
        """Return why a request would be refused now, None where it would not; nothing is saved.

        Raises StoreError.
        """
        community = await self.communities.of(asker.guild)
        try:
            render, terms = self._judged(request, asker, community)
        except NotAdmitted as problem:
            return problem
        admitted = await self.store.accounting.would_admit(render, terms)
        return None if admitted else await self._refusal(admitted, render, terms)

    async def _ask_first(self, render: Render, terms: Terms) -> None:
        """Raise NotConfirmed; where there is no room for a request, why there is none."""
        admitted = await self.store.accounting.would_admit(render, terms)
        if not admitted:
            raise await self._refusal(admitted, render, terms)
        of_money = [each for each in terms.limits if each.key.unit is Unit.MONEY]
        usages = await self.store.accounting.usage(of_money)
        left = (
            each.most + usage.granted - usage.used
            for each, usage in zip(of_money, usages, strict=True)
        )
        cost = terms.cost.money or 0
        raise NotConfirmed(cost, min(left, default=None), self.limits.currency)

    def _judged(self, request: Request, asker: Asker, community: Community) -> tuple[Render, Terms]:
        """Return what is to be admitted, and on which terms. Raises NotAdmitted."""
        spec = complete(request.spec, community.within(self.offer()))
        render = Render.first(replace(request, spec=spec))
        terms = self.limits.terms(render.request, asker, community, request.created_at)
        if self.disk_full():
            raise DiskFull
        return render, terms

    async def _refusal(self, denied: Admission, render: Render, terms: Terms) -> NotAdmitted:
        if isinstance(denied, Denied):
            return LimitReached(denied, terms.cost, self.limits.currency)
        return await self._over_limit(render, terms.open)

    async def _over_limit(self, render: Render, most: OpenLimits) -> OverLimit:
        requester_id = render.request.requester_id
        own = await self.store.active_of(requester_id)
        creates, unconfirmed = await self.store.creates.counted_of(requester_id, self.clock())
        cancelled = sum(each.video_id is not None for each in creates)
        unknown = len(creates) - cancelled + unconfirmed
        beside = Beside(cancelled=cancelled, unknown=unknown)
        is_full = most.of_community < most.of_all and (
            await self.store.accounting.is_community_full(render, most, self.clock())
        )
        return OverLimit(
            own,
            beside,
            most_of_user=most.of_user,
            most_of_community=most.of_community if is_full else None,
        )

    async def admit_again(self, render: Render, asker: Asker) -> Render | None:
        """Write down that an unconfirmed request is to be sent once more; for `send`.

        Once per unknown outcome: None where the job has moved on meanwhile. The first create goes
        on counting beside the second. Raises as `admit`; then it stays as it is.
        """
        if render.status is not RenderStatus.UNCONFIRMED:
            return None
        if self.disk_full():
            raise DiskFull
        again, now = lifecycle.requested_again(render), self.clock()
        community = await self.communities.of(render.request.guild_id)
        complete(render.spec, community.within(self.offer()))
        terms = self.limits.terms(render.request, asker, community, now)
        admitted = await self.store.accounting.admit_again(
            render, again, of_unknown(render), terms, now
        )
        if admitted:
            return again
        current = await self.store.get(render.id)
        if current is None or (current.status, current.sent_at) != (render.status, render.sent_at):
            return None
        raise await self._refusal(admitted, render, terms)
