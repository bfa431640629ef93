"""One rendering: the renderer's process, its orders on stdin, its percents on stdout."""

import asyncio
import json
import logging
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from bot.server.job import VideoJob
from bot.server.store import Attempt

logger = logging.getLogger(__name__)

RENDERER: Final = (sys.executable, "-m", "bot.server.renderer")

_HOME: Final = Path(__file__).resolve().parents[2]
"""The folder that holds the `bot` package: started there, `-m bot...` finds it."""

_SILENCE_LIMIT: Final = 300.0
"""Seconds without a word until a renderer counts as stuck; it prints one a second."""

_FAREWELL: Final = 1.0
"""Seconds a renderer gets to end by itself after SIGTERM."""

_COMPLAINT_LIMIT: Final = 16 * 1024
"""Bytes kept of what a renderer says on stderr."""

# What a process that was asked to end from outside says: by Python's count, and by the shell's.
_ASKED_TO_END: Final = frozenset({-signal.SIGTERM, 128 + signal.SIGTERM})


class RenderFailedError(Exception):
    """No film came out; the message is a sentence for the requester."""


class RenderInterruptedError(Exception):
    """Somebody else ended the renderer, as a service manager does when it stops everything."""


async def render(
    job: VideoJob,
    image: Path | None,
    attempt: Attempt,
    *,
    command: Sequence[str],
    report: Callable[[int], None],
) -> None:
    """Render a job into its attempt. `report` gets each new percent.

    Raises RenderFailedError or RenderInterruptedError. Cancelled, it ends the process first.
    """
    process = await _start(command)
    try:
        complaint, _ = await asyncio.gather(
            _read_complaint(process), _converse(process, _order(job, image, attempt), report)
        )
    finally:
        await _end(process)
    _judge(process.returncode, complaint)


async def _start(command: Sequence[str]) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            cwd=_HOME,
            # Ctrl-C in a terminal is meant for the server, which ends its renderers itself.
            start_new_session=True,
        )
    except OSError as error:
        logger.exception("no renderer", extra={"action": "renderer_not_started"})
        raise RenderFailedError("The renderer could not be started.") from error


def _order(job: VideoJob, image: Path | None, attempt: Attempt) -> bytes:
    width, _, height = job.size.partition("x")
    order = {
        "prompt": job.scene,
        "width": int(width),
        "height": int(height),
        "seconds": int(job.seconds),
        "image": str(image) if image else None,
    } | {name: str(path) for name, path in attempt.files._asdict().items()}
    return json.dumps(order).encode()


async def _converse(process: Process, order: bytes, report: Callable[[int], None]) -> None:
    """Hand over the order and pass on the percents until the process ends."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a renderer was started without pipes")
    # A renderer that died before it read its order says why on stderr.
    with suppress(ConnectionError):
        process.stdin.write(order)
        await process.stdin.drain()
    process.stdin.close()
    try:
        while line := await asyncio.wait_for(process.stdout.readline(), _SILENCE_LIMIT):
            if line.strip().isdigit():
                report(int(line))
        await asyncio.wait_for(process.wait(), _SILENCE_LIMIT)
    except TimeoutError:
        raise RenderFailedError(
            f"The renderer stood still for {_SILENCE_LIMIT:.0f} seconds and was stopped."
        ) from None


async def _read_complaint(process: Process) -> str:
    """Read stderr to its end, keeping the last of it."""
    if process.stderr is None:
        raise RuntimeError("a renderer was started without pipes")
    kept = b""
    while data := await process.stderr.read(_COMPLAINT_LIMIT):
        kept = (kept + data)[-_COMPLAINT_LIMIT:]
    return kept.decode(errors="replace").strip()


async def _end(process: Process) -> None:
    """End the process, politely first; nothing of it runs when this returns."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _FAREWELL)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _judge(code: int | None, complaint: str) -> None:
    """Turn an exit code and stderr into nothing, a failure or an interruption."""
    if code == 0:
        return
    if code in _ASKED_TO_END:
        raise RenderInterruptedError
    logger.warning(
        "a renderer ended with %s: %s", code, complaint, extra={"action": "renderer_failed"}
    )
    # Its own sentence is the last line; a traceback is for the log alone.
    lines = complaint.splitlines()
    if code == 1 and lines and "Traceback (most recent call last)" not in complaint:
        raise RenderFailedError(lines[-1])
    raise RenderFailedError(f"The renderer ended unexpectedly (exit code {code}).")
