"""`python -m tests.chaos [--runs 300] [--seed 0] [--at-once 2]`: the kill harness and its table."""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos.harness import Tally, run
from tests.chaos.plans import plan
from tests.videos_server.embedded import render_template


async def _all(runs: int, seed: int, at_once: int) -> Tally:
    slots = asyncio.Semaphore(at_once)
    total = Tally()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        template = await asyncio.to_thread(render_template, home)

        async def one(number: int) -> None:
            async with slots:
                chosen = plan(number)
                try:
                    total.add(await run(chosen, home / str(number), template))
                except Exception as error:  # noqa: BLE001 - a run that breaks is a finding too
                    total.violations.append(f"{chosen}: {type(error).__name__}: {error}"[:500])

        async with asyncio.TaskGroup() as group:
            for number in range(seed, seed + runs):
                group.create_task(one(number))
    return total


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--at-once", type=int, default=2)
    given = parser.parse_args()
    # A killed bot breaks its connections off, which is no news here.
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    started = time.monotonic()
    tally = asyncio.run(_all(given.runs, given.seed, given.at_once))
    seconds = time.monotonic() - started
    hits = f"{tally.kills} kills, {tally.hits} at their moment"
    print(f"{given.runs} runs from seed {given.seed}, {hits}, {seconds:.0f} s")  # noqa: T201
    for end, count in tally.ends.most_common():
        print(f"  {count:5} {end}")  # noqa: T201
    print(f"  {len(tally.violations):5} violations")  # noqa: T201
    for violation in tally.violations:
        print(f"        {violation}")  # noqa: T201
    sys.exit(bool(tally.violations))


if __name__ == "__main__":
    main()
