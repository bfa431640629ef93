"""Keeps our files, which hold prompts, tokens and films, for their owner alone."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from bot.runtime.errors import StartError

UMASK: Final = 0o077
"""The rights that a new file or folder denies everybody but its owner."""
OTHERS: Final = 0o077
"""The bits of a mode that let others in."""
_KINDS: Final = frozenset({stat.S_IFREG, stat.S_IFDIR})
_BESIDE_A_DATABASE: Final = ("", "-wal", "-shm", "-journal", ".lock")


def set_umask() -> None:
    """Make all new files of this process and its children for their owner alone."""
    os.umask(UMASK)


def places(data_dir: Path, database_url: str) -> list[Path]:
    """Return our files and folders, whether they exist or not."""
    database = make_url(database_url).database or ""
    return [
        *(Path(database + end) for end in _BESIDE_A_DATABASE),
        data_dir / "films",
        data_dir / "link.key",
        data_dir / "server",
    ]


def close_to_others(data_dir: Path, database_url: str) -> None:
    """Close our files to others where an earlier version or a wider umask left them open.

    Files of other owners, and on disks without modes, stay as they are. Blocking. Raises StartError
    where one of our paths is a symbolic link.
    """
    ours = places(data_dir, database_url)
    refuse_links(ours)
    if not _is_shared(data_dir):
        _close(data_dir)
    for path in _within(ours):
        _close(path)


def close_folder(folder: Path) -> None:
    """Close a folder of the embedded server, and all that is in it, to others. Blocking."""
    for path in _within([folder.resolve()]):
        _close(path)


def refuse_links(paths: Iterable[Path]) -> None:
    """Raise StartError for the first path that is a symbolic link. Blocking."""
    for path in paths:
        if path.is_symlink():
            raise StartError(
                f"{path} is a symbolic link, and Rushes follows none for files of its own; "
                "put the file itself there, or set DATA_DIR to where it is."
            )


def is_open(path: Path) -> bool:
    """Whether other users of this machine have any right to a file. Blocking."""
    with suppress(OSError):
        return os.name == "posix" and bool(path.lstat().st_mode & OTHERS)
    return False


def _is_shared(folder: Path) -> bool:
    """Whether a folder holds more than our files: where people work, or a common one."""
    whole = folder.resolve()
    places_of_people = (Path.cwd(), Path.home())
    if any(whole == place or whole in place.parents for place in places_of_people):
        return True
    with suppress(OSError):
        return bool(whole.stat().st_mode & stat.S_ISVTX)
    return True


def _within(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield each existing path and all paths below it; links are not followed."""
    for path in paths:
        if path.is_symlink():
            continue
        if path.is_dir():
            for folder, folders, files in os.walk(path):
                yield from (Path(folder, name) for name in (*folders, *files))
        yield path


def _close(path: Path) -> None:
    """Close a file or folder of ours to others, and nothing that a link leads to."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    with suppress(OSError):
        if not is_open(path):
            return
        descriptor = os.open(path, flags)
        try:
            facts = os.fstat(descriptor)
            if facts.st_uid == os.geteuid() and stat.S_IFMT(facts.st_mode) in _KINDS:
                os.fchmod(descriptor, stat.S_IMODE(facts.st_mode) & ~OTHERS)
        finally:
            os.close(descriptor)
