"""/video until it is acknowledged, many at once, beside a command that only sends the card."""

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

from benchmarks.figures import Figure, Picture, Row, distribution, percentile
from benchmarks.stage import OURS, POLLING, Setting, Stage, stage
from bot.simulator.interactions import DEADLINE

_FOR_EVER: Final = 1e6
_ROUNDS: Final = 3
_MOST_UNDER_LIMITS: Final = 0.5
_FIVE_LIMITS: Final = {
    "VIDEOS_PRICES": "0.10",
    "BUDGET_PER_DAY": "100000",
    "BUDGET_PER_MONTH": "1000000",
    "LIMIT_PER_PERSON_PER_DAY": "10000",
    "LIMIT_PER_COMMUNITY_PER_DAY": "100000",
    "MAX_ACTIVE_PER_COMMUNITY": "100000",
}
"""And a price, so that money is limited, too."""


async def measure(*, small: bool = False) -> Figure:
    """Use each command many times at once, by turns in the same process."""
    at_once, rounds, takes = (10, 1, 0.2) if small else (200, _ROUNDS, 5.0)
    setting = Setting(
        channels=10,
        people=200,
        shortest=_FOR_EVER,
        longest=_FOR_EVER,
        create_takes=takes,
        settle=0.1 if small else 3.0,
    )
    async with stage(OURS, setting) as played:
        await played.start_bot()
        await played.warm_up(2 if small else 8)
        video, card = list[float](), list[float]()
        for number in range(rounds):
            card += await _round(played, "card", at_once, f"card {number}")
            video += await _round(played, "video", at_once, f"video {number}")
        stalled = played.bot.pulse()["stalled_ms"]
    async with stage(OURS, replace(setting, environment=_FIVE_LIMITS)) as played:
        await played.start_bot()
        await played.warm_up(2 if small else 8)
        limited = list[float]()
        for number in range(rounds):
            limited += await _round(played, "video", at_once, f"video {number}")
    async with stage(POLLING, setting) as played:
        await played.start_bot()
        await played.warm_up(2 if small else 8)
        naive = await _round(played, "video", at_once, "video")
    p99, floor = percentile(video, 99), percentile(card, 99)
    missed = sum(wait > DEADLINE for wait in video)
    return Figure(
        name="acknowledging",
        title="/video until it is acknowledged",
        how=f"{at_once} at once, {rounds} times by turns with /card of the same process, which "
        f"sends the same card and does nothing else: the floor. The Videos server answers creates "
        f"after {takes:g} s.",
        rows=[
            Row(
                title=f"/video acknowledged, {at_once} at once, p99", unit="s", ours=p99,
                naive=percentile(naive, 99), floor=floor, goal="≤ 1.5 times the floor",
                met=None if small else p99 <= 1.5 * floor,
            ),
            Row(
                title=f"the same under five limits, {at_once} at once, p99", unit="s",
                ours=percentile(limited, 99), floor=p99, goal="≤ 0.5 s",
                met=None if small else percentile(limited, 99) <= _MOST_UNDER_LIMITS,
            ),
            Row(
                title="deadlines of 3 s missed", unit="", ours=missed,
                naive=sum(wait > DEADLINE for wait in naive), floor=0, goal="0",
                met=None if small else missed == 0,
            ),
        ],
        picture=Picture(
            title=f"Acknowledged, {at_once} at once", x="seconds", y="% of commands",
            lines={
                "/video": distribution(video),
                "/card": distribution(card),
                "naive": distribution(naive),
            },
        ),
        stalls={f"{at_once} commands at once": stalled},
        also=[f"p50: /video {percentile(video, 50):.2f} s, /card {percentile(card, 50):.2f} s."],
    )  # fmt: skip


async def _round(played: Stage, command: str, times: int, name: str) -> list[float]:
    """Use a command so many times at once; give the seconds each took, infinite where none."""
    labels = [f"{name} {number}" for number in range(times)]
    await played.ask(labels, over=0, command=command)
    asks = await _answered(played, labels)
    await asyncio.sleep(played.setting.create_takes + played.setting.settle)
    waits = (asks[label]["answered_after"] for label in labels)
    return [float("inf") if wait is None else wait for wait in waits]


async def _answered(played: Stage, labels: list[str]) -> dict[str, Any]:
    """Wait for every answer, no longer than Discord does; return the reports of all asks."""
    ends = time.monotonic() + DEADLINE + 1.0
    while True:
        await asyncio.sleep(0.5)
        asks = (await played.report())["asks"]
        answered = all(asks[label]["answered_after"] is not None for label in labels)
        if answered or time.monotonic() > ends:
            return asks
