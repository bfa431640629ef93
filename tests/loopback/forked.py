"""A bot that the fork server has started, as asyncio's own processes are used."""

import asyncio
import atexit
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.processes import PATIENCE


class ForkedProcess:
    """One process: its id, its exit code once it has ended, and a way to wait for that."""

    def __init__(
        self, pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._writer = writer
        self._ending = asyncio.create_task(self._watch(reader), name=f"bot {pid}")

    async def wait(self) -> int:
        """Wait for the end; return the exit code."""
        return await asyncio.shield(self._ending)

    async def _watch(self, reader: asyncio.StreamReader) -> int:
        self.returncode = int(await reader.readline())
        self._writer.close()
        return self.returncode


async def fork(command: Sequence[str], environment: Mapping[str, str], log: Path) -> ForkedProcess:
    """Run `python -m` with this command; what it says is appended to `log`, which exists."""
    reader, writer = await asyncio.open_unix_connection(await asyncio.to_thread(_server))
    asked = {"command": list(command), "environment": dict(environment), "log": str(log)}
    writer.write(json.dumps(asked).encode() + b"\n")
    pid = int(await asyncio.wait_for(reader.readline(), PATIENCE))
    return ForkedProcess(pid, reader, writer)


@cache
def _server() -> str:
    """Start the fork server of this process; return the path of its socket. Blocking."""
    folder = tempfile.TemporaryDirectory(prefix="bots-")
    path = f"{folder.name}/socket"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.loopback.fork_server", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"

    def end() -> None:
        process.communicate(timeout=PATIENCE)
        folder.cleanup()

    atexit.register(end)
    return path
