"""The bot's own program, ended by itself at a commit.

`python -m tests.chaos.dying N begun|done run`: before or after the N-th transaction of jobs. A
transaction is the step of which it is promised that any may be the last.
"""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

from bot.__main__ import main
from bot.jobs.writer import Writer


def die_at(number: int, *, done: bool) -> None:
    """End this process just before, or just after, the `number`-th transaction of jobs."""
    commit = Writer._commit  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    left = number

    def counted(self: Writer, batch: Sequence[Any]) -> list[int]:
        nonlocal left
        left -= 1
        if left == 0 and not done:
            os.kill(os.getpid(), signal.SIGKILL)
        counts = commit(self, batch)
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return counts

    Writer._commit = counted  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


if __name__ == "__main__":
    die_at(int(sys.argv[1]), done=sys.argv[2] == "done")
    del sys.argv[1:3]
    sys.exit(main())
