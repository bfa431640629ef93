"""FilmStore: where rendered films and their transcoded copies are kept. On disk, in one folder."""

import asyncio
import math
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

LISTED_TOGETHER: Final = 200
"""Names that are held in memory at the same time, however many files there are."""


class FilmStore:
    """Films by name: a job's id and an ending. Every method may raise OSError."""

    def __init__(self, folder: Path) -> None:
        """`folder` exists and can be written to."""
        self._folder = folder

    def workspace(self, name: str) -> Path:
        """Return the path where a film is written before `put`."""
        return self._folder / name

    async def put(self, path: Path, name: str) -> None:
        """Keep the finished file at `path`, which lies in the workspace, as `name`."""
        await asyncio.to_thread(path.replace, self._folder / name)

    def open(self, name: str) -> Path:
        """Return a path that a program of this machine reads the film from."""
        return self._folder / name

    async def size(self, name: str) -> int:
        """Return the bytes of a film, 0 where there is none."""
        return await asyncio.to_thread(_size, self._folder / name)

    async def sizes(self, names: Iterable[str]) -> list[int]:
        """Return the bytes of each film, 0 where there is none."""
        paths = [self._folder / name for name in names]
        return await asyncio.to_thread(lambda: [_size(path) for path in paths])

    async def usage(self) -> int:
        """Return the bytes of all files together."""
        return await asyncio.to_thread(self._usage)

    async def remove(self, names: Iterable[str]) -> None:
        """Remove these films, as far as they exist."""
        paths = [self._folder / name for name in names]
        await asyncio.to_thread(lambda: [path.unlink(missing_ok=True) for path in paths])

    async def unmodified_since(self, time: float) -> AsyncIterator[list[str]]:
        """Yield the names of the files that were last written before `time`, some at a time.

        `time` is in Unix seconds of the file system's clock.
        """
        names = self._unmodified_since(time)
        while batch := await asyncio.to_thread(lambda: list(islice(names, LISTED_TOGETHER))):
            yield batch

    def _usage(self) -> int:
        with os.scandir(self._folder) as entries:
            return sum(map(_size, entries))

    def _unmodified_since(self, time: float) -> Iterator[str]:
        with os.scandir(self._folder) as entries:
            yield from (entry.name for entry in entries if _modified_at(entry) < time)


def _size(file: Path | os.DirEntry[str]) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _modified_at(entry: os.DirEntry[str]) -> float:
    try:
        return entry.stat().st_mtime
    except FileNotFoundError:
        return math.inf
