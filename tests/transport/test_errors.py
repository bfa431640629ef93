"""Which of Discord's errors pass, which stay, and what is said of each."""

import logging
import socket
import ssl
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import discord
import pytest

from bot.transport.errors import (
    OneSentence,
    UnreadableAnswer,
    commands_refused,
    is_temporary,
    sentence_for,
    told,
)
from bot.transport.result import is_refusal, refuses_content


def http_error(status: int, code: int = 0, message: str = "no") -> discord.HTTPException:
    answer = cast("Any", SimpleNamespace(status=status, reason=""))
    return discord.HTTPException(answer, {"code": code, "message": message})


def closed(code: int) -> discord.ConnectionClosed:
    return discord.ConnectionClosed(cast("Any", None), shard_id=0, code=code)


def not_found(status: int) -> discord.GatewayNotFound:
    error = discord.GatewayNotFound()
    error.__cause__ = http_error(status)
    return error


@pytest.mark.parametrize(
    "error",
    [
        *(http_error(status) for status in (408, 429, 500, 502, 503, 504, 520, 524, 530)),
        http_error(400, 30034),
        http_error(403, 40333),
        http_error(400, 40004),
        UnreadableAnswer("a page"),
        not_found(503),
        discord.GatewayNotFound(),
        closed(1000),
        closed(4000),
        TimeoutError(),
        ConnectionResetError(),
        socket.gaierror(-2, "Name or service not known"),
        ssl.SSLError("wrong version number"),
        aiohttp.ServerDisconnectedError(),
        discord.RateLimited(45.0),
    ],
    ids=repr,
)
def test_what_passes(error: Exception) -> None:
    assert is_temporary(error)
    assert not is_refusal(error)


@pytest.mark.parametrize(
    "error",
    [
        *(closed(code) for code in (4004, 4010, 4011, 4012, 4013, 4014)),
        http_error(401),
        http_error(403, 40002, "Verify\nyour account"),
        not_found(401),
        discord.LoginFailure("Improper token has been passed."),
        discord.PrivilegedIntentsRequired(0),
        commands_refused(http_error(403, 50001), 5),
        aiohttp.InvalidURL("http://[", "no address"),
    ],
    ids=repr,
)
def test_what_stays_is_one_sentence(error: Exception) -> None:
    assert not is_temporary(error)
    sentence = sentence_for(error)
    assert sentence is not None
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_fault_of_ours_is_none_of_discord_s() -> None:
    assert sentence_for(KeyError("x")) is None
    assert not is_temporary(KeyError("x"))


@pytest.mark.parametrize(
    "code", [200000, 200001, 240000, 20009, 160005, 160006, 50035, 50006, 99999]
)
@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_a_refusal_of_what_a_message_says(code: int, status: int) -> None:
    assert refuses_content(http_error(status, code))


@pytest.mark.parametrize("code", [0, 10003, 10008, 10015, 10062, 40005, 40060, 50001, 50013, 50083])
def test_a_refusal_of_something_else(code: int) -> None:
    assert not refuses_content(http_error(400, code))


@pytest.mark.parametrize(
    ("raised", "kept"),
    [(http_error(403, 50013, "Missing\nPermissions"), False), (KeyError("ours"), True)],
    ids=["Discord's", "ours"],
)
def test_only_faults_of_ours_have_a_traceback(raised: Exception, *, kept: bool) -> None:
    wrapped = RuntimeError("a command")
    wrapped.__cause__ = raised
    info = (RuntimeError, wrapped, None)
    record = logging.LogRecord("discord", 40, "x.py", 1, "Ignoring %s", ("it",), info)

    assert OneSentence().filter(record)

    assert (record.exc_info is not None) is kept
    assert "\n" not in record.getMessage()
    assert kept or "50013" in record.getMessage()


def test_what_is_told_is_short_and_one_line() -> None:
    assert told(UnreadableAnswer("<html>\n" * 500)).count("\n") == 0
    assert len(told(UnreadableAnswer("x" * 5000))) == 300
    assert told(TimeoutError()) == "TimeoutError"
