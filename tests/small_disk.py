"""A disk that a test can fill: a small tmpfs in a mount namespace of its own. Linux only."""

import os
import signal
import subprocess
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

_MOUNT = 'mount -t tmpfs -o size="$1" disk "$2" && echo mounted && exec sleep infinity'


class SmallDisk:
    """Only programs that are started by `entry` see it at `folder`; from outside it is `seen`."""

    def __init__(self, folder: Path, holder: int) -> None:
        self.folder = folder
        self.seen = Path(f"/proc/{holder}/root{folder}")
        self.entry = (
            "nsenter", "--user", "--mount", "--preserve-credentials",
            f"--target={holder}", f"--wd={Path.cwd()}", "--",
        )  # fmt: skip
        self._ballast = self.seen / "ballast"

    def fill(self, *, but: int = 0) -> None:
        """Leave `but` bytes of room."""
        with self._ballast.open("wb", buffering=0) as ballast:
            with suppress(OSError):
                while ballast.write(bytes(4096)):
                    pass
            ballast.truncate(ballast.tell() - but)

    def make_room(self) -> None:
        self._ballast.unlink()


@contextmanager
def small_disk(folder: Path, size: int) -> Generator[SmallDisk]:
    """Mount `size` bytes over an empty folder; skips the test where nobody may do that."""
    command = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", _MOUNT]
    try:
        holder = subprocess.Popen(
            [*command, "sh", str(size), str(folder)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    with holder:
        assert holder.stdout is not None
        assert holder.stderr is not None
        if holder.stdout.readline() != "mounted\n":
            pytest.skip(f"no disk can be mounted here: {holder.stderr.read().strip()}")
        try:
            yield SmallDisk(folder, holder.pid)
        finally:
            os.kill(holder.pid, signal.SIGKILL)
