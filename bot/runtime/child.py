"""Starts every child process of the bot, in the sandbox of `bot.runtime.sandbox`, and ends it."""

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

from bot.runtime.launch import MEMORY, NEUTRAL, Limits, command, environment
from bot.runtime.sandbox import REPORT

_log = logging.getLogger(__name__)

_THREADS: Final = ThreadPoolExecutor(8, thread_name_prefix="child")
"""Where children are started and waited for. A start takes until the child's own program begins,
up to 0.2 s on busy processors, and asyncio's subprocesses start on the event loop. Not asyncio's
threads either: files and the database would wait there for encodes."""
MOST_SAID: Final = 128 * 1024**2
"""Bytes taken of a child's standard output: the largest picture of a film's frame has 50 MB."""
MOST_COMPLAINED: Final = 16 * 1024
"""Bytes kept of a child's standard error, the last."""
_PIECE: Final = 64 * 1024
_TRACEBACK: Final = "Traceback (most recent call last)"
_OUT_OF_TIME: Final = -int(getattr(signal, "SIGXCPU", 0))


class ChildFailed(Exception):
    """It ended with an error; the message is its last line, empty where it said nothing."""


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (minus the signal), and the last of its errors."""

    code: int
    complaint: str


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
    """Run `script` with `data` on its standard input; return what it writes.

    It gets the environment's PATH alone, no network, `memory` bytes, and the files that it needs:
    each argument that is a `Path` may be read, and `writes` is the folder it may write to, files of
    at most `file_bytes`. (`bot.runtime.sandbox` says what holds on which system.)

    Raises ChildFailed, TimeoutError `within` seconds after its start, and OSError where no process
    can be started. The process does not outlive the call, which waits for a thread of `pool`. With
    `leash` its standard input gets no data, and ends when this process does, even if that is
    killed: a long work can end with it where the system does not end it by itself.
    """
    limits = Limits(seconds=within, memory=memory, file_bytes=file_bytes, writes=writes)
    loop = asyncio.get_running_loop()
    said = bytearray()
    child: Child

    def on_output(piece: bytes) -> None:
        said.extend(piece)
        if len(said) > MOST_SAID:
            child.kill()

    async with asyncio.timeout(None) as time:

        def started() -> None:
            loop.call_soon_threadsafe(_begin, time, loop.time() + within)

        child = Child(lambda: command(script, *arguments, limits=limits), started=started)
        ended = await run_child(child, data, on_output, leash=leash, pool=pool)
    if ended.code != 0:
        _fail(ended, script)
    return bytes(said)


def _begin(time: asyncio.Timeout, end: float) -> None:
    # The call may have been cancelled meanwhile.
    with suppress(RuntimeError):
        time.reschedule(end)


def _fail(ended: Ended, script: Path | str) -> None:
    """Raise what the end means. Only a sentence of the script's own is for people."""
    if ended.code == _OUT_OF_TIME:
        raise TimeoutError
    lines = ended.complaint.splitlines()
    if ended.code == 1 and lines and _TRACEBACK not in ended.complaint:
        raise ChildFailed(lines[-1])
    _log.warning("%s ended with %s: %s", script, ended.code, ended.complaint)
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

    Raises OSError where it cannot be started. Nothing of it runs when this returns, also by being
    cancelled: then it is asked to end and has `grace` seconds before it is killed.
    """
    run = partial(child.run, data, on_output, leash=leash)
    running = asyncio.get_running_loop().run_in_executor(pool, run)
    try:
        return await asyncio.shield(running)
    finally:
        if not running.done():
            await _ended(child, running, grace)


async def _ended(child: "Child", running: asyncio.Future[Ended], grace: float) -> None:
    """End a child that nobody waits for; return once nothing of it runs."""
    if not child.has_begun:
        # Nothing starts any more when its thread comes, which others may hold for long.
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
        """`started` is called in the thread of `run`, as soon as the process is there."""
        self._command = command
        self._started = started
        self._process: subprocess.Popen[bytes] | None = None
        self._unwanted = False
        self.has_begun = False
        """Whether a thread has taken it up."""

    def run(self, data: bytes, on_output: Callable[[bytes], None], *, leash: bool) -> Ended:
        """Start the process and wait for its end; `on_output` gets what it writes. Blocking.

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
            cwd=NEUTRAL,
            # Ctrl-C in a terminal is meant for us, who end our children ourselves.
            start_new_session=True,
        ) as process:
            self._process = process
            # `kill` sets `_unwanted` before it reads `_process`; this does the reverse.
            if self._unwanted:
                process.kill()
            try:
                if self._started is not None:
                    self._started()
                complaint = _communicate(process, data, on_output, leash=leash)
            finally:
                process.kill()
        return Ended(process.returncode, complaint.decode("utf-8", "replace").strip())

    def terminate(self) -> None:
        """Ask the process to end, if it runs, and start none later."""
        self._unwanted = True
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End the process, if it runs, and start none later."""
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
    """Hand over `data` and all output until both outputs end and the process does.

    Returns the last of its standard error.
    """
    if process.stdin is None or process.stdout is None or process.stderr is None:
        raise RuntimeError("a child was started without pipes")
    complaint = bytearray()
    aside = [Thread(target=_read_errors, args=(process.stderr, complaint), daemon=True)]
    if not leash:
        aside.append(Thread(target=_write_input, args=(process.stdin, data), daemon=True))
    for thread in aside:
        thread.start()
    while piece := os.read(process.stdout.fileno(), _PIECE):
        on_output(piece)
    for thread in aside:
        thread.join()
    process.wait()
    return bytes(complaint)


def _write_input(stdin: IO[bytes], data: bytes) -> None:
    # One that died before it read all says why on its standard error.
    with suppress(OSError), stdin:
        stdin.write(data)


def _read_errors(stderr: IO[bytes], kept: bytearray) -> None:
    while piece := os.read(stderr.fileno(), _PIECE):
        kept += piece
        del kept[:-MOST_COMPLAINED]


async def sandbox_abilities() -> frozenset[str]:
    """Return what a child of ours gives up on this system, tried in one: words of `sandbox`.

    Raises OSError and TimeoutError where no child can be started.
    """
    try:
        said = await run_script(REPORT, within=10.0)
    except ChildFailed:
        return frozenset()
    return frozenset(said.decode().split())
