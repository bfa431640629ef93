"""The connection to Discord's gateway: what breaks it is waited for, and said once.

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
"""Seconds between two tries to reach Discord, at the most."""
HELLO_WITHIN: Final = 60.0
"""Seconds a connection may take until Discord has said hello on it."""
LASTING: Final = 60.0
"""Seconds after which a connection counts as one that holds."""
_AT_ONCE: Final = 2
"""Connections in a row that may break soon before the next one waits."""


def growing_pauses(longest: float = LONGEST_WAIT) -> Iterator[float]:
    """Give the seconds to wait after each failure: doubling, spread, and `longest` at the most."""
    pause = 1.0
    while True:
        yield pause * random.uniform(0.75, 1.0)  # noqa: S311 - so that not all come at once
        pause = min(2 * pause, longest)


class Reach:
    """Whether Discord can be reached; the operator is told of each change once."""

    def __init__(self) -> None:
        self._away = False
        self._back: asyncio.TimerHandle | None = None

    def lost(self, error: BaseException) -> None:
        """Note that a try failed."""
        self.unsettle()
        if not self._away:
            self._away = True
            _log.warning(
                "Discord cannot be reached (%s); it is tried again, every %.0f s at the latest, "
                "until it answers or the bot is stopped",
                told(error),
                LONGEST_WAIT,
            )

    def found(self, *, after: float = 0.0) -> None:
        """Note that Discord answers; said when that has held for `after` seconds."""
        self.unsettle()
        if self._away:
            self._back = asyncio.get_running_loop().call_later(after, self._say_found)

    def unsettle(self) -> None:
        """The connection broke: it has not held."""
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
        """Do `work` until Discord takes it; raises what stays. `also` are further passing errors.

        Seconds between two tries: `longest` at the most.
        """
        for pause in growing_pauses(longest):
            try:
                return await work()
            except (discord.DiscordException, aiohttp.ClientError, OSError, *also) as error:
                if not (is_temporary(error) or isinstance(error, also)):
                    raise
                self.lost(error)
            await asyncio.sleep(pause)
        raise AssertionError("the pauses never end")  # pragma: no cover


class PatientShard(Shard):
    """A shard that waits ever longer while its connections do not hold."""

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
        self._pauses = growing_pauses()
        self._begun = asyncio.get_running_loop().time()
        self._broken = 0
        self._rested = False

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
        """Connect anew; at once where the last connection held, else after a pause."""
        if not self._rested:
            self._count()
            if self._broken > _AT_ONCE:
                self._cancel_task()
                self._reach.lost(ConnectionError("its gateway ends each connection soon"))
                kind = EventType.resume if exc.resume else EventType.identify
                self._later(next(self._pauses), EventItem(kind, self, exc))
                return
        self._begin()
        await super().reidentify(exc)

    async def reconnect(self) -> None:
        """Connect anew, after the pause that has been."""
        self._begin()
        await super().reconnect()

    def _begin(self) -> None:
        self._rested = False
        self._reach.unsettle()
        self._begun = asyncio.get_running_loop().time()

    def _count(self) -> None:
        """Count the connection that broke, unless it held: then all is well again."""
        if asyncio.get_running_loop().time() - self._begun >= LASTING:
            self._broken = 0
            self._pauses = growing_pauses()
        self._broken += 1

    def _later(self, pause: float, item: EventItem) -> None:
        """Put an item into the queue after a pause: what other shards have there goes on."""

        async def wait() -> None:
            await asyncio.sleep(pause)
            self._rested = True
            self._queue_put(item)

        self._task = asyncio.create_task(wait(), name=f"shard {self.id} waits")


async def open_shard(
    client: discord.AutoShardedClient, gateway: URL, shard_id: int, reach: Reach, *, initial: bool
) -> None:
    """Connect a shard, as soon as the gateway takes it. Raises discord.ConnectionClosed."""

    async def connect() -> DiscordWebSocket:
        async with asyncio.timeout(HELLO_WITHIN):
            return await DiscordWebSocket.from_client(
                client, initial=initial, gateway=gateway, shard_id=shard_id
            )

    ws = await reach.until_reached(connect, also=(ReconnectWebSocket, *MALFORMED))
    # discord.py has no other place for a shard of its own.
    private: dict[str, object] = vars(client)
    queue = cast("asyncio.PriorityQueue[EventItem]", private["_AutoShardedClient__queue"])
    shards = cast("dict[int, Shard]", private["_AutoShardedClient__shards"])
    shard = PatientShard(ws, client, queue.put_nowait, reach)
    shards[shard_id] = shard
    shard.launch()
