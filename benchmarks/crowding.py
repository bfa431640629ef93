"""Jobs in one channel: how many until the last percent of films waits twice as long."""

from dataclasses import replace
from itertools import chain
from typing import Final

from benchmarks.figures import Figure, Picture, Row, percentile
from benchmarks.stage import HURRIED, OURS, POLLING, Setting, Stage, stage

LEVELS: Final = (1, 120, 240)
"""Jobs in one channel that ours is tried with, one after the other."""
NAIVE_LEVELS: Final = ((1, 12), (2, 8), (3, 6), (4, 5), (6, 4), (8, 3), (12, 2), (16, 2))
"""Jobs in one channel and channels: all in the same run, since a channel's limit is its own."""
BASE: Final = 20
"""Channels with one job each that the first level of ours consists of."""


async def measure(*, small: bool = False) -> Figure:
    """Try one level after the other with ours, all at once with the naive one."""
    levels, naive_levels = LEVELS, NAIVE_LEVELS
    setting = Setting(channels=BASE, shortest=10.0, longest=20.0)
    if small:
        levels, naive_levels = LEVELS[:1], NAIVE_LEVELS[:1]
        setting = Setting(channels=BASE, shortest=0.5, longest=1.0, environment=HURRIED)
    ours = dict[int, float]()
    stalls = dict[str, float]()
    for level in levels:
        channels = list(range(BASE)) if level == 1 else [0] * level
        async with stage(OURS, setting) as played:
            waits = await _waits(played, channels)
            ours[level] = percentile(list(chain.from_iterable(waits.values())), 99)
            stalls[f"{level} jobs in one channel"] = played.bot.pulse()["stalled_ms"]
    naive = await _naive(naive_levels, setting)
    held, naive_held = _held(ours), _held(naive)
    return Figure(
        name="crowding",
        title="Jobs in one channel before the p99 doubles",
        how="As many jobs as said asked for at once in one channel, renders of "
        f"{setting.shortest:g}-{setting.longest:g} s; the wait is from completed at the server to "
        "the film accepted, and counts as doubled against the p99 of one job per channel.",
        rows=[
            Row(
                title="jobs in one channel before the p99 doubles",
                unit="",
                ours=held,
                naive=naive_held,
                goal="≥ 20 times naive",
                met=None if small else held >= 20 * naive_held,
            )
        ],
        picture=Picture(
            title="p99 from completed to the film accepted, by jobs in one channel",
            x="jobs in one channel",
            y="seconds",
            lines={"Rushes": sorted(ours.items()), "naive": sorted(naive.items())},
            logarithmic=True,
        ),
        stalls=stalls,
        also=[
            "p99 in seconds, ours: " + _listed(ours),
            "p99 in seconds, naive: " + _listed(naive),
            f"More than {max(levels)} in one channel were not tried.",
        ],
    )


async def _naive(levels: tuple[tuple[int, int], ...], setting: Setting) -> dict[int, float]:
    """Give the p99 by jobs in one channel."""
    number = 0
    channels = list[int]()
    level_of = dict[int, int]()
    for jobs, times in levels:
        for _ in range(times):
            channels += [number] * jobs
            level_of[number] = jobs
            number += 1
    async with stage(POLLING, replace(setting, channels=number)) as played:
        waits = await _waits(played, channels)
    return {
        jobs: percentile([wait for n in waits if level_of[n] == jobs for wait in waits[n]], 99)
        for jobs, _ in levels
    }


async def _waits(played: Stage, channels: list[int]) -> dict[int, list[float]]:
    """Have one job per entry; give the waits by channel."""
    await played.start_bot()
    labels = {f"film {number}": channel for number, channel in enumerate(channels)}
    await played.ask_in(labels, over=min(2.0, len(labels) / 100))
    await played.until("films", len(labels), within=300)
    asks, jobs = (await played.report())["asks"], (await played.videos_report())["jobs"]
    waits: dict[int, list[float]] = {channel: [] for channel in channels}
    for label, channel in labels.items():
        film_at = asks[label]["film_at"]
        waits[channel].append(
            float("inf") if film_at is None else film_at - jobs[label]["completed"]
        )
    return waits


def _held(waits: dict[int, float]) -> int:
    """Return the last level before the first whose p99 is more than twice that of one job."""
    held = 1
    for level in sorted(waits):
        if waits[level] > 2 * waits[1]:
            break
        held = level
    return held


def _listed(waits: dict[int, float]) -> str:
    return ", ".join(f"{jobs} jobs {wait:.1f}" for jobs, wait in sorted(waits.items())) + "."
