"""``python -m benchmarks [FIGURE...]``: measure, print the tables, write docs/performance.md."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks import (
    acknowledging,
    crowding,
    fit,
    idle,
    latency,
    polling,
    restarting,
    uploading,
    waiting,
)
from benchmarks.figures import Figure
from benchmarks.report import print_figure, write

MEASURES: Final[dict[str, Callable[..., Awaitable[Figure]]]] = {
    "latency": latency.measure,
    "crowding": crowding.measure,
    "acknowledging": acknowledging.measure,
    "polling": polling.measure,
    "waiting": waiting.measure,
    "uploading": uploading.measure,
    "idle": idle.measure,
    "restarting": restarting.measure,
    "fit": fit.measure,
}


async def measure(names: list[str], *, small: bool) -> list[Figure]:
    """Measure one figure after the other."""
    figures = list[Figure]()
    for name in names:
        began = time.monotonic()
        print(f"{name} ...", flush=True)
        try:
            figure = await MEASURES[name](small=small)
        except fit.NoFfmpeg as missing:
            print(missing)
            continue
        print_figure(figure)
        print(f"({time.monotonic() - began:.0f} s)\n", flush=True)
        figures.append(figure)
    return figures


def main() -> int:
    """Measure what was asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("figure", nargs="*", choices=[*MEASURES, []], help="default: all")
    parser.add_argument("--small", action="store_true", help="see that it works; write nothing")
    given = parser.parse_args()
    figures = asyncio.run(measure(given.figure or list(MEASURES), small=given.small))
    if not given.small:
        write(figures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
