"""Rate limits: buckets per route and major parameter, and the global one.

Source: Discord, topics/rate-limits. The numbers are not published; these are what bots see.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bot.simulator.errors import TooFast


@dataclass(frozen=True)
class Limit:
    """So many requests in so many seconds."""

    most: int
    seconds: float


GLOBAL: Final = Limit(50, 1.0)
EXEMPT: Final = frozenset({"acknowledge", "token_edit", "token_read", "token_delete", "followup"})
"""Interaction endpoints are not bound to the bot's global limit.
Source: Discord, interactions/receiving-and-responding."""
_PER_TOKEN: Final = Limit(5, 2.0)
LIMITS: Final = {
    "channel_send": Limit(5, 5.0),
    "dm": Limit(5, 5.0),
    "channel_edit": Limit(5, 5.0),
    "channel_delete": Limit(5, 1.0),
    "channel_read": Limit(10, 1.0),
    "channel_change": Limit(5, 15.0),
    "open_dm": Limit(10, 10.0),
    "token_edit": _PER_TOKEN,
    "token_read": _PER_TOKEN,
    "token_delete": _PER_TOKEN,
    "followup": _PER_TOKEN,
}
OLD_EDITS: Final = Limit(3, 20.0)
"""Edits of messages older than an hour, per channel."""
_SHARED: Final = {"dm": "channel_send"} | dict.fromkeys(
    ("token_edit", "token_read", "token_delete", "followup"), "token"
)


@dataclass
class _Window:
    ends: float
    used: int = 0


class Limits:
    """Counts in fixed windows that begin with their first request; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.old_edits = OLD_EDITS
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(self, kind: str, major: str) -> dict[str, str]:
        """Count a request; return its X-RateLimit headers. Raises TooFast."""
        if kind not in EXEMPT:
            self._global()
        limit = LIMITS.get(kind)
        if limit is None:
            return {}
        name = _SHARED.get(kind, kind)
        window = self._window(name, major, limit)
        left = window.ends - self._clock()
        if window.used >= limit.most:
            raise TooFast(left, scope="user", headers=_headers(name, limit, 0, left))
        window.used += 1
        return _headers(name, limit, limit.most - window.used, left)

    def take_old_edit(self, channel: str) -> None:
        """Count an edit of an old message. Raises TooFast with code 30046."""
        window = self._window("old", channel, self.old_edits)
        if window.used >= self.old_edits.most:
            left = window.ends - self._clock()
            raise TooFast(left, scope="shared", headers={}, code=30046)
        window.used += 1

    def spend_old_edits(self, channel: str, seconds: float) -> None:
        """Let others have had all edits of old messages there, for so long."""
        self._windows["old", channel] = _Window(time.monotonic() + seconds, self.old_edits.most)

    def _global(self) -> None:
        window = self._window("global", "", GLOBAL)
        if window.used >= GLOBAL.most:
            left = window.ends - self._clock()
            raise TooFast(left, scope="global", headers={"X-RateLimit-Global": "true"})
        window.used += 1

    def _window(self, name: str, major: str, limit: Limit) -> _Window:
        now = self._clock()
        window = self._windows.get((name, major))
        if window is None or window.ends <= now:
            window = self._windows[name, major] = _Window(now + limit.seconds)
        return window


def _headers(name: str, limit: Limit, remaining: int, left: float) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit.most),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
    }
