"""Memory of a bot that has nothing to do."""

import asyncio
from statistics import median

from benchmarks.figures import Figure, Picture, Row, bar
from benchmarks.stage import IDLE, OURS, Setting, stage

_MIB = 2**20


async def measure(*, small: bool = False) -> Figure:
    """Start each bot a few times, and look at it after a while."""
    starts, wait = (1, 0.1) if small else (3, 5.0)
    ours = median([await _resident(OURS, "video", wait) for _ in range(starts)])
    bare = median([await _resident(IDLE, "ping", wait) for _ in range(starts)])
    return Figure(
        name="idle",
        title="Memory of the idle bot",
        how=f"Resident memory of the process tree {wait:g} s after it was ready, the median of "
        f"{starts} starts. Instead of the naive bot: a discord.py bot with one command.",
        rows=[
            Row(
                title="memory of the idle bot",
                unit="MiB",
                ours=ours / _MIB,
                naive=bare / _MIB,
                goal="≤ 1.2 times the bare bot",
                met=None if small else ours <= 1.2 * bare,
            )
        ],
        picture=Picture(
            title="Resident memory of an idle bot",
            x="",
            y="MiB",
            lines={"Rushes": bar(ours / _MIB), "discord.py, one command": bar(bare / _MIB)},
        ),
    )


async def _resident(kind: str, command: str, wait: float) -> int:
    async with stage(kind, Setting()) as played:
        await played.start_bot(command)
        await asyncio.sleep(wait)
        return played.bot.rss()
