"""Writes docs/reliability.md from the fault table: `python -m tests.reliability.document`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.reliability import discord_cells, videos_cells
from tests.reliability.cells import Cell

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "reliability.md"

_HEAD: Final = """\
# What goes wrong, and what happens then

`make tables` writes this page from the tests that play it; a test compares the two.

The promise: **a film is never lost and never bought twice**, there is one message per request, and
its card says what is true.

- The bot saves a request before it shows it, and shows it before it sends it. Each step is on disk
  before the next begins, so a process that dies continues from there.
- The bot never repeats a create of unknown outcome by itself. It looks in the server's list; if the
  video is not there, its requester decides.
- The edit that posts the film also says "Completed". The bot keeps a film that it cannot post.
- An expected fault is one line in the log, without a traceback. No key, token or signed address is
  in any line, message or row (an interaction's token has a column of its own, which is cleared when
  the token expires).

The tables say what people see in the end. `tests/reliability/test_fault_table.py` plays every cell:
the bot as a process of its own, a Discord and a Videos server over real sockets, and one fault.
Then it counts creates, films in the chat byte for byte, messages and log lines.
"""

_VIDEOS: Final = """
## The Videos server misbehaves

The bot repeats polls and downloads, more and more slowly, until the server answers; the card says
since when it has not. If the server answers without the film (not yet, an HTML page, half a film, a
key that is not allowed), the bot tries for at least 15 minutes, at the server's pace, and the card
says what it waits for. Then the film is *Not delivered* until somebody presses *Post again*. Each
try asks both `/content` and the job's own address. The bot repeats a create only if surely nothing
was bought.

Every answer has a bound: a false encoding changes nothing, and decompressed data has the limit of a
film, or of a JSON answer; the bot reads a list outside the event loop, and only as far as it has
jobs to find; a slow download lets others go first, and ends below 4 KB a second.
`tests/reliability/test_downloads.py` plays these, and `tests/videos/test_body.py` their families.
"""

_DISCORD: Final = """
## Discord misbehaves

If the interaction's token is dead or the channel is closed, the film goes another way: through the
channel, in a reply, in a direct message, and last to the disk.
"""

_TAIL: Final = """
## The disk accepts no writes

It is full, locked by another program, or read-only: the bot refuses requests in one private
sentence, and sends nothing. Cards of films that are on their way say that the bot can't save
anything; once it can, they continue by themselves, also after the process was killed and started
again. If there is space for everything except the film, the card says the same, and the film stays
on the server. The bot does not send a film again that is in the chat but could not be recorded.
`tests/reliability/test_full_disk.py` plays this on a disk that is really full, and
`test_unwritten.py` on a locked database.

## Killed at any moment

`make chaos` runs the real process in front of both servers and kills it (`kill -9`) before or after
every kind of request in turn, or at a random moment; mixes up to two faults in; starts it again
until nothing changes; and counts. A create is sent once or the card says *Not sure it was sent*, a
film is in the chat once, and every job ends. A run takes some seconds:
`make chaos CHAOS="--runs 20 --seed 7"`. Each run has a number, so a violation can be
repeated: `--runs 1 --seed N`.

`make soak` keeps 200 jobs in flight for half an hour under a random mix of faults, and measures
from inside: memory (at the end within 10 % of what it was after five minutes), tasks, and how long
the event loop was blocked. `make soak SOAK="--minutes 5 --jobs 100"` is a shorter one.

`tests/jobs/test_lifecycle_machine.py` puts polls, restarts, presses and Discord's answers into any
order and checks the rules after each step.

`tests/machine/` does so with the whole bot, its SQLite file and both servers over HTTP: requests,
presses, faults on either side, a full disk, clocks that jump, stops, and deaths between any two
steps of the event loop, in any order. After each step, and after each commit in it, it compares
purchases, rows, files and messages with the promise; in the end it lets everything finish. Time
jumps where nothing happens, so that 50 courses of events take some 15 seconds of
processor time in `make test`; `make machine` plays 500 others, `make machine MACHINE="2000 60"`
2000 of 60 steps. A failure prints the fewest steps that repeat it, and the command.
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
