"""The result of one check."""

from dataclasses import dataclass
from enum import StrEnum


class Mark(StrEnum):
    """How bad it is: the bot works, works with a restriction, or cannot work."""

    GOOD = "ok"
    WARNING = "look"
    BAD = "bad"


@dataclass(frozen=True)
class Check:
    """What was checked, what was found, and how to fix it (`fix`); printed as JSON as it is."""

    what: str
    mark: Mark
    found: str
    fix: str = ""
