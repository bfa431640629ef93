"""A loopback Discord, a Videos server and one bot, each a process of its own, and their watch."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil

from benchmarks.films import film_of

OURS: Final = "ours"
POLLING: Final = "polling"
SILENT: Final = "silent"
IDLE: Final = "idle"
PATIENCE: Final = 60.0
"""Seconds any process may take to say its first word."""
QUICK_BYTES: Final = 30_000
"""Small, so that the first films leave no hole in the heap for others to be measured in."""
_SAMPLED_EVERY: Final = 0.1


HURRIED: Final = {"NAIVE_POLL": "0.4", "POLL_INTERVAL": "0.4"}
"""The environment of a bot in a small run."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What a run is about; `environment` is the bot's, over what every run sets."""

    channels: int = 1
    people: int = 100
    film_bytes: int = 2_000_000
    shortest: float = 20.0
    longest: float = 40.0
    create_takes: float = 0.0
    unlimited: bool = False
    """Discord without rate limits."""
    settle: float = 3.0
    """Seconds without anything to do before memory is looked at."""
    environment: dict[str, str] = field(default_factory=dict[str, str])


class Child:
    """A process that the benchmark started, and stops again by its id."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.probe = folder / f"{name}.json"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, module: str, *arguments: str, environment: dict[str, str]) -> None:
        """Start ``python -m module`` under the probe."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.probe", str(self.probe), module, *arguments,
                stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
                env=os.environ | environment,
            )  # fmt: skip

    async def first_word(self) -> dict[str, Any]:
        """Read the JSON line that it prints when it is ready."""
        assert self._process is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        async with asyncio.timeout(PATIENCE):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} did not start:\n{self.log.read_text()}")
        return json.loads(line)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(psutil.Process.kill)

    async def stop(self) -> None:
        """Ask it to end, and insist after a while."""
        await self._end(psutil.Process.terminate)

    async def _end(self, how: Any) -> None:  # noqa: ANN401
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(psutil.NoSuchProcess):
            how(psutil.Process(process.pid))
        try:
            async with asyncio.timeout(10):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    @property
    def running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._process is not None and self._process.returncode is None

    def family(self) -> list[psutil.Process]:
        """Give it and its children."""
        if self._process is None:
            return []
        try:
            parent = psutil.Process(self._process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def rss(self) -> int:
        """Sum the resident bytes of it and its children."""
        total = 0
        for one in self.family():
            with suppress(psutil.NoSuchProcess):
                total += one.memory_info().rss
        return total

    def cpu(self) -> float:
        """Sum the processor seconds of it and of the children it has seen end."""
        with suppress(psutil.NoSuchProcess, IndexError):
            times = self.family()[0].cpu_times()
            return times.user + times.system + times.children_user + times.children_system
        return 0.0

    def pulse(self) -> dict[str, Any]:
        """Read what its heartbeat wrote."""
        try:
            return json.loads(self.probe.read_text())
        except (OSError, ValueError):
            return {"late_ms": 0.0, "stalled_ms": 0.0, "worst": []}


class Stage:
    """What a benchmark drives."""

    def __init__(
        self, folder: Path, kind: str, setting: Setting, http: aiohttp.ClientSession
    ) -> None:
        self.folder = folder
        self.kind = kind
        self.setting = setting
        self.discord = Child("discord", folder)
        self.videos = Child("videos", folder)
        self.bot = Child("bot", folder)
        self.places: dict[str, Any] = {}
        self.videos_url = ""
        self.memory: list[tuple[float, int]] = []
        """Unix seconds and resident bytes of the bot's process tree."""
        self._http = http

    async def open(self) -> None:
        """Start the two servers."""
        setting = self.setting
        film = await asyncio.to_thread(film_of, setting.film_bytes, self.folder)
        quick = await asyncio.to_thread(film_of, QUICK_BYTES, self.folder)
        await self.discord.start(
            "benchmarks.loopback",
            f"--channels={setting.channels}",
            f"--people={setting.people}",
            *(["--unlimited"] if setting.unlimited else []),
            environment={},
        )
        await self.videos.start(
            "benchmarks.videos",
            f"--film={film}",
            f"--quick-film={quick}",
            f"--shortest={setting.shortest}",
            f"--longest={setting.longest}",
            f"--create-takes={setting.create_takes}",
            environment={},
        )
        self.places = await self.discord.first_word()
        self.videos_url = (await self.videos.first_word())["url"]

    async def start_bot(self, command: str = "video") -> None:
        """Start the bot, and wait until people can use it."""
        environment = {
            "DISCORD_TOKEN": self.places["token"],
            "DISCORD_API_URL": self.places["api_url"],
            "DISCORD_GATEWAY_URL": self.places["gateway_url"],
            "VIDEOS_BASE_URL": f"{self.videos_url}/v1",
            "DATA_DIR": str(self.folder / "data"),
            "MAX_ACTIVE_PER_USER": "1000",
            "MAX_ACTIVE": "100000",
            "LOG_LEVEL": "WARNING",
        } | self.setting.environment
        if self.kind == OURS:
            await self.bot.start("benchmarks.ours", environment=environment)
        else:
            await self.bot.start("benchmarks.naive", self.kind, environment=environment)
        ends = time.monotonic() + PATIENCE
        while not await self.get(f"{self.places['url']}/bench/ready?command={command}"):
            if not self.bot.running or time.monotonic() > ends:
                raise RuntimeError(f"the bot is not there:\n{self.bot.log.read_text()[-4000:]}")
            await asyncio.sleep(0.05)

    async def ask(self, labels: Sequence[str], *, over: float, command: str = "video") -> None:
        """Have people use a command within so many seconds, in all channels by turns."""
        channels = self.setting.channels
        by_turns = {label: number % channels for number, label in enumerate(labels)}
        await self.ask_in(by_turns, over=over, command=command)

    async def ask_in(
        self, channels: dict[str, int], *, over: float, command: str = "video"
    ) -> None:
        """Have people use a command once per label, in the channel of that number."""
        told = {"command": command, "over": over, "asks": list(channels.items())}
        await self.post(f"{self.places['url']}/bench/ask", told)

    async def until(self, count: str, most: int, *, within: float) -> bool:
        """Wait until so many are "answered", or "films"; False where they never were."""
        ends = time.monotonic() + within
        while time.monotonic() < ends:
            if not self.bot.running:
                raise RuntimeError(f"the bot ended:\n{self.bot.log.read_text()[-4000:]}")
            if (await self.counts())[count] >= most:
                return True
            await asyncio.sleep(0.5)
        return False

    async def counts(self) -> dict[str, Any]:
        """Ask Discord how far things are."""
        return await self.get(f"{self.places['url']}/bench/counts")

    async def report(self) -> dict[str, Any]:
        """Ask Discord what became of everything."""
        return await self.get(f"{self.places['url']}/bench/report")

    async def videos_report(self) -> dict[str, Any]:
        """Ask the Videos server what it saw."""
        return await self.get(f"{self.videos_url}/bench/report")

    async def get(self, url: str) -> Any:  # noqa: ANN401
        """GET some JSON."""
        async with self._http.get(url) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def post(self, url: str, body: object) -> Any:  # noqa: ANN401
        """POST some JSON."""
        async with self._http.post(url, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    def load(self) -> str:
        """Say what each process has used of the processors, and how late its loop was."""
        told = [
            f"{one.name} {one.cpu():.1f} s, late {one.pulse()['late_ms']:.0f} ms"
            f" (stalled {one.pulse()['stalled_ms']:.0f} ms)"
            for one in (self.bot, self.discord, self.videos)
        ]
        return "; ".join(told)

    async def warm_up(self, films: int = 8) -> int:
        """Have the bot bring a few small films, so that all it loads once is loaded.

        Returns its resident bytes when it is quiet again.
        """
        await self.ask([f"quick {number}" for number in range(films)], over=1.0)
        await self.until("films", films, within=PATIENCE)
        return await self.quiet()

    async def quiet(self) -> int:
        """Wait until the bot has had no children for a while; return its resident bytes."""
        began = time.monotonic()
        async with asyncio.timeout(PATIENCE + self.setting.settle):
            while time.monotonic() < began + self.setting.settle:
                await asyncio.sleep(0.1)
                if len(self.bot.family()) > 1:
                    began = time.monotonic()
        return self.bot.rss()

    async def watch_memory(self) -> None:
        """Sample the bot's memory until cancelled."""
        while True:
            self.memory.append((time.time(), await asyncio.to_thread(self.bot.rss)))
            await asyncio.sleep(_SAMPLED_EVERY)


@asynccontextmanager
async def stage(kind: str, setting: Setting) -> AsyncGenerator[Stage]:
    """Open the servers; the bot is started by `start_bot`. All end with the context."""
    timeout = aiohttp.ClientTimeout(total=None)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rushes-bench-")))
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=timeout))
        opened = Stage(folder, kind, setting, http)
        for child in (opened.discord, opened.videos, opened.bot):
            stack.push_async_callback(child.stop)
        await opened.open()
        yield opened
