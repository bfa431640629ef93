"""What the doctor says of one thing."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How bad it is: the bot works, works but not in all, or cannot work."""

    GOOD = "ok"
    WARNING = "look"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """One thing looked at: what was found, and how to mend it."""

    what: str
    mark: Mark
    found: str
    mend: str = ""
