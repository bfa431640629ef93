"""The tables, on the terminal and in docs/performance.md.

The page is written anew from what was measured now and, for the figures that were not, from what
docs/performance/ keeps of them. What somebody wrote between a figure's two "why" marks stays.
"""

import os
import platform
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from benchmarks.figures import Figure, Row
from benchmarks.picture import draw
from benchmarks.stalls import summary as stalls_of

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "performance.md"
FOLDER: Final = ROOT / "docs" / "performance"
ORDER: Final = (
    "latency",
    "crowding",
    "acknowledging",
    "polling",
    "waiting",
    "uploading",
    "idle",
    "restarting",
    "fit",
)
_FIGURES: Final = TypeAdapter(Figure)

_INTRODUCTION: Final = """\
# Performance

Written by `make bench`; `make bench FIGURE=latency` measures one figure again. "naive" is
`benchmarks/naive.py`, the bot that everybody writes: a task per job, a GET every 5 seconds, an
edit through the channel each time, the film whole in memory. Both run on the same loopback
Discord, with Discord's documented limits, and the same Videos server, each a process of its own.
The floor is what the interval of looking, the transfer and the limits allow.
"""


def print_figure(figure: Figure) -> None:
    """Print one figure's table."""
    print(f"\n{figure.title}\n{figure.how}\n")
    head = ("", "ours", "naive", "floor", "ratio", "goal", "met")
    lines = [head, *(_cells(row) for row in figure.rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        cells = zip(line, widths, strict=True)
        print("  ".join(cell.ljust(width) for cell, width in cells).rstrip())
    for sentence in figure.also:
        print(sentence)
    for what, stall in figure.stalls.items():
        print(f"Longest event-loop stall, {what}: {stall:.0f} ms")


def write(figures: list[Figure]) -> None:
    """Keep the figures, draw their pictures, and write the page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for figure in figures:
        measured = replace(figure, machine=_machine())
        text = _FIGURES.dump_json(measured, indent=1).decode()
        (FOLDER / f"{figure.name}.json").write_text(_flat(text) + "\n")
        (FOLDER / f"{figure.name}.svg").write_text(draw(figure.picture))
    reasons = _reasons(PAGE.read_text() if PAGE.exists() else "")
    kept = [_FIGURES.validate_json(path.read_text()) for path in _kept()]
    stalls = stalls_of(kept)
    (FOLDER / f"{stalls.name}.svg").write_text(draw(stalls.picture))
    PAGE.write_text(_page([*kept, stalls], reasons))


def _kept() -> list[Path]:
    paths = [FOLDER / f"{name}.json" for name in ORDER]
    return [path for path in paths if path.exists()]


def _page(figures: list[Figure], reasons: dict[str, str]) -> str:
    parts = [_INTRODUCTION, _table([row for figure in figures for row in figure.rows])]
    for figure in figures:
        parts += [
            f"## {figure.title}",
            figure.how,
            _table(figure.rows),
            f"![{figure.picture.title}](performance/{figure.name}.svg)",
            *figure.also,
            *([f"Measured on {figure.machine}."] if figure.machine else []),
            _reason(figure.name, reasons.get(figure.name, "")),
        ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _table(rows: list[Row]) -> str:
    head = "| figure | ours | naive | floor | ours / naive | goal | met |"
    lines = ["| " + " | ".join(_cells(row)) + " |" for row in rows]
    return "\n".join([head, "|---|---:|---:|---:|---:|---|---|", *lines])


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "**no**", None: "-"}[row.met]
    values = (_number(value, row.unit) for value in (row.ours, row.naive, row.floor))
    ratio = "-" if row.ratio is None else _ratio(row.ratio)
    return (row.title, *values, ratio, row.goal, met)


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    digits = f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"  # noqa: PLR2004
    return f"{digits} {unit}".strip()


def _ratio(ratio: float) -> str:
    return f"1/{1 / ratio:.3g}" if 0 < ratio < 1 else f"{ratio:.3g}"


def _machine() -> str:
    day = datetime.now(UTC).date()
    cores = os.cpu_count()
    return f"{day}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def _reason(name: str, text: str) -> str:
    return f"<!-- why {name}: kept by the program -->\n{text.strip()}\n<!-- end -->"


def _reasons(page: str) -> dict[str, str]:
    found = re.findall(r"<!-- why (\w+)[^>]*-->\n(.*?)\n?<!-- end -->", page, re.DOTALL)
    return dict(found)


def _flat(text: str) -> str:
    """Put the points of lines on one line each."""
    return re.sub(r"\[\s+(-?[\d.e+-]+),\s+(-?[\d.e+-]+)\s+\]", r"[\1, \2]", text)
