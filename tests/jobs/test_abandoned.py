"""Creates that nobody waits for are charged once they have ended, or their time is over."""

from typing import Any

from bot.jobs import lifecycle
from bot.jobs.abandoned import AbandonedRenders
from bot.jobs.models import RenderStatus
from bot.jobs.open_creates import UNCONFIRMED_COUNTS_FOR, of_unknown
from bot.jobs.reasons import Reason
from bot.jobs.store import JobStore
from tests.jobs.limits import COST, limit
from tests.jobs.support import LATER, NOW, admit, new_render


async def test_one_that_is_never_heard_of_is_charged_although_no_other_ends(
    store: JobStore,
) -> None:
    each = limit(1)
    lost = new_render(status=RenderStatus.UNCONFIRMED, sent_at=NOW)
    assert await admit(store, lost, cost=COST, limits=[each])
    dropped = lifecycle.cancelled(lost, Reason.ABANDONED, LATER)
    assert await store.accounting.abandon(lost, dropped, of_unknown(lost))
    no_server: Any = None  # nothing is asked of it
    now = NOW + UNCONFIRMED_COUNTS_FOR + 1

    await AbandonedRenders(
        store=store, videos=no_server, poll_interval=1.0, clock=lambda: now
    ).look()

    (used,) = await store.accounting.usage([each])
    assert (used.held, used.spent) == (0, 1)
    assert await store.accounting.faults() == []
