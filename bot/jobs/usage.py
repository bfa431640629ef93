"""What was made and what it cost, read from the ledger."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from bot.jobs.database import Database
from bot.jobs.meters import MILLIONTHS, Entry
from bot.jobs.tables import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """One create of the ledger; `money` is in millionths, None where no price is known."""

    at: float
    guild_id: int
    channel_id: int
    requester_id: int
    model: str | None
    videos: int
    seconds: int
    money: int | None
    held: bool
    """Whether it has not ended: `videos`, `seconds` and `money` are what may be charged."""


@dataclass(frozen=True, slots=True)
class Total:
    """What several creates add up to; money in millionths."""

    videos: int = 0
    seconds: int = 0
    money: int = 0
    held: int = 0
    """Creates that have not ended."""

    def plus(self, create: Create) -> "Total":
        """Return the total with one more; what has not ended counts as held alone."""
        if create.held:
            return Total(self.videos, self.seconds, self.money, self.held + 1)
        return Total(
            self.videos + create.videos,
            self.seconds + create.seconds,
            self.money + (create.money or 0),
            self.held,
        )


COLUMNS: Final = (
    "at", "guild_id", "channel_id", "requester_id", "model", "videos", "seconds", "money", "held",
)  # fmt: skip


def creates_between(
    connection: sa.Connection, since: float, until: float, guild_id: int | None = None
) -> list[Create]:
    """Return the creates that were admitted in a time, oldest first; None for every community."""
    end = ledger.alias("end")
    is_open = end.c.id.is_(None)
    amounts = (
        sa.case((is_open, ledger.c[unit]), else_=end.c[unit])
        for unit in ("videos", "seconds", "money")
    )
    query = (
        sa.select(
            ledger.c.at, ledger.c.guild_id, ledger.c.channel_id, ledger.c.requester_id,
            ledger.c.model, *amounts, is_open,
        )
        .select_from(ledger.outerjoin(end, end.c.hold_id == ledger.c.id))
        .where(ledger.c.kind == Entry.HOLD, ledger.c.at >= since, ledger.c.at < until)
        .order_by(ledger.c.at, ledger.c.id)
    )  # fmt: skip
    if guild_id is not None:
        query = query.where(ledger.c.guild_id == guild_id)
    return [
        Create(**dict(zip(COLUMNS, row, strict=True))) for row in connection.execute(query).all()
    ]


def totals(creates: Iterable[Create], group: Callable[[Create], str]) -> list[tuple[str, Total]]:
    """Return what each group adds up to, the one that made most first."""
    found: dict[str, Total] = {}
    for each in creates:
        name = group(each)
        found[name] = found.get(name, Total()).plus(each)
    return sorted(found.items(), key=lambda each: (-each[1].videos, -each[1].money, each[0]))


def as_csv(creates: Sequence[Create]) -> str:
    """Return one line for each create; money is in the currency, times are Unix seconds."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for each in creates:
        money = "" if each.money is None else f"{each.money / MILLIONTHS:.6f}"
        writer.writerow(
            [
                f"{each.at:.3f}", each.guild_id, each.channel_id, each.requester_id,
                _text(each.model or ""), each.videos, each.seconds, money, int(each.held),
            ]
        )  # fmt: skip
    return out.getvalue()


def _text(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula. Source: OWASP, "CSV Injection"."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


class UsageReports:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def creates(self, since: float, until: float, guild_id: int) -> list[Create]:
        """Return the creates of a community that were admitted in a time, oldest first."""
        return await self._database.read(
            lambda reader: creates_between(reader, since, until, guild_id)
        )
