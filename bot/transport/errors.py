"""What Discord's errors mean: which pass by themselves, and what an operator does about the rest.

Source: Discord, topics/opcodes-and-status-codes.
"""

import json
import logging
import re
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Final

import aiohttp
import discord
from discord.http import Route

from bot.runtime.json_fields import Fields, is_object

MALFORMED: Final = (ValueError, LookupError, TypeError, AttributeError, zlib.error)
"""What discord.py raises when it reads an answer or an event that is not as Discord documents."""
_NO_BODY: Final = 204
_TOO_LARGE: Final = 413
_TOO_FAST: Final = 429
_CLIENT_ERRORS: Final = range(400, 500)
_SERVER_ERRORS: Final = 500
_UNAUTHORIZED: Final = 401
_AWAY: Final = frozenset({408, 425, 429})
PASSING_CODES: Final = frozenset({20016, 20028, 20029, 30034, 40004, 40006, 40062, 40333, 130000})
"""Slow mode, write limits, the day's commands, what is switched off for the moment, overload."""
_SAID: Final = 300
"""Characters of an error that are logged: in front of Discord may stand a whole page."""

_LOGIN: Final = (
    "Discord does not accept DISCORD_TOKEN: copy it again from the developer portal "
    "(Bot, Reset Token)."
)
_UPDATE: Final = "update Rushes to a version that does."
_CLOSES: Final = {
    4004: _LOGIN,
    4010: "Discord refuses this process's share of its connections (close code 4010): start the "
    "bot again.",
    4011: "Discord asks for more connections than this process has (close code 4011): start the "
    "bot again, and it opens as many as Discord asks for.",
    4012: "Discord no longer accepts this version of its gateway (close code 4012): " + _UPDATE,
    4013: f"Discord does not know an intent that the bot asks for (close code 4013): {_UPDATE}",
    4014: "Discord does not allow this application an intent that the bot asks for (close code "
    "4014): switch it on in the developer portal (Bot, Privileged Gateway Intents).",
}
_DISALLOWED_INTENTS: Final = 4014
_NOT_IN_GUILD: Final = frozenset({50001, 10004})
_UNKNOWN_APPLICATION: Final = 10002
_ENTRY_POINT: Final = 50240


class UnreadableAnswer(aiohttp.ClientPayloadError):
    """An answer that is not Discord's: cut off, or a page of something in front of it."""


class DiscordRefuses(Exception):
    """Discord says no, and will go on saying it; the message is one sentence for the operator."""


FATAL: Final = (DiscordRefuses, discord.DiscordException, aiohttp.InvalidURL)
"""What ends the bot while it connects, where `sentence_for` has words for it."""


def is_temporary(error: BaseException) -> bool:
    """Whether an error of a call to Discord is one of the moment, or of the way there."""
    if isinstance(error, discord.GatewayNotFound):
        return error.__cause__ is None or is_temporary(error.__cause__)
    if isinstance(error, discord.HTTPException):
        away = error.status in _AWAY or error.status >= _SERVER_ERRORS
        return away or error.code in PASSING_CODES
    if isinstance(error, discord.ConnectionClosed):
        return error.code not in _CLOSES
    if isinstance(error, aiohttp.InvalidURL):
        return False
    return isinstance(error, aiohttp.ClientError | OSError | discord.RateLimited)


def sentence_for(error: BaseException) -> str | None:
    """Tell the operator what ended the bot; None for what is no answer of Discord's."""
    match error:
        case DiscordRefuses():
            sentence = str(error)
        case discord.LoginFailure() | discord.HTTPException(status=401):
            sentence = _LOGIN
        case discord.PrivilegedIntentsRequired():
            sentence = _CLOSES[_DISALLOWED_INTENTS]
        case discord.ConnectionClosed():
            sentence = _CLOSES.get(error.code, f"Discord ended the connection: {told(error)}.")
        case discord.GatewayNotFound(__cause__=BaseException() as cause):
            sentence = sentence_for(cause)
        case discord.HTTPException():
            sentence = (
                f"Discord refuses to let the bot start ({told(error)}): look at the application in "
                "the developer portal, and at DISCORD_API_URL if it is set."
            )
        case aiohttp.InvalidURL():
            sentence = "DISCORD_API_URL or DISCORD_GATEWAY_URL is no address; correct or remove it."
        case _:
            sentence = None
    return sentence


def commands_refused(error: discord.HTTPException, dev_guild: int | None) -> DiscordRefuses:
    """Tell the operator why Discord does not take the commands."""
    if error.status == _UNAUTHORIZED:
        return DiscordRefuses(_LOGIN)
    if dev_guild is not None and error.code in _NOT_IN_GUILD:
        return DiscordRefuses(
            f"DISCORD_DEV_GUILD: the bot is not in server {dev_guild}, or may not have commands "
            "there; invite it with the scopes bot and applications.commands, or leave it out."
        )
    if error.code == _UNKNOWN_APPLICATION:
        return DiscordRefuses(
            "Discord does not know the application of DISCORD_TOKEN any more: create one in the "
            "developer portal, and set its bot's token."
        )
    if error.code == _ENTRY_POINT:
        return DiscordRefuses(
            "Discord keeps the application's Entry Point command (error code 50240), which the bot "
            "would remove: switch Activities off in the developer portal."
        )
    return DiscordRefuses(f"Discord does not accept the bot's commands ({told(error)}).")


def told(error: BaseException) -> str:
    """Say in one short line what an error says, or else its kind."""
    text = " ".join(str(error).split())
    return text[:_SAID] or type(error).__name__


# -------------------------------------------------------------------- what stands in an answer

_MESSAGE: Final = frozenset({"id", "channel_id", "author", "content", "attachments", "embeds"})
_WHOLE: Final[tuple[tuple[str, re.Pattern[str], frozenset[str]], ...]] = (
    ("GET", re.compile(r"/users/@me$"), frozenset({"id", "username", "discriminator"})),
    ("GET", re.compile(r"/applications/@me$"), frozenset({"id", "name"})),
    ("GET", re.compile(r"/gateway/bot$"), frozenset({"url", "shards", "session_start_limit"})),
    ("PATCH", re.compile(r"/messages/[^/]+$"), _MESSAGE),
    ("GET", re.compile(r"/messages/[^/]+$"), _MESSAGE),
    ("POST", re.compile(r"/channels/\d+/messages$"), _MESSAGE),
    ("POST", re.compile(r"/users/@me/channels$"), frozenset({"id", "type"})),
    ("POST", re.compile(r"/callback$"), frozenset({"interaction"})),
)
"""What discord.py cannot do without in an answer."""
_LISTS: Final = (
    ("PUT", re.compile(r"/commands$")),
    ("GET", re.compile(r"/channels/\d+/messages$")),
)


async def check_answer(
    _: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams
) -> None:
    """Refuse an answer of Discord's API that discord.py would stumble over.

    Raises UnreadableAnswer, out of the call that sent the request. Discord's own answers are JSON,
    and discord.py reads no other; a page of HTML comes from Cloudflare or a proxy.
    """
    answer = end.response
    if not str(end.url).startswith(Route.BASE) or answer.status in {_NO_BODY, _TOO_LARGE}:
        return
    if answer.status >= _SERVER_ERRORS:
        return  # discord.py tries again by itself
    raw = await answer.read()
    kind = answer.headers.get("Content-Type", "nothing")
    if kind != "application/json":
        raise UnreadableAnswer(f"{answer.status} with {kind[:60]!r} instead of Discord's answer")
    try:
        body: object = json.loads(raw)
    except ValueError:
        raise UnreadableAnswer(f"{answer.status} with JSON that cannot be read") from None
    if not _is_whole(end.method, end.url.path, answer.status, body):
        raise UnreadableAnswer(f"{answer.status} without what belongs into it")


@contextmanager
def reading() -> Generator[None]:
    """Give an answer that discord.py stumbles over the name of one that is not Discord's.

    Raises UnreadableAnswer.
    """
    try:
        yield
    except MALFORMED as error:
        raise UnreadableAnswer(f"an answer that cannot be read: {told(error)}") from error


def _is_whole(method: str, path: str, status: int, body: object) -> bool:
    """Whether a JSON answer holds what discord.py reads of it."""
    fields = body if is_object(body) else None
    if status == _TOO_FAST:
        return fields is not None and isinstance(fields.get("retry_after"), int | float)
    if status in _CLIENT_ERRORS:
        return fields is not None
    if any(method == verb and route.search(path) for verb, route in _LISTS):
        return isinstance(body, list)
    for verb, route, keys in _WHOLE:
        if method == verb and route.search(path):
            return fields is not None and keys <= fields.keys() and _dials(fields)
    return True


def _dials(body: Fields) -> bool:
    """Whether an address and a number of shards, where they stand in an answer, are such."""
    return isinstance(body.get("url", ""), str) and isinstance(body.get("shards", 1), int)


# -------------------------------------------------------------------- what is logged


class OneSentence(logging.Filter):
    """Lets what Discord and the network do be one line in the log: no fault of ours, no traceback.

    Belongs on a handler, since discord.py logs some of it, and asyncio does.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the error's own words behind the record's, in place of its traceback."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None and (cause := _cause(error)) is not None:
            record.msg = f"{record.getMessage().splitlines()[0]}: {told(cause)}"
            record.args = None
            record.exc_info = record.exc_text = None
        return True


def shorten_tracebacks() -> None:
    """Have every handler that there is log Discord's errors in one line."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(OneSentence())


def _cause(error: BaseException) -> BaseException | None:
    """Find what Discord or the network did behind an error."""
    return next((one for one in _chain(error) if _is_theirs(one)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it was raised from, a command's own included."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _is_theirs(error: BaseException) -> bool:
    network = isinstance(error, aiohttp.ClientError | ConnectionError | TimeoutError)
    library = isinstance(error, discord.HTTPException | discord.GatewayNotFound)
    return network or library or isinstance(error, discord.ConnectionClosed | discord.RateLimited)
