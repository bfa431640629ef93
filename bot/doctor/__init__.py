"""`python -m bot doctor`: what is missing and how to mend it.

It changes nothing, and buys nothing unless it is asked to render.
"""

import asyncio
import json
import sys
from dataclasses import asdict
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.doctor import files, machine, people, server
from bot.doctor.check import Check, Mark
from bot.settings import Settings

_SHOWN: Final = {Mark.GOOD: "[green]✔ ok", Mark.WARNING: "[yellow]! look", Mark.BAD: "[red]✘ bad"}


async def examine(settings: Settings, *, render: bool = False) -> list[Check]:
    """Look at everything the bot needs; `render` has one film made, which may be charged."""
    # The database first, by itself: migrations do not run side by side.
    here = await machine.checks(settings)
    here += await files.checks(settings)
    there = await asyncio.gather(people.checks(settings), server.checks(settings, render=render))
    return [check for part in (here, *there) for check in part]


def report(checks: list[Check], *, as_json: bool) -> int:
    """Print what was found; return the exit code, 1 where the bot could not work."""
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))  # noqa: T201
    else:
        table = Table("", "what", "found", "how to mend it")
        for check in checks:
            cells = (check.what, check.found, check.mend)
            table.add_row(_SHOWN[check.mark], *(escape(cell) for cell in cells))
        Console(file=sys.stdout).print(table)
    return int(any(check.mark is Mark.BAD for check in checks))
