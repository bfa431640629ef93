"""`python -m tests.soak [--minutes 30] [--jobs 200] [--seed 0]`: half an hour under faults."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from benchmarks.videos import Rendering, VideosServer
from tests.listening import listening
from tests.loopback.driver import loopback
from tests.soak.measuring import Gauge
from tests.soak.soaking import Soak
from tests.videos_server.embedded import in_front_of, render_template

SETTLED: Final = 300.0
"""Seconds after which memory should not grow any more; of a shorter soak, a third of it."""
MORE_MEMORY: Final = 1.10
MORE_TASKS: Final = 5
LONGEST_STALL: Final = 100.0
"""Milliseconds."""


async def _soak(seconds: float, jobs: int, seed: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        film = await asyncio.to_thread(render_template, home)
        upstream = VideosServer(Rendering(film, shortest=20.0, longest=80.0))
        async with (
            listening(upstream.app()) as address,
            in_front_of(f"{address.origin}/v1") as videos,
            loopback() as discord,
        ):
            soak = Soak(discord, videos, upstream, home / "bot", seed=seed)
            gauge = await soak.go(seconds, jobs)
        return _told(soak, gauge, seconds)


def _told(soak: Soak, gauge: Gauge, seconds: float) -> bool:
    """Print what was found; return whether all of it is as it should be."""
    result, loop = soak.result, gauge.report()
    settled = min(SETTLED, seconds / 3)
    before = gauge.resident_around(settled)
    after = gauge.resident_around(seconds)
    first, last = gauge.looks[0].tasks, gauge.looks[-1].tasks
    judged = {
        f"memory {before / 2**20:.1f} MiB after {settled:.0f} s, {after / 2**20:.1f} MiB at the "
        f"end ({after / before:.3f} of it)": after <= before * MORE_MEMORY,
        f"tasks {first} before, {last} after": last <= first + MORE_TASKS,
        f"longest stall of the loop {loop['stalled_ms']} ms (late by {loop['late_ms']} ms where "
        "the machine's other work is counted)": loop["stalled_ms"] < LONGEST_STALL,
        f"{len(result.violations)} violations": not result.violations,
    }
    print(f"{result.ends.total()} films, {soak.mix.laid} faults of their own")  # noqa: T201
    for end, count in result.ends.most_common():
        print(f"  {count:6} {end}")  # noqa: T201
    curve = (gauge.resident_around(seconds * part / 10) / 2**20 for part in range(1, 11))
    print("  memory in MiB, by tenths:", *(f"{one:.1f}" for one in curve))  # noqa: T201
    for sentence, holds in judged.items():
        print(f"  {'ok ' if holds else 'NOT'} {sentence}")  # noqa: T201
    for one in (*result.violations[:50], *map(str, loop["worst"][:5])):
        print(f"        {one}")  # noqa: T201
    return all(judged.values())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    # Connections are broken off on purpose here.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    began = time.monotonic()
    good = asyncio.run(_soak(given.minutes * 60, given.jobs, given.seed))
    print(f"{given.minutes:g} minutes, {given.jobs} films at once, "  # noqa: T201
          f"{time.monotonic() - began:.0f} s in all")  # fmt: skip
    sys.exit(not good)


if __name__ == "__main__":
    main()
