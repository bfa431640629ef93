"""The operator's reports: usage, limits and the check of the ledger, read from the database."""

import sqlite3
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.jobs.accounting import faults
from bot.jobs.meters import MILLIONTHS, Unit
from bot.jobs.read_only import read_only, revision_of
from bot.jobs.schema import REVISIONS
from bot.jobs.tables import ledger, meters
from bot.jobs.usage import Create, Total, creates_between, totals
from bot.jobs.usage import as_csv as table_of
from bot.runtime.errors import StartError
from bot.settings import Settings

_DAY: Final = 86400.0


def usage(settings: Settings, *, days: int, by: str, as_csv: bool) -> str:
    """Return what was made in the last days, as a table or as CSV. Raises StartError."""
    now = time.time()
    with _opened(settings) as connection:
        creates = creates_between(connection, now - days * _DAY, now)
    if as_csv:
        return table_of(creates).rstrip("\n")
    rows = totals(creates, _grouping(by, ZoneInfo(settings.time_zone)))
    table = Table("", "videos", "seconds", settings.videos_currency, "still running")
    for name, total in rows:
        table.add_row(name or "-", *_cells(total))
    return _printed(table)


def limits(settings: Settings) -> str:
    """Return what each meter whose window is open has counted. Raises StartError."""
    is_open = sa.or_(meters.c.ends_at.is_(None), meters.c.ends_at > time.time())
    query = sa.select(meters).where(is_open).order_by(meters.c.guild_id, meters.c.scope)
    table = Table("limit of", "for", "counts", "per", "used", "held", "granted")
    with _opened(settings) as connection:
        for row in connection.execute(query):
            whose = "the owner" if row.guild_id == 0 else str(row.guild_id)
            subject = f"{row.scope} {row.scope_id}".strip()
            amounts = (row.held + row.spent, row.held, row.granted)
            shown = (_amount(each, row.unit, settings.videos_currency) for each in amounts)
            table.add_row(whose, subject, row.unit, row.period, *shown)
    return _printed(table)


def check_ledger(settings: Settings) -> int:
    """Print what does not add up; return the exit code, 1 where something does not.

    Raises StartError.
    """
    with _opened(settings) as connection:
        found = faults(connection)
        number = connection.scalar(sa.select(sa.func.count()).select_from(ledger))
    sentence = f"The ledger adds up: {number} entries." if not found else "\n".join(found)
    print(sentence, file=sys.stderr if found else sys.stdout)
    return int(bool(found))


@contextmanager
def _opened(settings: Settings) -> Generator[sa.Connection]:
    path = Path(make_url(settings.database).database or "")
    if not path.exists():
        raise StartError(f"There is no database yet: the first start makes {path}.")
    try:
        with read_only(path) as connection:
            if revision_of(connection) != REVISIONS[-1]:
                raise StartError(
                    f"{path} is of another version of the bot: start this one once, or update it."
                )
            yield connection
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise StartError(f"{path} cannot be read ({type(error).__name__}).") from error


def _grouping(by: str, zone: ZoneInfo) -> Callable[[Create], str]:
    match by:
        case "person":
            return lambda each: str(each.requester_id)
        case "community":
            return lambda each: str(each.guild_id or "direct messages")
        case "channel":
            return lambda each: str(each.channel_id)
        case "model":
            return lambda each: each.model or ""
        case _:
            return lambda each: f"{datetime.fromtimestamp(each.at, zone):%Y-%m-%d}"


def _cells(total: Total) -> tuple[str, str, str, str]:
    money = f"{total.money / MILLIONTHS:.2f}"
    return str(total.videos), str(total.seconds), money, str(total.held)


def _amount(value: int, unit: str, currency: str) -> str:
    return f"{value / MILLIONTHS:.2f} {currency}" if unit == Unit.MONEY else str(value)


def _printed(table: Table) -> str:
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")
