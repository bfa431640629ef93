"""What one run of the kill harness does: where it kills, what has happened, what is mixed in."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.loopback import faults as discord_faults
from tests.videos_server import faults as faulty
from tests.videos_server.server import Kind


class Setting(Enum):
    """What has become of the chat before the films are finished."""

    USUAL = "usual"
    TOKEN_DEAD = "16 minutes on"
    OLD = "two hours on, edits spent"
    CLOSED = "16 minutes on, channel closed"
    LOST = "every create's answer lost"
    REMIX = "a film is remixed"


@dataclass(frozen=True)
class Kill:
    """The moment of one kill: a request of this kind, begun or done, or the bot's n-th commit."""

    where: str
    """"discord", "videos", "commit", or "any" for a random moment."""
    kind: str = ""
    done: bool = False

    def __str__(self) -> str:
        if self.where == "any":
            return "any moment"
        return f"{self.where} {self.kind} {'done' if self.done else 'begun'}"


@dataclass(frozen=True)
class Scenario:
    setting: Setting
    kills: tuple[Kill, ...]


@dataclass(frozen=True)
class Plan:
    """One run, known by its seed."""

    seed: int
    scenario: Scenario
    faults: tuple[str, ...]

    def __str__(self) -> str:
        kills = ", ".join(str(kill) for kill in self.scenario.kills)
        mixed = " and ".join(self.faults) or "no fault"
        return f"seed {self.seed}: {self.scenario.setting.value}, killed at {kills}, {mixed}"


_ANY: Final = Kill("any")
COMMITS: Final = 16
"""Commits from the start of a process that has three requests to serve."""

Lay = Callable[["Mixed"], None]


class Mixed:
    """Lays a fault in front of a request that will come."""

    def __init__(
        self,
        discord: Callable[[str, discord_faults.Fault], None],
        videos: Callable[[Kind, faulty.Fault], None],
    ) -> None:
        self.discord = discord
        self.videos = videos


_GATEWAY_ERROR: Final = faulty.answer(502, "<html>Bad Gateway</html>")
FAULTS: Final[dict[str, Lay]] = {
    "the answer to an interaction lost": lambda to: to.discord(
        "acknowledge", discord_faults.cut_after
    ),
    "the card cannot be read, 500": lambda to: to.discord("token_read", discord_faults.answer(500)),
    "the card cannot be read, cut": lambda to: to.discord("token_read", discord_faults.cut),
    "an edit is refused, 500": lambda to: to.discord("edit", discord_faults.answer(500)),
    "an edit is cut": lambda to: to.discord("edit", discord_faults.cut),
    "an upload is cut": lambda to: to.discord("film", discord_faults.cut),
    "an upload's answer is lost": lambda to: to.discord("film", discord_faults.cut_after),
    "an upload is refused, 500": lambda to: to.discord("film", discord_faults.answer(500)),
    "an upload meets 429": lambda to: to.discord("film", discord_faults.too_fast(1.0)),
    "a direct message is refused, 500": lambda to: to.discord("dm", discord_faults.answer(500)),
    "a create's answer is lost": lambda to: to.videos("create", faulty.cut_after),
    "a create meets 503 with Retry-After": lambda to: to.videos(
        "create", faulty.answer(503, "{}", Retry_After="0.5")
    ),
    "a poll meets 502": lambda to: to.videos("poll", _GATEWAY_ERROR),
    "a list meets 502": lambda to: to.videos("list", _GATEWAY_ERROR),
    "a download is cut": lambda to: to.videos("content", faulty.half),
    "a download meets 425": lambda to: to.videos("content", faulty.answer(425, "{}")),
}


def _both(setting: Setting, where: str, *kinds: str, first: Kill | None = None) -> list[Scenario]:
    """Kill at each kind, begun and done; after a first kill, if one is given."""
    before = () if first is None else (first,)
    return [
        Scenario(setting, (*before, Kill(where, kind, done)))
        for kind in kinds
        for done in (False, True)
    ]


_CARD_STOOD: Final = Kill("discord", "acknowledge", done=True)

SCENARIOS: Final[list[Scenario]] = [
    *_both(Setting.USUAL, "discord", "acknowledge", "token_edit", "film"),
    *_both(Setting.USUAL, "videos", "create", "list", "content"),
    *_both(Setting.USUAL, "discord", "token_read", first=_CARD_STOOD),
    *_both(Setting.USUAL, "videos", "create", first=_CARD_STOOD),
    *_both(Setting.TOKEN_DEAD, "discord", "channel_edit", "film"),
    *_both(Setting.OLD, "discord", "channel_edit", "channel_send"),
    *_both(Setting.CLOSED, "discord", "open_dm", "dm"),
    *_both(Setting.LOST, "videos", "list", "create"),
    *_both(Setting.REMIX, "videos", "remix"),
    *_both(Setting.REMIX, "discord", "film"),
    *(
        Scenario(Setting.USUAL, (Kill("commit", str(number), done),))
        for number in range(1, COMMITS + 1)
        for done in (False, True)
    ),
    *[Scenario(Setting.USUAL, (_ANY, _ANY))] * 6,
    *(Scenario(setting, (_ANY, _ANY)) for setting in Setting),
]


def plan(seed: int) -> Plan:
    """Every scenario in turn; no fault, one or two of them by chance."""
    rng = random.Random(seed)  # noqa: S311 - chance, not secrecy
    faults = rng.sample(sorted(FAULTS), rng.choice((0, 1, 1, 2, 2)))
    return Plan(seed, SCENARIOS[seed % len(SCENARIOS)], tuple(faults))
