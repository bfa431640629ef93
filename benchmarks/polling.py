"""Requests to the Videos server while 1,000 films are being rendered."""

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

from benchmarks.figures import Figure, Picture, Row, bar
from benchmarks.latency import POLL
from benchmarks.stage import OURS, POLLING, Setting, Stage, stage
from benchmarks.videos import PAGE

_RENDER: Final = 600.0
_LOOKS: Final = ("list", "retrieve")
_FIRST_JOB: Final = 120.0
"""Seconds until the first job has reached the server, on the slowest machine."""
_LOOK: Final = 0.1
"""Seconds between two looks for it."""


async def measure(*, small: bool = False) -> Figure:
    """Count for a minute what each bot asks."""
    jobs, settle, seconds = (20, 0.5, 1.5) if small else (1000, 15.0, 40.0)
    usual = Setting(channels=50, shortest=_RENDER, longest=_RENDER)
    free = replace(usual, unlimited=True)
    ours, stalled = await _rate(OURS, usual, jobs, settle, seconds)
    naive, _ = await _rate(POLLING, free, jobs, settle, seconds)
    stuck, _ = await _rate(POLLING, usual, jobs, settle, seconds)
    floor = 60 / POLL / PAGE
    return Figure(
        name="polling",
        title="Requests to the Videos server",
        how=f"{jobs} jobs whose renders take {_RENDER / 60:g} minutes; the looks of "
        f"{seconds:g} s are counted. The naive bot has a Discord without limits here: with them it "
        "stands in its own edits most of the time, and asks little because it tells little. The "
        f"floor is full pages of {PAGE} every {POLL:g} s.",
        rows=[
            Row(
                title=f"requests to the Videos server per job-minute, {jobs:,} jobs",
                unit="",
                ours=ours,
                naive=naive,
                floor=floor,
                goal="≤ 1/20 of naive",
                met=None if small else ours <= naive / 20,
            )
        ],
        picture=Picture(
            title="Looks at the Videos server",
            x="",
            y="requests per job-minute",
            lines={"Rushes": bar(ours), "naive": bar(naive), "floor": bar(floor)},
            logarithmic=True,
        ),
        stalls={f"{jobs:,} jobs in progress": stalled},
        also=[f"The naive bot held up by Discord's limits: {stuck:.2f} per job-minute."],
    )


async def _with_jobs(played: Stage) -> dict[str, Any]:
    """Return the Videos server's report once it has a job, however slow the machine is."""
    ends = time.monotonic() + _FIRST_JOB
    while time.monotonic() < ends:
        if (report := await played.videos_report())["jobs"]:
            return report
        await asyncio.sleep(_LOOK)
    raise RuntimeError(f"no job within {_FIRST_JOB:.0f} s:\n{played.bot.log.read_text()[-4000:]}")


async def _rate(
    kind: str, setting: Setting, jobs: int, settle: float, seconds: float
) -> tuple[float, float]:
    """Return requests per job-minute, and the longest stall in milliseconds."""
    async with stage(kind, setting) as played:
        await played.start_bot()
        await played.ask([f"film {number}" for number in range(jobs)], over=jobs / 100)
        await asyncio.sleep(settle)
        before = await _with_jobs(played)
        await asyncio.sleep(seconds)
        after = await played.videos_report()
        print(f"  {kind}: {played.load()}", flush=True)
        looks = sum(
            after["requests"].get(one, 0) - before["requests"].get(one, 0) for one in _LOOKS
        )
        minutes = (after["at"] - before["at"]) / 60
        return looks / len(before["jobs"]) / minutes, played.bot.pulse()["stalled_ms"]
