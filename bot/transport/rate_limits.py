"""What Discord's answers say of its rate limits, read where discord.py hands it to nobody.

Source: Discord, topics/rate-limits; discord-api-docs#4413 for code 30046.
"""

import json
import re
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import aiohttp

from bot.runtime.json_fields import Fields, fields_of
from bot.transport.errors import check_answer

_TOO_MANY_REQUESTS: Final = 429
_EDITS_SPENT: Final = 30046
_CHANNEL_EDIT: Final = re.compile(r"/channels/(\d+)/messages/\d+$")
_TOKEN_EDIT: Final = re.compile(r"/webhooks/\d+/([^/]+)/messages/[^/]+$")
_ALL: Final = "all tokens"
"""The way of a limit that is not one message's own."""
PATIENCE: Final = 2.0
"""Seconds that an edit waits inside discord.py when it came too fast. For longer the message would
stand still, the finished film behind its progress, while another way to it may be open."""
_ANSWER_WITHIN: Final = 0.1
"""Seconds until it is worth asking again whether an edit on its way was answered."""


class EditLimitReached(Exception):
    """The message is older than an hour and has had the few edits that Discord allows it then."""


class RateLimited(aiohttp.ClientError):
    """Discord accepts no edit here for a while."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Discord accepts no edits here for {seconds:.1f} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Bucket:
    """One channel's edits; until Discord has told its limit, one at a time."""

    limit: int = 1
    left: int = 1
    resets_at: float = 0.0
    on_the_way: int = 0

    def free(self, now: float) -> int:
        return self.limit - self.on_the_way if now >= self.resets_at else self.left


class RateLimits:
    """How many edits each channel accepts now, by Discord's own headers.

    All messages of a channel share them. discord.py would let the edits above that number wait in
    the order they came; who asks here first can still let a more important one pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}
        self._closed: dict[Hashable, float] = {}

    def closed_for(self, way: Hashable) -> float:
        """Seconds until Discord accepts edits again for a channel's id, or a token."""
        until = self._closed.get(way, 0.0)
        if isinstance(way, str):
            until = max(until, self._closed.get(_ALL, 0.0))
        return max(0.0, until - self._clock())

    def close(self, way: Hashable, seconds: float) -> None:
        """Have nothing sent on a way for so long."""
        now = self._clock()
        self._closed = {one: until for one, until in self._closed.items() if until > now}
        self._closed[way] = max(self._closed.get(way, 0.0), now + seconds)

    def wait(self, channel: Hashable, *, spare: bool) -> float:
        """Seconds until an edit may leave, 0 for now; `spare` leaves one more for others."""
        closed = self.closed_for(channel)
        bucket = self._buckets.get(channel)
        if closed or bucket is None:
            return closed
        now = self._clock()
        if bucket.free(now) > min(spare, bucket.limit - 1):
            return 0.0
        return max(bucket.resets_at - now, _ANSWER_WITHIN)

    def take(self, channel: Hashable) -> None:
        """An edit leaves."""
        bucket = self._buckets.setdefault(channel, _Bucket())
        bucket.left -= 1
        bucket.on_the_way += 1

    def give(self, channel: Hashable) -> None:
        """An edit was answered, or will not be."""
        bucket = self._buckets[channel]
        bucket.on_the_way -= 1
        if not bucket.resets_at:
            bucket.left = bucket.limit - bucket.on_the_way
        elif not bucket.on_the_way and self._clock() >= bucket.resets_at:
            del self._buckets[channel]

    def trace(self) -> aiohttp.TraceConfig:
        """Return what listens to the answers of every request to Discord.

        Code 30046 comes as a 429, for which discord.py would wait and send the film again, five
        times. EditLimitReached and RateLimited, raised here, leave the call that sent the request
        at once: inside discord.py an edit that came too fast would hold its message.
        """
        config = aiohttp.TraceConfig()
        config.on_request_end.append(check_answer)
        config.on_request_end.append(self._answered)
        return config

    async def _answered(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams
    ) -> None:
        if answer.method != "PATCH":
            return
        if (edit := _CHANNEL_EDIT.search(answer.url.path)) is not None:
            self._learn(int(edit[1]), answer.response.headers)
        if answer.response.status == _TOO_MANY_REQUESTS:
            told = _body(await answer.response.read())
            if told.get("code") == _EDITS_SPENT:
                raise EditLimitReached(f"no more edits of a message older than an hour: {told}")
            self._slow_down(answer.url.path, told)

    def _slow_down(self, path: str, told: Fields) -> None:
        """Close the way that an edit came too fast on. Raises RateLimited.

        The bot's global limit is discord.py's, which stops every request for it; interactions are
        not bound to it (Discord, interactions/receiving-and-responding), so one that a token meets
        is the tokens' own.
        """
        seconds, whole = told.get("retry_after"), told.get("global")
        if not isinstance(seconds, int | float) or seconds <= PATIENCE:
            return
        if (token := _TOKEN_EDIT.search(path)) is not None:
            self.close(_ALL if whole else token[1], seconds)
        elif (edit := _CHANNEL_EDIT.search(path)) is not None and not whole:
            self.close(int(edit[1]), seconds)
        else:
            return
        raise RateLimited(seconds)

    def _learn(self, channel: int, headers: Mapping[str, str]) -> None:
        bucket = self._buckets.get(channel)
        try:
            limit = int(headers["X-RateLimit-Limit"])
            left = int(headers["X-RateLimit-Remaining"])
            resets_in = float(headers["X-RateLimit-Reset-After"])
        except (KeyError, ValueError):
            return
        if bucket is not None:
            bucket.limit = limit
            # What else is on its way may have been counted already, or not yet.
            bucket.left = left - (bucket.on_the_way - 1)
            bucket.resets_at = self._clock() + resets_in


def _body(raw: bytes) -> Fields:
    try:
        return fields_of(json.loads(raw))
    except ValueError:
        return {}
