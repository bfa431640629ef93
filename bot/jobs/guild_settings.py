"""GuildSettings: what each community has set, and who changed what in it."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from bot.jobs.database import Database
from bot.jobs.tables import audit, guild_settings


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One change, or one press of a button; `before` and `after` are JSON or plain words."""

    guild_id: int
    actor_id: int
    action: str
    before: str | None = None
    after: str | None = None
    at: float


class GuildSettings:
    """Every method raises StoreError where the database fails."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, guild_id: int) -> str | None:
        """Return the settings of a community as JSON; None where nothing was ever set."""
        found = await self._database.column(_settings_of(guild_id))
        return found[0] if found else None

    async def change(
        self, guild_id: int, apply: Callable[[str | None], tuple[str, AuditEntry]]
    ) -> None:
        """Replace settings by what `apply` makes of the newest ones, and record the change."""

        def work(connection: sa.Connection) -> None:
            row = connection.execute(_settings_of(guild_id)).first()
            after, entry = apply(None if row is None else row[0])
            table = guild_settings
            if row is None:
                values = {"guild_id": guild_id, "version": 1, "settings": after}
                connection.execute(sa.insert(table), values)
            else:
                connection.execute(
                    sa.update(table)
                    .where(table.c.guild_id == guild_id)
                    .values(settings=after, version=table.c.version + 1)
                )
            connection.execute(sa.insert(audit), _row(entry))

        await self._database.run(work)

    async def record(self, entry: AuditEntry) -> None:
        """Record what somebody did."""
        await self._database.write((sa.insert(audit), [_row(entry)]))

    async def entries(self, guild_id: int, limit: int) -> list[AuditEntry]:
        """Return the last changes of a community, newest first."""
        names = ("guild_id", "actor_id", "action", "before", "after", "at")
        query = (
            sa.select(*(audit.c[name] for name in names))
            .where(audit.c.guild_id == guild_id)
            .order_by(audit.c.id.desc())
            .limit(limit)
        )
        return await self._database.fetch(
            query, lambda row: AuditEntry(**dict(zip(names, row, strict=True)))
        )


def _settings_of(guild_id: int) -> sa.Select[str]:
    return sa.select(guild_settings.c.settings).where(guild_settings.c.guild_id == guild_id)


def _row(entry: AuditEntry) -> dict[str, object]:
    return dict(vars(entry))
