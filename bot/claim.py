"""The folder and the database of one bot: made, closed to others, held by one process."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy.engine import make_url

from bot.runtime.errors import StartError
from bot.runtime.private_files import close_to_others
from bot.settings import Settings


def make_folder(folder: Path) -> Path:
    """Have a folder that can be written to. Blocking. Raises StartError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".writable"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StartError(
            f"The folder {folder} cannot be written to ({error.strerror}); "
            "set DATA_DIR to one that can."
        ) from error
    return folder


@contextmanager
def claimed(settings: Settings) -> Generator[None]:
    """Hold the database for this process alone: two bots would both poll, deliver and buy.

    The lock goes with the process, however it ends. Raises StartError where another holds it.
    """
    make_folder(settings.data_dir)
    close_to_others(settings.data_dir, settings.database)
    name = make_url(settings.database).database
    lock = FileLock(f"{name}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise StartError(
            f"Another bot is running on {name}; stop it, or give this one its own DATA_DIR."
        ) from None
    except OSError as error:
        raise StartError(
            f"{name} cannot be written to ({error.strerror}); set DATA_DIR to a folder that can."
        ) from error
    try:
        yield
    finally:
        lock.release()
