"""Writes docs/reliability.md from the fault table: `python -m tests.reliability.document`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.reliability import discord_cells, videos_cells
from tests.reliability.cells import Cell

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "reliability.md"

_HEAD: Final = """\
# What goes wrong, and what comes of it

This page is written by `make tables` from the tests that play it; a test compares the two.

The promise: **a film is never lost and never bought twice**, there is one message per request, and
its card says what is true.

- A request is written down before it is shown, and shown before it is sent. Each step is on disk
  before the next is taken, so a process that dies anywhere goes on from there.
- A create whose outcome nobody knows is never repeated by itself: it is looked for in the server's
  list, and else its requester decides.
- "Completed" is written by the very edit that brings the film, and a film that cannot be brought is
  kept.
- A foreseen fault is one line in the log, without a traceback. No key, token or signed address is
  in any line, message or row (an interaction's token has a column of its own, and is cleared when
  its life is over).

The tables say what people see in the end. Every cell is played by
`tests/reliability/test_fault_table.py`: the bot as a process of its own, a Discord and a Videos
server over real sockets, one fault, and then everything is counted: creates, films in the chat byte
for byte, messages, log lines.
"""

_VIDEOS: Final = """
## The Videos server misbehaves

A poll and a download are asked again, ever more slowly, for as long as it takes: the card says
since when the server has not answered. A server that answers without the film (not yet, an HTML
page, half a film, a key that may not) is asked for at least a quarter of an hour, at its own pace,
and the card says what it waits for; then the film is *Not delivered* until somebody presses
*Post again*. `/content` and the job's own address are both tried each time. A create is repeated
only where surely nothing was bought.

No answer costs more than it may: an encoding that is not true changes nothing, and what unfolds has
the bound of a film, or of a JSON answer; a list is read as far as jobs are waited for, beside the
event loop; a film that drips gives its place to the next, and is given up below 4 KB a second.
`tests/reliability/test_downloads.py` plays these, and `tests/videos/test_body.py` their families.
"""

_DISCORD: Final = """
## Discord misbehaves

Where the interaction's token is dead or the channel is closed, the picture takes the next road: the
channel, a reply, a direct message, and at last the disk.
"""

_TAIL: Final = """
## The disk takes nothing

Full, held by another program, or read-only: a request is refused in one private sentence, and
nothing is sent. Cards of films that are on their way say that the bot can't save anything;
once it can, they continue by themselves, also where the process was killed and started again
meanwhile. Where there is room for everything but the film itself, the card says the same, and the
film stays on the server. A film that the chat has and that cannot be written down is not sent
again. `tests/reliability/test_full_disk.py` plays this on a disk that is really full, and
`test_unwritten.py` on a database that is held.

## Killed at any moment

`make chaos` runs the real process in front of both servers and kills it (`kill -9`) before or after
every kind of request in turn, or at a random moment; mixes up to two faults in; starts it again
until nothing moves; and counts. A create is sent once or the card says *Not sure it was sent*, a
film is in the chat once, and every job ends. A run takes some seconds:
`make chaos CHAOS="--runs 20 --seed 7"`. Each run is known by its number, so a violation can be
looked at again: `--runs 1 --seed N`.

`make soak` keeps 200 jobs in flight for half an hour under a random mix of faults, and measures
from inside: memory (at the end within 10 % of what it was after five minutes), tasks, and how long
the event loop was blocked. `make soak SOAK="--minutes 5 --jobs 100"` is a shorter one.

`tests/jobs/test_lifecycle_machine.py` puts polls, restarts, presses and Discord's answers into any
order and checks what has to hold after each step.

`tests/machine/` does so with the whole bot, its SQLite file and both servers over HTTP: requests,
presses, faults on either side, a full disk, clocks that jump, stops, and deaths between any two
steps of the event loop, in any order. After each step, and after each commit in it, it holds
purchases, rows, files and messages against the promise, and in the end lets everything come to
rest. Time leaps where nothing happens, so that 50 courses of events take some 15 seconds of
processor time in `make test`; `make machine` plays 500 others, `make machine MACHINE="2000 60"` so
many of so many steps. A failure prints its steps, as short as it can be made, and what replays it.
"""


def write() -> str:
    """Return the whole document."""
    return (
        _HEAD
        + _VIDEOS
        + _table(videos_cells.CELLS, videos_cells.STEPS, videos_cells.IMPOSSIBLE)
        + _DISCORD
        + _table(discord_cells.CELLS, discord_cells.STEPS, discord_cells.IMPOSSIBLE)
        + _TAIL
    )


def _table(
    cells: Sequence[Cell],
    steps: Mapping[str, str],
    impossible: Mapping[tuple[str, str], str],
) -> str:
    by_place = {(cell.fault, cell.step): _said(cell) for cell in cells}
    by_place |= {place: f"({reason})" for place, reason in impossible.items()}
    faults = dict.fromkeys(cell.fault for cell in cells)
    rows = [["", *steps.values()], ["---"] * (len(steps) + 1)]
    rows += [[fault, *(by_place[fault, step] for step in steps)] for fault in faults]
    return "\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _said(cell: Cell) -> str:
    repeated = " (sent again after the wait it asks for)" if cell.creates > 1 else ""
    broken = "" if cell.broken is None else f" **Not yet:** {cell.broken}."
    return f"{cell.outcome.told}{repeated}{broken}"


if __name__ == "__main__":
    DOCUMENT.write_text(write(), encoding="utf-8")
