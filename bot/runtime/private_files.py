"""Files of ours are for their owner alone: prompts, tokens and films lie in them."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy.engine import make_url

from bot.runtime.errors import StartError

UMASK: Final = 0o077
"""What a new file or folder keeps from everybody but its owner."""
OTHERS: Final = 0o077
"""The bits of a mode that let others in."""
_KINDS: Final = frozenset({stat.S_IFREG, stat.S_IFDIR})
_BESIDE_A_DATABASE: Final = ("", "-wal", "-shm", "-journal", ".lock")


def set_umask() -> None:
    """Have everything that this process and its children make be for its owner alone."""
    os.umask(UMASK)


def places(data_dir: Path, database_url: str) -> list[Path]:
    """Return the files and folders of ours, whether they are there or not."""
    database = make_url(database_url).database or ""
    return [
        *(Path(database + end) for end in _BESIDE_A_DATABASE),
        data_dir / "films",
        data_dir / "link.key",
        data_dir / "server",
    ]


def close_to_others(data_dir: Path, database_url: str) -> None:
    """Take from others what an earlier version, or a wider umask, left open to them. Blocking.

    Files of somebody else's, and those of a disk that knows no modes, stay as they are.
    Raises StartError where a place of ours is a symbolic link.
    """
    ours = places(data_dir, database_url)
    refuse_links(ours)
    if not _is_shared(data_dir):
        _close(data_dir)
    for path in _within(ours):
        _close(path)


def close_folder(folder: Path) -> None:
    """Take a folder of the embedded server's, and what is in it, from others. Blocking."""
    for path in _within([folder.resolve()]):
        _close(path)


def refuse_links(paths: Iterable[Path]) -> None:
    """Raise StartError for the first that is a symbolic link. Blocking."""
    for path in paths:
        if path.is_symlink():
            raise StartError(
                f"{path} is a symbolic link, and Rushes follows none for files of its own; "
                "put the file itself there, or set DATA_DIR to where it is."
            )


def is_open(path: Path) -> bool:
    """Whether others of this machine may do anything with a file. Blocking."""
    with suppress(OSError):
        return os.name == "posix" and bool(path.lstat().st_mode & OTHERS)
    return False


def _is_shared(folder: Path) -> bool:
    """Whether a folder is there for more than our files: where people work, or a common one."""
    whole = folder.resolve()
    places_of_people = (Path.cwd(), Path.home())
    if any(whole == place or whole in place.parents for place in places_of_people):
        return True
    with suppress(OSError):
        return bool(whole.stat().st_mode & stat.S_ISVTX)
    return True


def _within(paths: Iterable[Path]) -> Iterator[Path]:
    """Give each path that is there and all that lies below it; links are not followed."""
    for path in paths:
        if path.is_symlink():
            continue
        if path.is_dir():
            for folder, folders, files in os.walk(path):
                yield from (Path(folder, name) for name in (*folders, *files))
        yield path


def _close(path: Path) -> None:
    """Take a file or folder of ours from others, and nothing that a link leads to."""
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
