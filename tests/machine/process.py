"""The bot as a process that can end between any two steps, in the test's own process.

Whatever it had only in memory is gone then, and its connections are; the next one begins with the
files as they were at that moment.
"""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextvars import copy_context
from pathlib import Path
from typing import Any, Final

from bot.app import open_bot
from bot.client import VideoBot
from bot.jobs.poller import TICK
from bot.runtime.timing import Timing
from bot.settings import Settings
from tests.machine.leaping import INSIDE, Inside, LeapingLoop

SLOW_TICK: Final = 5.0
"""Seconds between two looks of the poller into the database: fewer looks, the same rules."""
GIVES_IN: Final = 1.0
"""Seconds in which the connection to Discord gives in; as bot.__main__ has it."""
LAST_TURNS: Final = 30
STOPS_WITHIN: Final = 60.0


def stretched(seconds: float) -> Awaitable[None]:
    return asyncio.sleep(SLOW_TICK if seconds == TICK else seconds)


class Process:
    """`clock_error` are the seconds by which this machine's clock is ahead at the start."""

    def __init__(
        self, loop: LeapingLoop, folder: Path, settings: Callable[[Path], Settings], token: str
    ) -> None:
        self.folder = folder
        self._loop = loop
        self._settings = settings
        self._token = token
        self._inside = Inside()
        self._main: asyncio.Task[None] | None = None
        self._told_to_stop = asyncio.Event()
        self.bot: VideoBot | None = None
        self.left: list[str] = []
        """The names of the tasks that still ran when it had stopped."""

    @property
    def runs(self) -> bool:
        return self._main is not None and not self._main.done()

    def start(self, clock_error: float) -> None:
        self._main = self._begin(self._run(lambda: time.time() + clock_error))

    def _begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        context = copy_context()
        context.run(INSIDE.set, self._inside)
        return self._loop.create_task(work, context=context)

    async def _run(self, clock: Callable[[], float]) -> None:
        """Be the bot until told to stop, as bot.__main__.run is."""
        timing = Timing(clock=clock, sleep=stretched)
        async with open_bot(self._settings(self.folder), timing, thumbnails=None) as self.bot:
            # Heartbeats come from a thread in real time: here silence is no sign of a lost line.
            self.bot._connection.heartbeat_timeout = 1e9  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            work = asyncio.create_task(self.bot.start(self._token))
            asked = asyncio.create_task(self._told_to_stop.wait())
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
            work.cancel()
            await asyncio.wait({work}, timeout=GIVES_IN)
            asked.cancel()
            if work.done() and not work.cancelled():
                work.result()

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        main = self._main
        assert main is not None
        self._told_to_stop.set()
        self._loop.run_until_complete(asyncio.wait({main}, timeout=STOPS_WITHIN))
        assert main.done(), "it does not stop"
        main.result()
        self.left = [task.get_name() for task in self._inside.tasks]
        self.end()

    def kill(self, leave: Path) -> None:
        """End it between two steps; what is on its disk at that moment goes to `leave`."""
        shutil.copytree(self.folder, leave, ignore=shutil.ignore_patterns("*-shm"))
        self.end()

    def end(self) -> None:
        """Let nothing of it go on.

        None of what its tasks still do reaches anybody: they have no connection.
        """
        self._inside.cut()
        while self._inside.tasks:
            for task in tuple(self._inside.tasks):
                task.cancel()
            self._loop.go_on(LAST_TURNS)

    @property
    def failure(self) -> BaseException | None:
        """What it ended of by itself."""
        assert self._main is not None
        return self._main.exception() if self._main.done() else None
