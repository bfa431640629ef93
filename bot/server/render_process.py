"""Runs the renderer's process: its request on stdin, its percents on stdout."""

import asyncio
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from bot.runtime.child import Child, Ended, run_child
from bot.runtime.launch import Limits
from bot.runtime.launch import command as sandboxed
from bot.server.job import VideoJob
from bot.server.renderer import FONT_FOLDERS, FilmFiles, RenderRequest

logger = logging.getLogger(__name__)

RENDERER: Final = (sys.executable, "-m", "bot.server.renderer")

_THREADS: Final = ThreadPoolExecutor(64, thread_name_prefix="renderer")
"""Where renderers are started and waited for: as many as a server may have workers."""

_MEMORY: Final = 1_000_000_000
"""Bytes of a renderer: a film of the largest size takes half."""

_LONGEST: Final = 3600.0
"""Seconds of its processors' time: the longest film takes a minute or two."""

_LARGEST_FILE: Final = 1024**3
"""Bytes of a film: the longest has some ten megabytes."""

_SILENCE_LIMIT: Final = 300.0
"""Seconds without output until a renderer counts as stuck; it prints a percent a second."""

_GRACE: Final = 1.0
"""Seconds a renderer gets to end by itself after SIGTERM."""

_LONGEST_LINE: Final = 16
"""Characters of a percent, with room; a longer line is none."""

# Exit codes of a process that got SIGTERM: as Python counts, and as shells do.
_ASKED_TO_END: Final = frozenset({-signal.SIGTERM, 128 + signal.SIGTERM})


class RenderFailedError(Exception):
    """The render made no film; the message is a sentence for the requester."""


class RenderInterruptedError(Exception):
    """Another process ended the renderer, as a service manager does when it stops everything."""


async def render(
    job: VideoJob,
    image: Path | None,
    folder: Path,
    *,
    command: Sequence[str],
    report: Callable[[int], None],
) -> None:
    """Render a job into a folder of its own. `report` is called with each new percent.

    Raises RenderFailedError or RenderInterruptedError. Cancelled, it ends the process first.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_SILENCE_LIMIT) as silence:
            percents = _Percents(report, silence)
            ended = await run_child(
                Child(lambda: _program(command, image, folder)),
                _order(job, image, folder),
                lambda piece: _pass_on(loop, percents, piece),
                grace=_GRACE,
                pool=_THREADS,
            )
    except TimeoutError:
        message = f"The renderer stood still for {_SILENCE_LIMIT:.0f} seconds and was stopped."
        raise RenderFailedError(message) from None
    except OSError as error:
        logger.exception("no renderer", extra={"action": "renderer_not_started"})
        raise RenderFailedError("The renderer could not be started.") from error
    _judge(ended)


def _program(command: Sequence[str], image: Path | None, folder: Path) -> Sequence[str]:
    """Return the command to run: our own renderer sandboxed, another program as it is."""
    if tuple(command) != RENDERER:
        return command
    limits = Limits(
        seconds=_LONGEST,
        memory=_MEMORY,
        file_bytes=_LARGEST_FILE,
        reads=FONT_FOLDERS if image is None else (*FONT_FOLDERS, image),
        writes=folder,
    )
    return sandboxed(RENDERER[-1], limits=limits)


def _order(job: VideoJob, image: Path | None, folder: Path) -> bytes:
    width, height = map(int, job.size.split("x"))
    request = RenderRequest(
        prompt=job.scene, width=width, height=height, seconds=int(job.seconds), image=image
    )
    order = asdict(request) | FilmFiles.within(folder)._asdict()
    return json.dumps(order, default=str).encode()


class _Percents:
    """Reads what a renderer prints, line by line; every piece restarts the silence limit."""

    def __init__(self, report: Callable[[int], None], silence: asyncio.Timeout) -> None:
        self._report = report
        self._silence = silence
        self._line = b""

    def feed(self, piece: bytes) -> None:
        """Report each whole line that is a percent. Call it in the event loop."""
        with suppress(RuntimeError):  # its time is over already
            self._silence.reschedule(asyncio.get_running_loop().time() + _SILENCE_LIMIT)
        *lines, rest = (self._line + piece).split(b"\n")
        self._line = rest[:_LONGEST_LINE]
        for line in lines:
            if len(line) < _LONGEST_LINE and line.strip().isdigit():
                self._report(int(line))


def _pass_on(loop: asyncio.AbstractEventLoop, percents: _Percents, piece: bytes) -> None:
    """Pass a piece to the event loop, from the thread that reads it."""
    with suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(percents.feed, piece)


def _judge(ended: Ended) -> None:
    """Raise what a renderer's exit code and stderr mean; nothing for code 0."""
    code, complaint = ended.code, ended.errors
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
