"""Runs a script of `bot.media.children`, and says in words why it failed."""

from pathlib import Path
from typing import Final

from bot.runtime.child import ChildFailed

SCRIPTS: Final = Path(__file__).with_name("children")
FAILURES: Final = (ChildFailed, OSError)
"""What `run_script` raises: the child failed, took too long, or could not be started."""


def reason(
    error: ChildFailed | OSError,
    *,
    late: str = "it takes too long to open",
    silent: str = "it cannot be opened",
) -> str:
    """Return a failure as words: `late` after a time-out, `silent` where the child said nothing."""
    return late if isinstance(error, TimeoutError) else str(error) or silent
