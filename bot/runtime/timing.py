"""The time that jobs live by: it goes on evenly, whatever happens to the machine's clock."""

import logging
import time
from collections.abc import Callable
from typing import Final

_log = logging.getLogger(__name__)

WORTH_TELLING: Final = 60.0
"""Seconds between the machine's clock and ours before the operator is told."""


def _elapsed() -> float:
    """Return seconds that no setting of a clock changes; sleep of the machine counts, if it can."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def steady_clock() -> Callable[[], float]:
    """Return a clock in Unix seconds: the machine's as it stands now, going on evenly from here.

    With a clock that jumps, an hour back would leave every job unlooked at for an hour, and an hour
    ahead would end every interaction token before its time.
    """
    began = time.time() - _elapsed()
    told = False

    def now() -> float:
        nonlocal told
        steady = began + _elapsed()
        if not told and abs(time.time() - steady) > WORTH_TELLING:
            told = True
            _log.warning(
                "the machine's clock was moved by %.0f s; jobs go on evenly, and the times on new "
                "cards follow it after the next start",
                time.time() - steady,
            )
        return steady

    return now
