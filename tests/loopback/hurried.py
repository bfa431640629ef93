"""The bot with short pauses before Discord: `python -m tests.loopback.hurried [NAME...] run`.

The pauses still double, and what follows from each is the same; only less time passes. Each NAME is
a constant of bot.client, in seconds, that is shortened as well.
"""

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from bot import client, gateway
from bot.__main__ import main

HURRIED: Final = "tests.loopback.hurried"
FASTER: Final = 5


def hurry(names: Iterable[str]) -> None:
    """Divide the pauses between attempts, and the constants of these names, by FASTER."""
    true_backoff = gateway.backoff

    def backoff(longest: float = gateway.LONGEST_WAIT) -> Iterator[float]:
        return (pause / FASTER for pause in true_backoff(longest))

    gateway.backoff = backoff
    for name in names:
        setattr(client, name, getattr(client, name) / FASTER)


if __name__ == "__main__":
    hurry(sys.argv[1:-1])
    del sys.argv[1:-1]
    sys.exit(main())
