"""Runs a program with a heartbeat in its event loop, and writes down how late the loop ever was.

``python -m benchmarks.probe REPORT MODULE [ARGUMENT...]`` is ``python -m MODULE ARGUMENT...``.

A beat is late because the loop was held up, or because the machine gave this thread no processor:
the kernel counts the second (``schedstat``), and it is taken off. What remains is a stall.
"""

import asyncio
import json
import os
import runpy
import sys
import threading
import time
import traceback
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final

BEAT: Final = 0.005
WORTH_TELLING: Final = 0.02
"""Seconds of stall from which on a moment is listed, and its stack taken where asked for."""
LISTED: Final = 20
WRITTEN_EVERY: Final = 1.0


class Heartbeat:
    """Measures the lateness of the loop it is started in."""

    def __init__(self, report: Path, *, stacks: bool) -> None:
        self._report = report
        self._schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._thread = threading.get_ident()
        self._waited = 0.0
        self._cpu = 0.0
        self._due = 0.0
        self._beats = 0
        self._late = 0.0
        self._stalled = 0.0
        self._worst: list[dict[str, float | str]] = []
        self._written = 0.0
        self._stack = ""
        if stacks:
            threading.Thread(target=self._watch, daemon=True).start()

    def start(self) -> None:
        """Begin; needs a running event loop."""
        self._loop = asyncio.get_running_loop()
        self._next()

    def _next(self) -> None:
        self._waited = self._without_processor()
        self._cpu = time.thread_time()
        self._due = time.monotonic() + BEAT
        self._loop.call_later(BEAT, self._beat)

    def _beat(self) -> None:
        late = max(0.0, time.monotonic() - self._due)
        waited = self._without_processor() - self._waited
        stalled = max(0.0, late - waited)
        self._beats += 1
        self._late = max(self._late, late)
        self._stalled = max(self._stalled, stalled)
        if stalled >= WORTH_TELLING:
            self._tell(late, stalled)
        if time.monotonic() - self._written > WRITTEN_EVERY:
            self._write()
        self._stack = ""
        self._next()

    def _without_processor(self) -> float:
        """Seconds this thread has been ready to run and was not let. Source: Linux, schedstat."""
        try:
            return int(self._schedule.read_text().split()[1]) / 1e9
        except OSError:
            return 0.0

    def _tell(self, late: float, stalled: float) -> None:
        self._worst.append(
            {
                "at": round(time.time(), 3),
                "late_ms": round(late * 1000, 1),
                "stalled_ms": round(stalled * 1000, 1),
                "cpu_ms": round((time.thread_time() - self._cpu) * 1000, 1),
                "stack": self._stack,
            }
        )
        self._worst.sort(key=lambda one: -float(one["stalled_ms"]))
        del self._worst[LISTED:]

    def _write(self) -> None:
        self._written = time.monotonic()
        told = {
            "beats": self._beats,
            "tasks": len(asyncio.all_tasks()),
            "late_ms": round(self._late * 1000, 1),
            "stalled_ms": round(self._stalled * 1000, 1),
            "worst": self._worst,
        }
        part = self._report.with_suffix(".part")
        part.write_text(json.dumps(told))
        part.replace(self._report)

    def _watch(self) -> None:
        while True:
            time.sleep(BEAT)
            if self._due and time.monotonic() - self._due > WORTH_TELLING and not self._stack:
                frame = sys._current_frames().get(self._thread)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
                self._stack = "".join(traceback.format_stack(frame)[-8:])


def attach(report: Path, *, stacks: bool = False) -> None:
    """Have every `asyncio.run` of this process begin with a heartbeat."""
    run = asyncio.Runner.run

    def run_watched(
        self: asyncio.Runner,
        coro: Coroutine[Any, Any, Any],
        **options: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        async def watched() -> Any:  # noqa: ANN401
            Heartbeat(report, stacks=stacks).start()
            return await coro

        return run(self, watched(), **options)

    asyncio.Runner.run = run_watched


def main() -> None:
    """Become the program."""
    _, report, module, *arguments = sys.argv
    sys.argv = [module, *arguments]
    attach(Path(report), stacks="PROBE_STACKS" in os.environ)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
