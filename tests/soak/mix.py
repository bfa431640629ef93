"""What goes wrong while the bot soaks: by chance, for one film or for everybody."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from bot.simulator.world import Channel
from tests.loopback import faults as discord_faults
from tests.loopback.driver import Loopback
from tests.videos_server import faults as faulty
from tests.videos_server.server import Kind, ScriptedServer

FAULTY: Final = 0.3
"""The part of the films that meets faults of its own, one or two of them."""
PAUSE: Final = 20.0
"""Seconds between two things that befall everybody."""

_HTML: Final = "<html>Bad Gateway</html>"
VIDEOS: Final[list[tuple[Kind, faulty.Fault]]] = [
    ("create", faulty.cut_after),
    ("create", faulty.answer(503, "{}", Retry_After="1")),
    ("create", faulty.answer(502, _HTML)),
    ("poll", faulty.answer(500, _HTML)),
    ("poll", faulty.answer(429, "{}", Retry_After="3")),
    ("poll", faulty.cut),
    ("content", faulty.half),
    ("content", faulty.answer(404, "{}")),
    ("content", faulty.cut),
    ("content", faulty.late(2.0)),
]
DISCORD: Final[list[tuple[str, discord_faults.Fault]]] = [
    ("acknowledge", discord_faults.cut_after),
    ("edit", discord_faults.answer(500)),
    ("edit", discord_faults.cut),
    ("edit", discord_faults.answer(404, 10015, "Unknown Webhook")),
    ("film", discord_faults.answer(502)),
    ("film", discord_faults.cut),
    ("film", discord_faults.cut_after),
    ("film", discord_faults.too_fast(1.0)),
]


class Mix:
    """Lays faults, by a seed."""

    def __init__(self, discord: Loopback, videos: ScriptedServer, seed: int) -> None:
        self._discord = discord
        self._videos = videos
        self._rng = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self.laid = 0

    def for_film(self, prompt: str, channel: Channel) -> None:
        """Perhaps lay faults for one film; those of Discord are for the next in its channel."""
        if self._rng.random() > FAULTY:
            return
        laid: set[Kind] = set()
        for _ in range(self._rng.choice((1, 1, 2))):
            self.laid += 1
            if self._rng.random() < 0.6:
                kind, fault = self._rng.choice(VIDEOS)
                # A film with a fault before its poll is not in the list, where lost ones are found.
                if not {"create", "poll"} <= laid | {kind}:
                    laid.add(kind)
                    self._videos.meet(kind, fault, prompt=prompt)
            else:
                what, answer = self._rng.choice(DISCORD)
                self._discord.meet(what, answer, channel=channel)

    async def for_everybody(self) -> None:
        """Let something happen to all of them, again and again."""
        happenings: list[Callable[[], Awaitable[None]]] = [
            self._gateway_reconnects,
            self._no_lists,
            self._slow_server,
            self._discord_is_strict,
        ]
        while True:
            await asyncio.sleep(PAUSE * self._rng.uniform(0.5, 1.5))
            await self._rng.choice(happenings)()

    async def _gateway_reconnects(self) -> None:
        await self._discord.gateway.reconnect()

    async def _no_lists(self) -> None:
        self._videos.meet("list", *[faulty.answer(502, _HTML)] * 5)

    async def _slow_server(self) -> None:
        self._videos.meet("list", *[faulty.late(5.0)] * 3)

    async def _discord_is_strict(self) -> None:
        self._discord.meet("edit", *[discord_faults.too_fast(2.0)] * 20)
