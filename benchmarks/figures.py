"""What a measure gives: rows of ours / naive / floor, and the series of its picture."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table; None where there is no such side."""

    title: str
    unit: str
    ours: float | None
    naive: float | None = None
    floor: float | None = None
    goal: str
    met: bool | None
    """None where it cannot be judged, as in a small run."""

    @property
    def ratio(self) -> float | None:
        """Ours to naive."""
        if self.ours is None or not self.naive:
            return None
        return self.ours / self.naive


@dataclass(frozen=True, kw_only=True)
class Picture:
    """Lines through points, or bars where every line is a single number."""

    title: str
    x: str
    y: str
    lines: dict[str, list[tuple[float, float]]]
    logarithmic: bool = False


@dataclass(frozen=True, kw_only=True)
class Figure:
    """The outcome of one measure."""

    name: str
    title: str
    how: str
    """What was done, in a sentence or two."""
    rows: list[Row]
    picture: Picture
    stalls: dict[str, float] = field(default_factory=dict[str, float])
    """The longest stall of our bot's event loop in milliseconds, by what it was doing."""
    also: list[str] = field(default_factory=list[str])
    """Further sentences worth reading."""
    machine: str = ""
    """When and on what it was measured."""


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent do not exceed (nearest rank)."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def distribution(values: Sequence[float]) -> list[tuple[float, float]]:
    """Return up to 100 points of the cumulative distribution: value, percent."""
    return [(percentile(values, percent), float(percent)) for percent in range(1, 101)]


def bar(value: float) -> list[tuple[float, float]]:
    """Return the points of a single number."""
    return [(0.0, value)]
