"""The simulated Discord in a test: on a free port, with faults, and waited for.

async with loopback() as discord:
    guild = discord.add_guild()
    channel = discord.add_channel(guild)
    ada = discord.add_user("ada")
    ...  # a bot connects to discord.api_url and discord.gateway_url
    interaction = await discord.slash(ada, channel, "video", prompt="a cat")
    await discord.until(lambda: interaction.message.film is not None)
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from bot.simulator.core import Fault
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.world import Channel
from tests.listening import Listener, listening

_CHECKED_EVERY: Final = 0.05
"""Seconds between two looks at a condition that is not about this Discord."""


class Loopback(SimulatedDiscord):
    listener: Listener | None = None

    @property
    def too_many(self) -> int:
        """How often the answer was 429."""
        return sum(one.status == 429 for one in self.requests)

    @property
    def uploaded(self) -> int:
        """Bytes the bot sent, in all."""
        return sum(one.uploaded for one in self.requests)

    async def until(self, condition: Callable[[], object], *, within: float = 60.0) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(within):
            while not condition():
                await self.change(within=_CHECKED_EVERY)

    # ---------------------------------------------------------------- what goes wrong

    def meet(self, kind: str, *faults: Fault, channel: Channel | None = None) -> None:
        """Let the next requests of a kind meet these faults, one each; of one channel, if given.

        The kinds: core.Rule, and those that front.py makes of them.
        """
        self.faults[kind, None if channel is None else channel.id] += faults

    def unmet(self, kind: str, channel: Channel | None = None) -> int:
        """How many of these faults no request has met yet."""
        return len(self.faults[kind, None if channel is None else channel.id])

    def away(self) -> AbstractAsyncContextManager[None]:
        """Refuse every new connection for a while."""
        assert self.listener is not None, "it does not run"
        return self.listener.away(abort=False)

    def skew(self, seconds: float) -> None:
        """Put Discord's clock forward: deadlines, tokens and messages grow old at once."""
        self.clock.skewed += seconds


@asynccontextmanager
async def loopback() -> AsyncGenerator[Loopback]:
    discord = Loopback()
    async with listening(discord.application(), shutdown=0.5) as listener:
        discord.listener = listener
        discord.listens_at(listener.place)
        try:
            yield discord
        finally:
            await discord.gateway.close()
