"""Work that nobody awaits: its tasks are held until they end, and its faults are logged."""

import asyncio
import logging
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from typing import TypeVar

_Result = TypeVar("_Result")

_log = logging.getLogger(__name__)


@contextmanager
def faults_logged(
    log: logging.Logger,
    what: str,
    *expected: type[Exception],
    extra: Mapping[str, object] | None = None,
) -> Generator[None]:
    """Log `what` where the block fails, and go on after it: no fault may end a loop or the bot.

    An `expected` error is logged in one line, any other with its traceback.
    """
    try:
        yield
    except expected as error:
        log.error("%s: %s", what, error, extra=extra)  # noqa: TRY400 - its traceback says no more
    except Exception:
        log.exception(what, extra=extra)


class Background:
    """Tasks that nobody awaits. The event loop itself keeps only weak references to them."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[object]] = set()

    def spawn(
        self, work: Coroutine[object, object, _Result], *, name: str
    ) -> asyncio.Task[_Result]:
        """Start `work` and hold its task until it ends; await the task for its result."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    async def close(self, *, grace: float = 0.0) -> None:
        """Wait `grace` seconds for running tasks, then cancel the rest and wait for their end."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=grace)
        rest = set(self._tasks)
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    def _ended(self, task: asyncio.Task[object]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background task %s failed", task.get_name(), exc_info=error)
