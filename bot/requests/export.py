"""Export: one file with everything that the bot has about a person."""

import io
import json
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from bot.jobs.film_store import FilmStore
from bot.jobs.personal_data import Files, Rows
from bot.jobs.store import JobStore
from bot.requests.communities import settings_in
from bot.requests.community import Subject

DATA: Final = "data.json"
OF_A_FILE: Final = 400
"""Bytes that a file's entries in the archive and in the list of what is left out may take."""
ABOUT: Final = (
    "Everything that this bot has about you, table by table; docs/privacy.md explains each column. "
    "Times are Unix seconds, money is in millionths. Keys of Discord's and addresses of video "
    "servers are left out. `left_out` names files that were too large for Discord."
)


@dataclass(frozen=True, kw_only=True)
class Export:
    """A file to be sent; `file` is at its beginning, `size` is in bytes."""

    name: str
    file: io.BufferedIOBase
    size: int


@dataclass(eq=False, repr=False, kw_only=True)
class Exporter:
    """Raises StoreError and OSError."""

    store: JobStore
    films: FilmStore

    async def export(self, person: int, limit: int) -> Export:
        """Write a file of at most `limit` bytes, whose films and images may be left out."""

        def write(rows: Rows, files: Files) -> Export:
            rows["guild_settings"] = list(_naming(person, rows["guild_settings"]))
            films = [self.films.open(row["film"]) for row in rows["renders"] if row["film"]]
            return _written(rows, files, films, limit)

        return await self.store.personal.read(person, write)


def _naming(person: int, settings: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """Yield what of each community's settings names a person."""
    for row in settings:
        community = settings_in(row["settings"])
        limits = [
            limit.model_dump(mode="json")
            for limit in community.limits
            if limit.subject is Subject.PERSON and limit.id == person
        ]
        blocked, allowed = person in community.blocked, person in community.people
        if limits or blocked or allowed:
            named = {"blocked": blocked, "allowed": allowed, "limits": limits}
            yield {"guild_id": row["guild_id"]} | named


@dataclass(eq=False)
class _Archive:
    """A zip file that keeps within a limit of bytes."""

    archive: zipfile.ZipFile
    room: int
    left_out: list[str] = field(default_factory=list[str])
    any: bool = False

    def add(self, name: str, data: bytes) -> None:
        if self._takes(name, len(data)):
            self.archive.writestr(name, data)

    def add_file(self, name: str, path: Path) -> None:
        if path.exists() and self._takes(name, path.stat().st_size):
            self.archive.write(path, name)

    def _takes(self, name: str, size: int) -> bool:
        self.room -= OF_A_FILE
        fits = size <= self.room
        if fits:
            self.room -= size
            self.any = True
        else:
            self.left_out.append(name)
        return fits


def _written(rows: Rows, files: Files, films: Iterable[Path], limit: int) -> Export:
    """Write the rows, and then as many files as there is room for: small ones first."""
    made = tempfile.TemporaryFile()  # noqa: SIM115 - closed by who sends it
    file = cast("io.BufferedIOBase", made)
    with zipfile.ZipFile(file, "w") as zipped:
        archive = _Archive(zipped, limit - len(_json(rows, [])))
        for name, data in files:
            archive.add(name, data)
        for path in films:
            archive.add_file(f"videos/{path.name}", path)
        data = _json(rows, archive.left_out)
        zipped.writestr(DATA, data, zipfile.ZIP_DEFLATED)
    is_zip = archive.any or len(data) > limit
    if not is_zip:
        file.seek(0)
        file.truncate()
        file.write(data)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return Export(name="rushes.zip" if is_zip else "rushes.json", file=file, size=size)


def _json(rows: Rows, left_out: list[str]) -> bytes:
    whole = {"about": ABOUT, "left_out": left_out} | rows
    return json.dumps(whole, ensure_ascii=False, indent=1).encode()
