"""Reconnects to Discord's gateway with growing pauses, and logs an outage once.

Source: Discord, events/gateway. discord.py's own shard logs a traceback for every try, and resumes
at once however often it is thrown out.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Final, TypeVar, cast

import aiohttp
import discord
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.shard import EventItem, EventType, Shard
from yarl import URL

from bot.transport.errors import MALFORMED, is_temporary, told

_log = logging.getLogger(__name__)

Result = TypeVar("Result")

LONGEST_WAIT: Final = 60.0
"""Seconds between two attempts to reach Discord, at the most."""
HELLO_WITHIN: Final = 60.0
"""Seconds until Discord has to say hello on a new connection."""
LASTING: Final = 60.0
"""Seconds after which a connection counts as stable."""
_AT_ONCE: Final = 2
"""Unstable connections in a row after which the next one waits."""


def backoff(longest: float = LONGEST_WAIT, *, first: float = 1.0) -> Iterator[float]:
    """Yield the seconds to wait after each failure: doubled and jittered, `longest` at most."""
    pause = first
    while True:
        yield pause * random.uniform(0.75, 1.0)  # noqa: S311 - jitter
        pause = min(2 * pause, longest)


class Reach:
    """Whether Discord can be reached; each change is logged once."""

    def __init__(self) -> None:
        self._away = False
        self._back: asyncio.TimerHandle | None = None

    def lost(self, error: BaseException) -> None:
        """Record that an attempt failed."""
        self.unsettle()
        if not self._away:
            self._away = True
            _log.warning(
                "Discord cannot be reached (%s); the bot keeps trying, at least every %.0f s",
                told(error),
                LONGEST_WAIT,
            )

    def found(self, *, after: float = 0.0) -> None:
        """Record that Discord answers; it is logged when that has lasted for `after` seconds."""
        self.unsettle()
        if self._away:
            self._back = asyncio.get_running_loop().call_later(after, self._say_found)

    def unsettle(self) -> None:
        """Record that the connection broke before it was stable."""
        if self._back is not None:
            self._back.cancel()
            self._back = None

    def _say_found(self) -> None:
        self._away = False
        _log.info("Discord can be reached again")

    async def until_reached(
        self,
        work: Callable[[], Awaitable[Result]],
        *,
        also: tuple[type[Exception], ...] = (),
        longest: float = LONGEST_WAIT,
    ) -> Result:
        """Repeat `work` until it succeeds; raise an error that is not temporary.

        `also` are further temporary errors. Between two attempts lie `longest` seconds at the most.
        """
        for pause in backoff(longest):
            try:
                return await work()
            except (discord.DiscordException, aiohttp.ClientError, OSError, *also) as error:
                if not (is_temporary(error) or isinstance(error, also)):
                    raise
                self.lost(error)
            await asyncio.sleep(pause)
        raise AssertionError("the pauses never end")  # pragma: no cover


class BackoffShard(Shard):
    """A shard that waits ever longer while its connections break."""

    def __init__(
        self,
        ws: DiscordWebSocket,
        client: discord.AutoShardedClient,
        queue_put: Callable[[EventItem], None],
        reach: Reach,
    ) -> None:
        super().__init__(ws, client, queue_put)
        self._handled_exceptions = (*self._handled_exceptions, *MALFORMED)
        self._reach = reach
        self._pauses = backoff()
        self._begun = asyncio.get_running_loop().time()
        self._unstable = 0
        self._has_waited = False

    async def _handle_disconnect(self, e: Exception) -> None:
        self._dispatch("disconnect")
        self._dispatch("shard_disconnect", self.id)
        if self._client.is_closed():
            return
        if isinstance(e, discord.ConnectionClosed) and not is_temporary(e):
            self._queue_put(EventItem(EventType.close, self, e))
            return
        self._reach.lost(e)
        # Nothing more of it is read, and its heartbeats come from a thread of their own.
        with suppress(aiohttp.ClientError, OSError, RuntimeError, *MALFORMED):
            await self.ws.close(code=4000)
        self._count()
        self._later(next(self._pauses), EventItem(EventType.reconnect, self, e))

    async def reidentify(self, exc: ReconnectWebSocket) -> None:
        """Reconnect; at once where the last connection was stable, else after a pause."""
        if not self._has_waited:
            self._count()
            if self._unstable > _AT_ONCE:
                self._cancel_task()
                self._reach.lost(ConnectionError("its gateway ends each connection soon"))
                kind = EventType.resume if exc.resume else EventType.identify
                self._later(next(self._pauses), EventItem(kind, self, exc))
                return
        self._begin()
        await super().reidentify(exc)

    async def reconnect(self) -> None:
        """Reconnect, after the pause that has passed."""
        self._begin()
        await super().reconnect()

    def _begin(self) -> None:
        self._has_waited = False
        self._reach.unsettle()
        self._begun = asyncio.get_running_loop().time()

    def _count(self) -> None:
        """Count the connection that broke; a stable one resets the count."""
        if asyncio.get_running_loop().time() - self._begun >= LASTING:
            self._unstable = 0
            self._pauses = backoff()
        self._unstable += 1

    def _later(self, pause: float, item: EventItem) -> None:
        """Put an item into the queue after a pause, while other shards' items go on."""

        async def wait() -> None:
            await asyncio.sleep(pause)
            self._has_waited = True
            self._queue_put(item)

        self._task = asyncio.create_task(wait(), name=f"shard {self.id} waits")


async def open_shard(
    client: discord.AutoShardedClient, gateway: URL, shard_id: int, reach: Reach, *, initial: bool
) -> None:
    """Connect a shard, as soon as the gateway accepts it. Raises discord.ConnectionClosed."""

    async def connect() -> DiscordWebSocket:
        async with asyncio.timeout(HELLO_WITHIN):
            return await DiscordWebSocket.from_client(
                client, initial=initial, gateway=gateway, shard_id=shard_id
            )

    ws = await reach.until_reached(connect, also=(ReconnectWebSocket, *MALFORMED))
    # discord.py has no other way to use our own class of shard.
    private: dict[str, object] = vars(client)
    queue = cast("asyncio.PriorityQueue[EventItem]", private["_AutoShardedClient__queue"])
    shards = cast("dict[int, Shard]", private["_AutoShardedClient__shards"])
    shard = BackoffShard(ws, client, queue.put_nowait, reach)
    shards[shard_id] = shard
    shard.launch()
