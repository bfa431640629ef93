"""Communities: reads and changes the settings of communities, and records who did."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from pydantic import ValidationError

from bot.jobs.database import StoreError
from bot.jobs.guild_settings import AuditEntry, GuildSettings
from bot.requests.community import Community

_log = logging.getLogger(__name__)

OPEN: Final = Community()
"""The settings of a community that has set nothing, and of direct messages."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """Who changed what: the fields of the settings as they were and as they are."""

    entry: AuditEntry
    after: Community


@dataclass(eq=False, repr=False, kw_only=True)
class Communities:
    """Settings are remembered until they change: each request needs them.

    Every method raises StoreError where the database fails.
    """

    settings: GuildSettings
    clock: Callable[[], float] = time.time
    _known: dict[int, Community] = field(default_factory=dict[int, Community])

    async def of(self, guild_id: int | None) -> Community:
        """Return the settings of a community."""
        if guild_id is None:
            return OPEN
        known = self._known.get(guild_id)
        if known is None:
            stored = settings_in(await self.settings.read(guild_id))
            # What was changed during the reading is newer.
            known = self._known.setdefault(guild_id, stored)
        return known

    def forget(self) -> None:
        """Read all settings anew: some were removed."""
        self._known.clear()

    async def change(
        self, guild_id: int, actor_id: int, changes: Callable[[Community], Community]
    ) -> Change:
        """Apply changes to the newest settings. Raises ValidationError where they are not valid."""
        made: list[Change] = []

        def apply(stored: str | None) -> tuple[str, AuditEntry]:
            before = OPEN if stored is None else _readable(stored)
            after = Community.model_validate(changes(before).model_dump())
            made.append(Change(entry=self._entry(guild_id, actor_id, before, after), after=after))
            return after.model_dump_json(exclude_defaults=True), made[-1].entry

        await self.settings.change(guild_id, apply)
        self._known[guild_id] = made[-1].after
        return made[-1]

    async def record(
        self,
        guild_id: int,
        actor_id: int,
        action: str,
        *,
        before: str | None = None,
        after: str | None = None,
    ) -> AuditEntry:
        """Record what somebody did that is no change of the settings."""
        entry = AuditEntry(
            guild_id=guild_id,
            actor_id=actor_id,
            action=action,
            before=before,
            after=after,
            at=self.clock(),
        )
        await self.settings.record(entry)
        return entry

    async def note(self, guild_id: int, actor_id: int, action: str, after: str) -> None:
        """Record what was done already: where that fails, the log has it."""
        try:
            await self.record(guild_id, actor_id, action, after=after)
        except StoreError as error:
            _log.error("the audit misses that %d did %r: %s", actor_id, action, error)

    def _entry(
        self, guild_id: int, actor_id: int, before: Community, after: Community
    ) -> AuditEntry:
        changed = [name for name in Community.model_fields if _of(before, name) != _of(after, name)]
        return AuditEntry(
            guild_id=guild_id,
            actor_id=actor_id,
            action="set " + ", ".join(changed),
            before=before.model_dump_json(include=set(changed)),
            after=after.model_dump_json(include=set(changed)),
            at=self.clock(),
        )


def _of(community: Community, name: str) -> object:
    fields: Mapping[str, object] = vars(community)
    return fields[name]


class UnreadableSettings(StoreError):
    """The settings are not overwritten where they cannot be read: they would be lost."""


def _readable(stored: str) -> Community:
    try:
        return Community.model_validate_json(stored)
    except ValidationError as error:
        raise UnreadableSettings("the settings of a community cannot be read") from error


def settings_in(stored: str | None) -> Community:
    """Read what is stored; nothing is admitted by settings that cannot be read."""
    try:
        return OPEN if stored is None else _readable(stored)
    except UnreadableSettings:
        _log.exception("the settings of a community cannot be read, so it is paused")
        return Community(paused="")
