"""A script of ours in a process of its own: what it says, and an end to it in any case."""

import asyncio
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Final

_THREADS: Final = ThreadPoolExecutor(8, thread_name_prefix="child")
"""Where children are started and waited for. A start takes until the child's own program begins,
up to 0.2 s on busy processors, and asyncio's subprocesses start on the event loop. Not asyncio's
threads either: files and the database would wait there for encodes."""


class ChildFailed(Exception):
    """It ended with an error; the message is its last line, empty where it said nothing."""


async def run_script(
    script: Path, *arguments: str, data: bytes = b"", within: float, leash: bool = False
) -> bytes:
    """Run `script` with `data` on its standard input; return what it writes.

    Raises ChildFailed, TimeoutError after `within` seconds, and OSError where no process can be
    started. The process does not outlive the call. With `leash` its standard input gets no data,
    and ends when this process does, even if that is killed: a long work can end with it.
    """
    child = _Child([sys.executable, str(script), *arguments])
    work = partial(child.run, data, within=within, leash=leash)
    running = asyncio.get_running_loop().run_in_executor(_THREADS, work)
    try:
        return await asyncio.shield(running)
    finally:
        child.end()
        await asyncio.gather(running, return_exceptions=True)


class _Child:
    """A process that one thread starts and waits for, and another may end."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False

    def run(self, data: bytes, *, within: float, leash: bool) -> bytes:
        """Be the whole life of the process; returns and raises as `run_script` does. Blocking."""
        if self._unwanted:
            raise ChildFailed("")
        with subprocess.Popen(  # noqa: S603 - a script of ours, without a shell
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            self._process = process
            # Whoever ends it sets the one and reads the other, in the other order.
            if self._unwanted:
                process.kill()
            out, sentence = _heard(process, data, within=within, leash=leash)
        if process.returncode != 0:
            lines = sentence.decode("utf-8", "replace").strip().splitlines()
            raise ChildFailed(lines[-1] if lines else "")
        return out

    def end(self) -> None:
        """Kill the process, if it runs, and start none later."""
        self._unwanted = True
        if self._process is not None:
            self._process.kill()


def _heard(
    process: subprocess.Popen[bytes], data: bytes, *, within: float, leash: bool
) -> tuple[bytes, bytes]:
    """Return what it writes to its standard output and error. Nothing of it runs afterwards."""
    held = process.stdin if leash else None
    if leash:
        process.stdin = None  # `communicate` would close it
    try:
        with held or nullcontext():
            return process.communicate(data, within)
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    finally:
        process.kill()
