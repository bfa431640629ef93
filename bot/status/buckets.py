"""What Discord's answers say of its rate limits, read where discord.py hands it to nobody.

Source: Discord, topics/rate-limits; discord-api-docs#4413 for code 30046.
"""

import json
import re
import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final, cast

import aiohttp

_TOO_MANY_REQUESTS: Final = 429
_EDITS_SPENT: Final = 30046
_CHANNEL_EDIT: Final = re.compile(r"/channels/(\d+)/messages/\d+$")
_ANSWER_WITHIN: Final = 0.1
"""Seconds until it is worth asking again whether an edit on its way was answered."""


class EditsSpent(Exception):
    """The message is older than an hour and has had the few edits that Discord allows it then."""


@dataclass(slots=True)
class _Bucket:
    """One channel's edits; until Discord has told its limit, one at a time."""

    limit: int = 1
    left: int = 1
    resets_at: float = 0.0
    on_the_way: int = 0

    def free(self, now: float) -> int:
        return self.limit - self.on_the_way if now >= self.resets_at else self.left


class EditBuckets:
    """How many edits of its messages each channel takes now, as Discord's own headers tell.

    All messages of a channel share them. discord.py would let the edits above that number wait in
    the order they came; who asks here first can still let a more important one pass.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[Hashable, _Bucket] = {}

    def wait(self, channel: Hashable, *, spare: bool) -> float:
        """Seconds until an edit may leave, 0 for now; `spare` leaves one more for others."""
        bucket = self._buckets.get(channel)
        if bucket is None:
            return 0.0
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
        times. EditsSpent raised here comes out of the call that sent the request, at once.
        """
        config = aiohttp.TraceConfig()
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
                raise EditsSpent(f"no more edits of a message older than an hour: {told}")

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


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body: object = json.loads(raw)
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}
