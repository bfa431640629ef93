"""Limits what clients can make us log: one line a minute of each kind, with a count of the rest."""

import logging
import time
from collections.abc import Callable
from typing import Final

EVERY: Final = 60.0
"""Seconds between two lines of one kind."""


class LogThrottle:
    """Logs one line a minute of each kind, and counts the rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._next: dict[str, float] = {}
        self._dropped: dict[str, int] = {}

    def admit(self, kind: str) -> int | None:
        """Return how many lines of this kind were dropped before this one; None: drop it too."""
        now = self._clock()
        if now < self._next.get(kind, now):
            self._dropped[kind] = self._dropped.get(kind, 0) + 1
            return None
        self._next[kind] = now + EVERY
        return self._dropped.pop(kind, 0)

    def log(self, logger: logging.Logger, level: int, text: str, *, action: str) -> None:
        """Log a text; lines with the same `action` are of one kind."""
        if (dropped := self.admit(action)) is not None:
            more = f" ({dropped} times more since the last line)" if dropped else ""
            logger.log(level, "%s%s", text, more, extra={"action": action})


class OutOfFilesFilter(logging.Filter):
    """Drops most of asyncio's records of connections refused for want of open files."""

    def __init__(self) -> None:
        super().__init__()
        self._throttle = LogThrottle()

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass one such record a minute, without its traceback."""
        if "socket.accept() out of system resource" not in str(record.msg):
            return True
        record.msg = "no file is left for another connection (ulimit -n); trying again"
        record.exc_info = record.exc_text = None
        return self._throttle.admit("accept") is not None
