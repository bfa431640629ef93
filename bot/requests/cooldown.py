"""How fast one person may use commands and buttons: a token bucket each, in bounded memory."""

from dataclasses import dataclass
from typing import Final

PEOPLE: Final = 10_000
"""People who are remembered at once; whose bucket is full again needs no memory."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """So many at once, then one every so many seconds."""

    burst: int
    every: float


COMMANDS: Final = Pace(burst=10, every=2.0)
PRESSES: Final = Pace(burst=20, every=1.0)
SUGGESTIONS: Final = Pace(burst=30, every=0.5)
"""A client asks for suggestions at nearly every key."""


class Cooldown:
    """Lets each person go at a pace (GCRA: one number each, the time at which they are even)."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.even_at: dict[int, float] = {}

    def wait(self, person: int, now: float) -> float:
        """Count one use; return 0, or the seconds until the next is taken, and count nothing."""
        pace = self._pace
        even = max(self.even_at.pop(person, now), now)
        too_early = even - now - (pace.burst - 1) * pace.every
        if too_early <= 0:
            even += pace.every
        self.even_at[person] = even
        if len(self.even_at) > PEOPLE:
            self._forget(now)
        return max(0.0, too_early)

    def _forget(self, now: float) -> None:
        """Forget people with a full budget; if there are none, who pressed longest ago."""
        self.even_at = {person: even for person, even in self.even_at.items() if even > now}
        while len(self.even_at) > PEOPLE:
            del self.even_at[next(iter(self.even_at))]
