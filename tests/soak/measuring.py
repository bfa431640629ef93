"""What a soaking process weighs, how many tasks it has, and how long its loop was held up."""

import asyncio
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Final

_EVERY: Final = 2.0
"""Seconds between two looks."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Look:
    at: float
    """Seconds since the measuring began."""
    resident: int
    """Bytes of memory. Source: Linux, /proc/PID/statm."""
    tasks: int


class Gauge:
    """Looks at a process from outside (memory) and at its own report (loop and tasks)."""

    def __init__(self, pid: int, report: Path) -> None:
        self._memory = Path(f"/proc/{pid}/statm")
        self._report = report
        self._began = time.monotonic()
        self.looks: list[Look] = []

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            if self._report.exists():
                self.looks.append(self.look())

    def look(self) -> Look:
        pages = int(self._memory.read_text().split()[1])
        return Look(time.monotonic() - self._began, pages * _PAGE, int(self.report()["tasks"]))

    def report(self) -> dict[str, Any]:
        """Give what the process says: `late_ms`, `stalled_ms` (without other processes' share)."""
        return json.loads(self._report.read_text())

    def resident_around(self, at: float, *, width: float = 30.0) -> float:
        """Return the mean of the memory, in bytes, in the time just before."""
        near = [one.resident for one in self.looks if at - width <= one.at <= at]
        return mean(near) if near else 0.0
