"""A start with jobs in flight: the time until each of them was looked at once."""

import asyncio
import time
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from benchmarks.figures import Figure, Picture, Row
from benchmarks.stage import OURS, Setting, Stage, stage
from bot.jobs import tables
from bot.jobs.models import TOKEN_LIFE, Card, Render, RenderStatus, Request
from bot.jobs.rows import render_row, request_row
from bot.jobs.store import JobStore
from bot.videos.spec import VideoSpec

_FOR_EVER: Final = 1e6
_WITHIN: Final = 5.0
_AFTER: Final = 2.0
"""Seconds in which what was heard is written down and shown: a stall there counts, too."""
_PATIENCE: Final = 120.0
_MORE: Final = 1.5
"""By how much the time per job may differ from linear before it is called something else."""


async def measure(*, small: bool = False) -> Figure:
    """Start on databases with no, some and many jobs in flight."""
    counts = (1, 10, 20) if small else (1, 1000, 10_000)
    times = dict[int, float]()
    stalls = dict[str, float]()
    for count in counts:
        times[count], stalls[f"start with {count:,} jobs"] = await _start_with(count)
    none, some, many = (times[count] for count in counts)
    linear = many - none <= _MORE * counts[2] / counts[1] * max(some - none, 0.1)
    return Figure(
        name="restarting",
        title="A start with jobs in flight",
        how="Rows written with the store's own tables, cards and jobs known to the Discord and "
        "the Videos server; from the start of the process (imports too) until the server was "
        "asked about each job once, through a list or by itself.",
        rows=[
            Row(
                title=f"start with {counts[1]:,} jobs until all are polled",
                unit="s", ours=some, floor=none, goal="≤ 5 s",
                met=None if small else some <= _WITHIN,
            ),
            Row(
                title=f"start with {counts[2]:,} jobs until all are polled",
                unit="s", ours=many, floor=none, goal="≤ 5 s, linear",
                met=None if small else many <= _WITHIN and linear,
            ),
        ],
        picture=Picture(
            title="From the start until every job was looked at", x="jobs in flight", y="seconds",
            lines={"Rushes": [(float(count), took) for count, took in times.items()]},
        ),
        stalls=stalls,
        also=["The floor is a start with one job. The naive bot knows nothing after a restart."],
    )  # fmt: skip


async def _start_with(count: int) -> tuple[float, float]:
    """Return the seconds until all were asked about, and the longest stall in ms."""
    setting = Setting(channels=100, people=1000, shortest=_FOR_EVER, longest=_FOR_EVER)
    async with stage(OURS, setting) as played:
        await _write(played, count)
        began = time.time()
        await played.start_bot()
        last = await _all_asked(played)
        await asyncio.sleep(_AFTER)
        return last - began, played.bot.pulse()["stalled_ms"]


async def _all_asked(played: Stage) -> float:
    """Wait until the server was asked about every job; return when that was."""
    async with asyncio.timeout(_PATIENCE):
        while True:
            known = (await played.videos_report())["jobs"].values()
            asked = [job["first_asked"] for job in known]
            if None not in asked:
                return max(asked)
            await asyncio.sleep(0.2)


async def _write(played: Stage, count: int) -> None:
    """Have `count` jobs in progress, as a killed bot would leave them."""
    prompts = [f"film {number}" for number in range(count)]
    ids = await played.post(f"{played.videos_url}/bench/jobs", prompts)
    planted = await played.post(f"{played.places['url']}/bench/plant", {"count": count})
    now = time.time()
    renders = [
        _render(number, prompts[number], ids[number], facts, now)
        for number, facts in enumerate(planted)
    ]
    folder = played.folder / "data"
    await asyncio.to_thread(Path.mkdir, folder)
    url = f"sqlite:///{folder / 'rushes.db'}"
    async with JobStore.open(url):
        await asyncio.to_thread(_insert, url, renders)


def _insert(url: str, renders: list[Render]) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.insert(tables.requests), [request_row(r.request) for r in renders])
        connection.execute(sa.insert(tables.renders), [render_row(r) for r in renders])
    engine.dispose()


def _render(number: int, prompt: str, video_id: str, facts: dict[str, Any], now: float) -> Render:
    of_card = {name: facts.pop(name) for name in ("message_id", "interaction_token")}
    card = Card(
        token_expires_at=now + TOKEN_LIFE,
        shown=RenderStatus.IN_PROGRESS,
        upload_limit=10 * 2**20,
        bot_upload_limit=10 * 2**20,
        **of_card,
    )
    spec = VideoSpec(prompt=prompt, size="720x1280", seconds="4")
    request = Request(id=f"{number:032x}", spec=spec, card=card, created_at=now, **facts)
    return Render.first(request).evolve(
        status=RenderStatus.IN_PROGRESS,
        video_id=video_id,
        progress=0,
        sent_at=now,
        next_poll_at=now,
    )
