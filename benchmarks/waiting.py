"""Memory of a job that waits for its film."""

import asyncio
from contextlib import suppress
from typing import Final

from benchmarks.figures import Figure, Picture, Row, bar
from benchmarks.stage import OURS, POLLING, Setting, Stage, stage

_FOR_EVER: Final = 1e6
_KIB: Final = 1024
_PATIENCE: Final = 30.0


async def measure(*, small: bool = False) -> Figure:
    """Fill each bot with jobs that take for ever, and see what it grew by."""
    jobs = 50 if small else 10_000
    ours, alive, stalled = await _bytes_per_job(OURS, jobs, small=small)
    naive, naive_alive, _ = await _bytes_per_job(POLLING, jobs, small=small)
    return Figure(
        name="waiting",
        title="Memory of a waiting job",
        how=f"{jobs:,} jobs asked for at 100 a second, whose renders do not end; the growth of the "
        "resident memory over that of the same process after its first films.",
        rows=[
            Row(
                title=f"resident memory per waiting job, {jobs:,} jobs",
                unit="KiB",
                ours=ours / _KIB,
                naive=naive / _KIB,
                goal="≤ 1/4 of naive, ≤ 8 KiB",
                met=None if small else ours <= min(naive / 4, 8 * _KIB),
            )
        ],
        picture=Picture(
            title=f"Memory per waiting job, {jobs:,} jobs",
            x="",
            y="KiB",
            lines={"Rushes": bar(ours / _KIB), "naive": bar(naive / _KIB)},
        ),
        stalls={f"{jobs:,} jobs waiting": stalled},
        also=[f"Jobs that were really there: ours {alive:,}, naive {naive_alive:,}."],
    )


async def _bytes_per_job(kind: str, jobs: int, *, small: bool) -> tuple[float, int, float]:
    """Return bytes per job, the jobs that the Videos server got, and the longest stall in ms."""
    setting = Setting(
        channels=100,
        people=1000,
        shortest=_FOR_EVER,
        longest=_FOR_EVER,
        settle=0.1 if small else 10.0,
    )
    async with stage(kind, setting) as played:
        await played.start_bot()
        before = await played.warm_up(2 if small else 50)
        created = len((await played.videos_report())["jobs"])
        await played.ask([f"film {number}" for number in range(jobs)], over=jobs / 100)
        await _created(played, created + jobs)
        after = await played.quiet()
        alive = len((await played.videos_report())["jobs"]) - created
        print(f"  {kind}: {played.load()}; {before / 2**20:.0f} to {after / 2**20:.0f} MiB")
        return (after - before) / max(1, alive), alive, played.bot.pulse()["stalled_ms"]


async def _created(played: Stage, jobs: int) -> None:
    """Wait for so many creates; a bot that lost some is not waited for any longer than a while."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while len((await played.videos_report())["jobs"]) < jobs:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(1.0)
