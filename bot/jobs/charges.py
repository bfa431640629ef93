"""What the end of a create costs: what was surely not bought, and what was charged."""

from dataclasses import dataclass
from typing import Final

from bot.jobs.meters import MILLIONTHS, MOST_MONEY, Cost
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason

_IN_DOUBT: Final = frozenset(
    {Reason.OUTCOME_UNKNOWN, Reason.LOST_WHILE_SENDING, Reason.DISK_FAILED}
)
_NOT_SENT: Final = frozenset({RenderStatus.REQUESTED, RenderStatus.SENDING})
_WITHOUT_VIDEO: Final = frozenset({RenderStatus.FAILED, RenderStatus.CANCELLED})
_MADE: Final = frozenset({RenderStatus.COMPLETED, RenderStatus.DELIVERED, RenderStatus.UNDELIVERED})


@dataclass(frozen=True, slots=True)
class Charge:
    """What an end charges of what is held."""

    bought: bool
    made: bool = False
    """Whether there is a video, which counts against limits of videos and seconds."""
    stated: int | None = None
    """Millionths that the server says it charged."""
    second: bool = False
    """Whether it ends a second create alone, and the first is still in doubt."""

    def of(self, held: Cost) -> Cost:
        """Return what is charged of a hold: the price that was held, where the server is silent."""
        if not self.bought:
            return Cost(money=0)
        money = (held.money or 0) if self.stated is None else self.stated
        return Cost(held.videos if self.made else 0, held.seconds if self.made else 0, money)


REFUNDED: Final = Charge(bought=False)
CHARGED: Final = Charge(bought=True, made=True)
"""It was rendered, or may have been."""
STOPPED: Final = Charge(bought=True)
"""It began to be rendered, and no video came of it."""


def charge_of(before: Render, after: Render, currency: str) -> Charge | None:
    """Return what a change of state charges; None where it ends no create.

    A create whose outcome is unknown stays held, and so does one that was cancelled here alone:
    its open create ends it.
    """
    if before.status is after.status or before.status in _MADE:
        return None
    if after.status is RenderStatus.COMPLETED:
        return Charge(bought=True, made=True, stated=_stated(after, currency))
    if after.status is RenderStatus.UNCONFIRMED:
        return _of_second(before, after)
    if after.status is RenderStatus.EXPIRED:
        return CHARGED
    if after.status in _WITHOUT_VIDEO:
        return _of_failure(before, after)
    return None


def _of_failure(before: Render, after: Render) -> Charge | None:
    if before.status in _NOT_SENT:
        return REFUNDED
    cancelled_here = after.status is RenderStatus.CANCELLED and after.reason is not None
    return None if cancelled_here else STOPPED


def _of_second(before: Render, after: Render) -> Charge | None:
    """Refund a second create that was surely not bought, while the first is in doubt."""
    unsent = before.status is RenderStatus.REQUESTED
    if unsent or (before.status is RenderStatus.SENDING and after.reason not in _IN_DOUBT):
        return Charge(bought=False, second=True)
    return None


def _stated(render: Render, currency: str) -> int | None:
    """Return the server's own cost in millionths; None for one that cannot be true."""
    if render.made_cost is None or render.made_currency != currency:
        return None
    stated = render.made_cost * MILLIONTHS
    return round(stated) if 0 <= stated <= MOST_MONEY else None
