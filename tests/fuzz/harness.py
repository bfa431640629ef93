"""A server to be fuzzed, and what came of it."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from hypothesis import HealthCheck, Phase, given, seed, settings

from bot.server.app import ServerConfig, running
from bot.serving.limits import Limits
from tests.fuzz.document import KEY
from tests.fuzz.raw import Sent, ask, faults, requests
from tests.server.support import Videos

IMPATIENT = Limits(idle=5.0, body=0.1, lingering=0.1)
"""A cut body is given up at once."""


@asynccontextmanager
async def fuzzed_server(folder: Path) -> AsyncGenerator[str]:
    """Serve with a key and a renderer that takes no time; gives the base URL."""
    stand_in = Path(__file__).parents[1] / "server" / "stand_in.py"
    command = (sys.executable, "-I", "-S", str(stand_in), str(folder / "started"))
    config = ServerConfig(folder=folder / "videos", api_key=KEY, workers=2, limits=IMPATIENT)
    async with running(config, command=command) as base_url:
        yield base_url


@dataclass
class Tally:
    """Answers by status, and the requests whose answers were wrong."""

    statuses: Counter[int] = field(default_factory=Counter[int])
    violations: list[str] = field(default_factory=list[str])

    def ask(self, port: int, sent: Sent) -> None:
        """Send one request and judge what comes back."""
        try:
            answer = ask(port, sent)
        except TimeoutError:
            self.violations.append(f"no answer in time to {sent}")
            return
        self.statuses[answer.status] += 1
        self.violations += [f"{fault}, to {sent}" for fault in faults(sent, answer)]


async def ask_oddly(base_url: str, *, cases: int, start: int) -> Tally:
    """Send so many odd requests, and see the server well after them."""
    headers = {"Authorization": f"Bearer {KEY}"}
    tally = Tally()
    async with aiohttp.ClientSession(f"{base_url}/", headers=headers) as session:
        videos = Videos(session)
        known = await videos.create("quick")
        await videos.until(known, "completed")
        port = urlsplit(base_url).port or 0

        @seed(start)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        )
        @given(requests(known))
        def each(sent: Sent) -> None:
            tally.ask(port, sent)

        await asyncio.to_thread(each)
        last = await videos.create("quick")
        await videos.until(last, "completed")
    return tally
