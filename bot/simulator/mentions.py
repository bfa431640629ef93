"""Whom a message pings: who is named in its text and allowed to be.

Source: Discord, resources/message, allowed mentions object; components are text as content is.
"""

import re
from dataclasses import dataclass
from typing import Final

from bot.simulator.world import Payload

_NAMED: Final = re.compile(r"(?<!\\)<@!?(\d+)>")
_EVERYBODY: Final = re.compile(r"@(?:everyone|here)")


@dataclass(frozen=True)
class Pinged:
    """People by their ids, in the order of the text."""

    users: tuple[int, ...] = ()
    everyone: bool = False


NOBODY: Final = Pinged()


def pinged(text: str, allowed: Payload | None) -> Pinged:
    """Judge a text; without `allowed` everybody who is named is pinged."""
    users = tuple(dict.fromkeys(int(found) for found in _NAMED.findall(text)))
    everyone = _EVERYBODY.search(text) is not None
    if allowed is None:
        return Pinged(users, everyone)
    parse: list[str] = allowed.get("parse", [])
    listed = {int(user) for user in allowed.get("users", [])}
    if "users" not in parse:
        users = tuple(user for user in users if user in listed)
    return Pinged(users, everyone and "everyone" in parse)
