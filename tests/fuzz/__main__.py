"""`python -m tests.fuzz [--cases 9000] [--examples 150] [--seed 0]`: the server, fuzzed."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.document import Verdict, hold_to_document
from tests.fuzz.harness import Tally, ask_oddly, fuzzed_server


async def _both(cases: int, examples: int, seed: int) -> tuple[Verdict, Tally]:
    with tempfile.TemporaryDirectory() as folder:
        async with fuzzed_server(Path(folder)) as base_url:
            verdict = await hold_to_document(base_url, examples=examples, seed=seed)
            return verdict, await ask_oddly(base_url, cases=cases, start=seed)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=9000)
    parser.add_argument("--examples", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    started = time.monotonic()
    verdict, tally = asyncio.run(_both(given.cases, given.examples, given.seed))
    if not verdict.passed:
        print(verdict.report)  # noqa: T201
    print(f"{tally.statuses.total()} odd requests: {dict(sorted(tally.statuses.items()))}")  # noqa: T201
    for violation in tally.violations[:50]:
        print(f"  {violation[:600]}")  # noqa: T201
    print(f"{verdict.cases + tally.statuses.total()} cases, {len(tally.violations)} violations, "  # noqa: T201
          f"{time.monotonic() - started:.0f} s")  # fmt: skip
    sys.exit(bool(tally.violations) or not verdict.passed)


if __name__ == "__main__":
    main()
