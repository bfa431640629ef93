"""Starts and ends every child process of the bot, in the sandbox of `bot.runtime.sandbox`."""

import asyncio
import logging
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Thread
from typing import IO, Final

from bot.runtime.launch import MEMORY, WORKING_FOLDER, Limits, command, environment
from bot.runtime.sandbox import REPORT

_log = logging.getLogger(__name__)

_THREADS: Final = ThreadPoolExecutor(8, thread_name_prefix="child")
"""Threads that start children and wait for them. A start takes up to 0.2 s on busy processors: too
long for the event loop, where asyncio starts its subprocesses. In asyncio's own threads, files and
the database would wait for encodes."""
MOST_OUTPUT: Final = 128 * 1024**2
"""Bytes of a child's standard output: the largest image of a film's frame has 50 MB."""
MOST_ERRORS: Final = 16 * 1024
"""Bytes kept of a child's standard error, the last ones."""
_PIECE: Final = 64 * 1024
_TRACEBACK: Final = "Traceback (most recent call last)"
_OUT_OF_TIME: Final = -int(getattr(signal, "SIGXCPU", 0))


class ChildFailed(Exception):
    """The child ended with an error; the message is its last line, empty where it wrote none."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (minus the signal), the end of its standard error."""

    code: int
    errors: str


async def run_script(
    script: Path | str,
    *arguments: str | Path,
    data: bytes = b"",
    within: float,
    leash: bool = False,
    memory: int = MEMORY,
    writes: Path | None = None,
    file_bytes: int = 0,
    pool: Executor = _THREADS,
) -> bytes:
    """Run `script` with `data` on its standard input; return its standard output.

    The child has the environment's PATH alone, no network and `memory` bytes. It may read each
    argument that is a `Path`, and write files of at most `file_bytes` to the folder `writes`.
    (`bot.runtime.sandbox` says what holds on which system.)

    Raises ChildFailed, TimeoutError `within` seconds after the start, and OSError where no process
    can be started. The process does not outlive the call, which waits for a thread of `pool`. With
    `leash` its standard input carries no data and ends when this process ends, even if it is
    killed, so that long work can end with it on every system.
    """
    limits = Limits(seconds=within, memory=memory, file_bytes=file_bytes, writes=writes)
    loop = asyncio.get_running_loop()
    output = bytearray()
    child: Child

    def on_output(piece: bytes) -> None:
        output.extend(piece)
        if len(output) > MOST_OUTPUT:
            child.kill()

    async with asyncio.timeout(None) as time:

        def started() -> None:
            loop.call_soon_threadsafe(_limit, time, loop.time() + within)

        child = Child(lambda: command(script, *arguments, limits=limits), started=started)
        ended = await run_child(child, data, on_output, leash=leash, pool=pool)
    if ended.code != 0:
        _fail(ended, script)
    return bytes(output)


def _limit(time: asyncio.Timeout, end: float) -> None:
    # The call may have been cancelled meanwhile.
    with suppress(RuntimeError):
        time.reschedule(end)


def _fail(ended: Ended, script: Path | str) -> None:
    """Raise the failure. Only a sentence of the script's own is for people to read."""
    if ended.code == _OUT_OF_TIME:
        raise TimeoutError
    lines = ended.errors.splitlines()
    if ended.code == 1 and lines and _TRACEBACK not in ended.errors:
        raise ChildFailed(lines[-1])
    _log.warning("%s ended with %s: %s", script, ended.code, ended.errors)
    raise ChildFailed("")


async def run_child(
    child: "Child",
    data: bytes,
    on_output: Callable[[bytes], None],
    *,
    leash: bool = False,
    grace: float = 0.0,
    pool: Executor = _THREADS,
) -> Ended:
    """Run `child` in a thread of `pool` until it ends; `on_output` is called in that thread.

    Raises OSError where it cannot be started. When this returns or is cancelled, no process runs: a
    cancelled child is asked to end, and killed after `grace` seconds.
    """
    run = partial(child.run, data, on_output, leash=leash)
    running = asyncio.get_running_loop().run_in_executor(pool, run)
    try:
        return await asyncio.shield(running)
    finally:
        if not running.done():
            await _end(child, running, grace)


async def _end(child: "Child", running: asyncio.Future[Ended], grace: float) -> None:
    """End a child that nobody waits for; return when no process runs any more."""
    if not child.has_begun:
        # Its thread may be busy with others for long, and then starts no process.
        child.kill()
        running.cancel()
        return
    over = asyncio.gather(running, return_exceptions=True)
    try:
        if grace:
            child.terminate()
            await asyncio.wait([over], timeout=grace)
    finally:
        child.kill()
    await over


class Child:
    """A process that one thread starts and waits for, and another may end."""

    def __init__(
        self, command: Callable[[], Sequence[str]], *, started: Callable[[], None] | None = None
    ) -> None:
        """`started` is called in the thread of `run`, once the process runs."""
        self._command = command
        self._started = started
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False
        self.has_begun = False
        """Whether `run` has been called."""

    def run(self, data: bytes, on_output: Callable[[bytes], None], *, leash: bool) -> Ended:
        """Start the process and wait for its end; `on_output` gets its output. Blocking.

        Raises OSError where it cannot be started.
        """
        self.has_begun = True
        if self._unwanted:
            return Ended(-signal.SIGTERM, "")
        with subprocess.Popen(  # noqa: S603 - a script of ours, without a shell
            self._command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(),
            cwd=WORKING_FOLDER,
            # Ctrl-C in a terminal is for the bot, which ends its children itself.
            start_new_session=True,
        ) as process:
            self._process = process
            # `kill` sets `_unwanted` before it reads `_process`; we do the reverse, so one side
            # always sees the other.
            if self._unwanted:
                process.kill()
            try:
                if self._started is not None:
                    self._started()
                errors = _communicate(process, data, on_output, leash=leash)
            finally:
                process.kill()
        return Ended(process.returncode, errors.decode("utf-8", "replace").strip())

    def terminate(self) -> None:
        """Ask the process to end, if it runs; else it is never started."""
        self._unwanted = True
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """Kill the process, if it runs; else it is never started."""
        self._unwanted = True
        if self._process is not None:
            self._process.kill()


def _communicate(
    process: subprocess.Popen[bytes],
    data: bytes,
    on_output: Callable[[bytes], None],
    *,
    leash: bool,
) -> bytes:
    """Write `data` and read both outputs until the process ends.

    Returns the end of its standard error.
    """
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("a child was started without pipes")
    errors = bytearray()
    threads = [Thread(target=_read_errors, args=(process.stderr, errors), daemon=True)]
    if not leash:
        threads.append(Thread(target=_write_input, args=(process.stdin, data), daemon=True))
    for thread in threads:
        thread.start()
    while piece := os.read(process.stdout.fileno(), _PIECE):
        on_output(piece)
    for thread in threads:
        thread.join()
    process.wait()
    return bytes(errors)


def _write_input(stdin: IO[bytes], data: bytes) -> None:
    # A child that died before it read all says why on its standard error.
    with suppress(OSError), stdin:
        stdin.write(data)


def _read_errors(stderr: IO[bytes], kept: bytearray) -> None:
    while piece := os.read(stderr.fileno(), _PIECE):
        kept += piece
        del kept[:-MOST_ERRORS]


async def sandbox_abilities() -> frozenset[str]:
    """Try in a child what the sandbox takes from it on this system; return `sandbox`'s words.

    Raises OSError and TimeoutError where no child can be started.
    """
    try:
        held = await run_script(REPORT, within=10.0)
    except ChildFailed:
        return frozenset()
    return frozenset(held.decode().split())
