"""What Discord's answers say of its rate limits, read where discord.py hands it to nobody.

Source: Discord, topics/rate-limits; discord-api-docs#4413 for code 30046.
"""

import json
from types import SimpleNamespace
from typing import Any, Final, cast

import aiohttp

_TOO_MANY_REQUESTS: Final = 429
_EDITS_SPENT: Final = 30046


class EditsSpent(Exception):
    """The message is older than an hour and has had the few edits that Discord allows it then."""


def trace() -> aiohttp.TraceConfig:
    """Return what listens to the answers of every request to Discord.

    Code 30046 comes as a 429, for which discord.py would wait and send the film again, five times.
    EditsSpent raised here comes out of the call that sent the request, at once.
    """
    config = aiohttp.TraceConfig()
    config.on_request_end.append(_answered)
    return config


async def _answered(
    _: aiohttp.ClientSession, __: SimpleNamespace, answer: aiohttp.TraceRequestEndParams
) -> None:
    if answer.response.status == _TOO_MANY_REQUESTS and answer.method == "PATCH":
        told = _body(await answer.response.read())
        if told.get("code") == _EDITS_SPENT:
            raise EditsSpent(f"no more edits of a message older than an hour: {told}")


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body: object = json.loads(raw)
    except ValueError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}
