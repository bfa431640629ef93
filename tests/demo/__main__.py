"""`python -m tests.demo monkey|load`: long runs on a demo whose films are really rendered.

monkey [--actions 3000] [--seed 0] [--videos 40]
load [--one-by-one 20] [--at-once 5]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.browser import launched
from tests.demo.load import load
from tests.demo.play import play


async def _run(given: argparse.Namespace) -> None:
    numbers = {name: number for name, number in vars(given).items() if name != "what"}
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        async with launched() as browser:
            what = {"monkey": play, "load": load}[given.what]
            report = await what(browser, Path(folder), **numbers)
    print(f"{report}; {time.monotonic() - started:.0f} s")  # noqa: T201


def main() -> int:
    """Run one of them; raises what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo")
    commands = parser.add_subparsers(dest="what", required=True)
    monkey = commands.add_parser("monkey")
    monkey.add_argument("--actions", type=int, default=3000)
    monkey.add_argument("--seed", type=int, default=0)
    monkey.add_argument("--videos", type=int, default=40)
    many = commands.add_parser("load")
    many.add_argument("--one-by-one", type=int, default=20)
    many.add_argument("--at-once", type=int, default=5)
    asyncio.run(_run(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
