"""Discord's own clock, which a test may put forward, and the ids that carry its time."""

import itertools
import time
from datetime import UTC, datetime
from typing import Final

EPOCH_MS: Final = 1_420_070_400_000
"""The first millisecond of 2015. Source: Discord, reference, snowflakes."""


class Clock:
    """Unix seconds, `skewed` ahead of this machine; hands out snowflakes of that time."""

    def __init__(self) -> None:
        self.skewed = 0.0
        self._counter = itertools.count()

    def now(self) -> float:
        """Return Unix seconds."""
        return time.time() + self.skewed

    def snowflake(self) -> int:
        """Milliseconds since the epoch in the upper 42 bits, a counter in the lower 22."""
        return (int(self.now() * 1000) - EPOCH_MS) << 22 | next(self._counter) & 0x3FFFFF


def born(snowflake: int) -> float:
    """Give the time in an id, in Unix seconds."""
    return ((snowflake >> 22) + EPOCH_MS) / 1000


def written(seconds: float) -> str:
    """Write a time as ISO 8601, as every timestamp of the API is."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
