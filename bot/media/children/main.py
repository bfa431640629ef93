"""What every script does around its work."""

import os
import sys
from collections.abc import Callable
from typing import Final

LOW_PRIORITY: Final = 10
"""Niceness of work that nobody waits for at this moment."""


class Failed(ValueError):
    """The work cannot be done; the message is a sentence, and all that the bot gets to know."""


class Unreadable(Failed):
    """The file holds no frame, or cannot be opened; the message says why."""


def run(work: Callable[[], bytes], *, niceness: int = LOW_PRIORITY) -> None:
    """Write what `work` returns to standard output; exit 1 with the sentence where it Failed."""
    if hasattr(os, "nice"):
        os.nice(niceness)
    try:
        result = work()
    except Failed as error:
        sys.exit(str(error))
    sys.stdout.buffer.write(result)
