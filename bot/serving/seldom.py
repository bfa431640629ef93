"""What strangers can bring about is logged seldom: a line a minute, however often it happens."""

import logging
import time
from collections.abc import Callable
from typing import Final

EVERY: Final = 60.0
"""Seconds between two lines of one kind."""


class Seldom:
    """Lets one line a minute through, and counts the rest."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._next: dict[str, float] = {}
        self._kept_back: dict[str, int] = {}

    def may(self, kind: str) -> int | None:
        """Return how many lines of this kind were kept back before this one; None: keep it too."""
        now = self._clock()
        if now < self._next.get(kind, now):
            self._kept_back[kind] = self._kept_back.get(kind, 0) + 1
            return None
        self._next[kind] = now + EVERY
        return self._kept_back.pop(kind, 0)

    def say(self, logger: logging.Logger, level: int, text: str, *, action: str) -> None:
        """Log a text about one kind of thing, the `action`."""
        if (kept_back := self.may(action)) is not None:
            more = f" ({kept_back} times more since the last line)" if kept_back else ""
            logger.log(level, "%s%s", text, more, extra={"action": action})


class OutOfFilesFilter(logging.Filter):
    """Keeps asyncio from logging each connection that it has no file left for, with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._seldom = Seldom()

    def filter(self, record: logging.LogRecord) -> bool:
        """Let one such record a minute through, without its traceback."""
        if "socket.accept() out of system resource" not in str(record.msg):
            return True
        record.msg = "no file is left for another connection (ulimit -n); trying again"
        record.exc_info = record.exc_text = None
        return self._seldom.may("accept") is not None
