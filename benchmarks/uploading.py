"""Memory while large films are uploaded, all at once."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

from benchmarks.figures import Figure, Picture, Row
from benchmarks.stage import HURRIED, OURS, PATIENCE, POLLING, Setting, stage
from tests.database import rows

_MIB: Final = 2**20
_FIRST: Final = 8
_SAMPLE: Final = 0.1
"""Seconds between two looks at the memory."""


async def measure(*, small: bool = False) -> Figure:
    """Let films of 200 MB be ready at the same moment."""
    films, size, render = (2, 5_000_000, 0.5) if small else (8, 200_000_000, 8.0)
    setting = Setting(
        channels=films,
        film_bytes=size,
        shortest=render,
        longest=render,
        settle=0.1 if small else 3.0,
        environment=HURRIED if small else {},
    )
    moving, ours, ours_line, stalled = await _growth(OURS, films, setting)
    _, naive, naive_line, _ = await _growth(POLLING, films, setting)
    return Figure(
        name="uploading",
        title="Memory while large films are uploaded",
        how=f"{films} films of {size / 1e6:g} MB ready at the same moment, the upload limit "
        "500 MiB; the growth of the resident memory of the whole process tree over that after its "
        "first small films, until the last of these was accepted and ours had taken a still of "
        "each in a process of its own.",
        rows=[
            Row(
                title=f"memory growth, {films} films of {size / 1e6:g} MB at once",
                unit="MiB",
                ours=ours / _MIB,
                naive=naive / _MIB,
                goal="≤ 1/20 of naive, ≤ 48 MiB",
                met=None if small else ours <= min(naive / 20, 48 * _MIB),
            )
        ],
        picture=Picture(
            title="Growth of the process tree's resident memory",
            x="seconds",
            y="MiB",
            lines={"Rushes": ours_line, "naive": naive_line},
        ),
        stalls={f"{films} films of {size / 1e6:g} MB": stalled},
        also=[f"Until the last upload ours grew by {moving / _MIB:.0f} MiB at most."],
    )


async def _growth(
    kind: str, films: int, setting: Setting
) -> tuple[int, int, list[tuple[float, float]], float]:
    """Return the most bytes over the start while films moved, and until all is quiet again.

    Then the course of it, and the longest stall in milliseconds.
    """
    async with stage(kind, setting) as played:
        await played.start_bot()
        before = await played.warm_up(_FIRST)
        watch = asyncio.create_task(played.watch_memory())
        await played.ask([f"film {number}" for number in range(films)], over=0)
        arrived = await played.until("films", films + _FIRST, within=240)
        pictured = kind != OURS or await _pictured(played.folder, films + _FIRST)
        await asyncio.sleep(setting.settle)
        watch.cancel()
        took = "all arrived" if arrived else "NOT ALL ARRIVED"
        took += "" if pictured else ", NOT ALL PICTURED"
        print(f"  {kind}: {took}; {played.load()}", flush=True)
        begins = played.memory[0][0]
        line = [(round(at - begins, 1), (rss - before) / _MIB) for at, rss in played.memory]
        thinned = line[:: max(1, len(line) // 200)]
        asks = (await played.report())["asks"].values()
        ended = max((ask["film_at"] or 0.0 for ask in asks), default=0.0) + _SAMPLE
        during = max((rss for at, rss in played.memory if at <= ended), default=before) - before
        most = max((rss for _, rss in played.memory), default=before) - before
        return during, most, thinned, played.bot.pulse()["stalled_ms"]


async def _pictured(folder: Path, films: int) -> bool:
    """Wait until a still of so many films lies in the bot's database; False if it never does."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            database = folder / "data"
            while await asyncio.to_thread(_thumbnails, database) < films:  # noqa: ASYNC110 - on disk
                await asyncio.sleep(_SAMPLE)
        return True
    return False


def _thumbnails(folder: Path) -> int:
    return len(rows(folder, "thumbnails"))
