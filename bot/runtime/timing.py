"""The clock and the sleep that everything that waits is given."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

_log = logging.getLogger(__name__)

REPORTED: Final = 60.0
"""Seconds by which the machine's clock has to be moved before it is logged."""


def _elapsed() -> float:
    """Return seconds that no setting of a clock changes; those a machine sleeps count on Linux."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def steady_clock() -> Callable[[], float]:
    """Return a clock in Unix seconds: the machine's time now, and evenly onwards from here.

    A clock that is set back an hour would leave every job without a poll for an hour; one that is
    set forward an hour would end every interaction token before its time.
    """
    began = time.time() - _elapsed()
    is_reported = False

    def now() -> float:
        nonlocal is_reported
        steady = began + _elapsed()
        if not is_reported and abs(time.time() - steady) > REPORTED:
            is_reported = True
            _log.warning(
                "the machine's clock was moved by %.0f s; jobs continue, and the times on new "
                "cards follow it after the next start",
                time.time() - steady,
            )
        return steady

    return now


@dataclass(frozen=True, kw_only=True)
class Timing:
    """A clock and a sleep that belong together; a simulation has others than the machine."""

    clock: Callable[[], float] = field(default_factory=steady_clock)
    """Unix seconds."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


SYSTEM: Final = Timing()
"""The machine's."""
