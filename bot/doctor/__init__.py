"""`python -m bot doctor`: says what is missing and how to fix it.

It changes nothing, and buys nothing unless it is asked to render.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bot.doctor import application, files, limits, machine, network, server
from bot.doctor.check import Check, Mark
from bot.settings import Settings

_SHOWN: Final = {Mark.GOOD: "[green]✔ ok", Mark.WARNING: "[yellow]! look", Mark.BAD: "[red]✘ bad"}

_WHAT_WIDTH: Final = 20
"""Columns for the name of a check; a server's name may have 100."""


async def examine(
    settings: Settings, misspelt: Sequence[str] = (), *, render: bool = False
) -> list[Check]:
    """Check everything that the bot needs; `render` has one film made, which may be charged.

    `misspelt` are sentences on names that may be misspelt settings.
    """
    fix = "correct the name, or remove the line"
    named = [Check("settings", Mark.WARNING, sentence, fix) for sentence in misspelt]
    here = await machine.checks(settings)
    here += await asyncio.to_thread(limits.checks, settings)
    here += await files.checks(settings)
    there = await asyncio.gather(
        application.checks(settings), server.checks(settings, renders=render)
    )
    return [check for part in (named, network.proxies(settings), here, *there) for check in part]


def misconfigured(sentence: str) -> Check:
    """Return the only check where a setting cannot be read."""
    return Check("settings", Mark.BAD, sentence, "correct it in .env or in the environment")


def report(checks: list[Check], *, as_json: bool) -> int:
    """Print the checks; return the exit code, 1 where the bot cannot work."""
    if as_json:
        print(json.dumps([asdict(check) for check in checks], indent=2))  # noqa: T201
    else:
        Console(file=sys.stdout, highlight=False).print(_table(checks))
    return int(any(check.mark is Mark.BAD for check in checks))


def _table(checks: list[Check]) -> Table:
    """Return the checks as a table; addresses are folded at the edge, never cut."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(max_width=_WHAT_WIDTH, overflow="fold")
    table.add_column(overflow="fold")
    for check in checks:
        table.add_row(_SHOWN[check.mark], escape(check.what), escape(check.found))
        if check.fix:
            label = "note" if check.mark is Mark.GOOD else "how to fix"
            table.add_row("", "", f"[bold]{label}:[/bold] {escape(check.fix)}")
    return table
