"""What Discord says no to for good ends the bot with one sentence; what passes is waited for.

The bot is a process of its own, and nothing that Discord does leaves a traceback.
"""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.client import SLOW
from tests.loopback.driver import Loopback
from tests.loopback.faults import (
    Fault,
    answer,
    applied_then,
    cut,
    cut_midway,
    garbled,
    late,
    limited,
    nothing,
    page,
)
from tests.loopback.hurried import FASTER, HURRIED
from tests.loopback.process import BotProcess

NO_SERVER = "http://127.0.0.1:9/v1"
"""Nothing listens on the port that throws all away."""
AWAY = "Discord cannot be reached"
READY = "ready as"


@pytest.fixture
async def bot(discord: Loopback, tmp_path: Path) -> AsyncGenerator[BotProcess]:
    """A bot that nobody has started, and a server to be in."""
    discord.add_channel(discord.add_guild())
    made = BotProcess(discord, tmp_path / "bot", NO_SERVER)
    yield made
    await made.__aexit__()


async def code_of(bot: BotProcess) -> int | None:
    """Wait until it has ended by itself; return its exit code."""
    await bot.until_ended()
    assert "Traceback" not in bot.log
    assert "Unclosed" not in bot.log
    return bot.exit_code


def last_line(bot: BotProcess) -> str:
    return bot.log.strip().splitlines()[-1]


CLOSES = {
    4004: "DISCORD_TOKEN",
    4010: "start the bot again",
    4011: "start the bot again",
    4012: "update Rushes",
    4013: "update Rushes",
    4014: "Privileged Gateway Intents",
}


@pytest.mark.parametrize("code", CLOSES)
async def test_the_gateway_closes_for_good(discord: Loopback, bot: BotProcess, code: int) -> None:
    discord.gateway.identifies_with = [code]
    await bot.launch()

    assert await code_of(bot) == 1
    assert CLOSES[code] in last_line(bot)
    assert AWAY not in bot.log


@pytest.mark.parametrize("code", [4004, 4012])
async def test_the_gateway_closes_before_it_says_hello(
    discord: Loopback, bot: BotProcess, code: int
) -> None:
    discord.gateway.greets_with = [code]
    await bot.launch()

    assert await code_of(bot) == 1
    assert CLOSES[code] in last_line(bot)


@pytest.mark.parametrize("code", [4004, 4013, 4014])
async def test_the_gateway_closes_while_the_bot_runs(
    discord: Loopback, bot: BotProcess, code: int
) -> None:
    await bot.start()
    await discord.gateway.end(code)

    assert await code_of(bot) == 1
    assert CLOSES[code] in last_line(bot)


@pytest.mark.parametrize(
    ("kind", "fault", "says"),
    [
        ("commands", answer(403, 50001, "Missing Access"), "DISCORD_DEV_GUILD"),
        ("commands", answer(404, 10004, "Unknown Guild"), "DISCORD_DEV_GUILD"),
        ("commands", answer(404, 10002, "Unknown Application"), "does not know the application"),
        ("commands", answer(400, 50240, "Cannot remove Entry Point"), "Activities"),
        ("commands", answer(400, 50035, "Invalid Form Body"), "does not accept the bot's commands"),
        ("login", answer(401, 0, "401: Unauthorized"), "DISCORD_TOKEN"),
        ("login", answer(403, 40002, "Verify your account"), "Verify your account"),
    ],
)
async def test_a_start_that_is_refused(
    discord: Loopback, tmp_path: Path, kind: str, fault: Fault, says: str
) -> None:
    discord.meet(kind, fault)
    bot = BotProcess(discord, tmp_path / "bot", NO_SERVER, DISCORD_DEV_GUILD="123456789012345678")
    await bot.launch()
    try:
        assert await code_of(bot) == 1
    finally:
        await bot.__aexit__()
    assert says in last_line(bot)
    assert AWAY not in bot.log


PASSING = {
    "Cloudflare's 403": page(403),
    "Cloudflare's 429": page(429),
    "a page as 200": page(200),
    "500": answer(503),
    "half an answer": garbled(),
    "an empty object": garbled("{}"),
    "null": garbled("null"),
    "what is of another kind": garbled(
        '{"id": "x", "username": 1, "discriminator": [], "url": 5, "shards": "x", '
        '"session_start_limit": null}'
    ),
    "cut": cut,
    "cut in the middle": cut_midway,
}


@pytest.mark.parametrize("name", PASSING)
async def test_what_passes_is_waited_for(discord: Loopback, bot: BotProcess, name: str) -> None:
    """At the login, where the gateway is looked for, and at the commands."""
    fault = PASSING[name]
    discord.meet("login", fault, nothing, nothing, fault)
    discord.meet("commands", fault)
    await bot.start(HURRIED)

    await discord.until(lambda: READY in bot.log)
    assert discord.commands[None]
    assert discord.unmet("login") == discord.unmet("commands") == 0
    # aiohttp itself asks once more where a connection was cut.
    assert bot.log.count(AWAY) == (0 if name == "cut" else 1)
    assert "Traceback" not in bot.log
    assert "retry" not in bot.log


@pytest.mark.parametrize(
    "fault",
    [answer(400, 30034, "Max number of daily application command creates"), limited(3600, "user")],
    ids=["30034", "429 of an hour"],
)
async def test_the_bot_runs_while_its_commands_are_not_taken(
    discord: Loopback, bot: BotProcess, fault: Fault
) -> None:
    discord.meet("commands", *[fault] * 20)
    await bot.start(HURRIED, "COMMANDS_WITHIN")

    await discord.until(lambda: READY in bot.log)
    assert "has not accepted the commands yet" in bot.log
    code, _ = await bot.stop()
    assert code == 0
    assert "Traceback" not in bot.log


async def test_the_gateway_is_refused_while_all_else_answers(
    discord: Loopback, bot: BotProcess
) -> None:
    discord.gateway.refuses = True
    await bot.launch(HURRIED)
    await discord.until(lambda: discord.gateway.connects >= 3)
    discord.gateway.refuses = False

    await discord.until(lambda: READY in bot.log)
    assert bot.log.count(AWAY) == 1
    assert "Traceback" not in bot.log


async def test_the_gateway_goes_away_while_the_bot_runs(discord: Loopback, bot: BotProcess) -> None:
    await bot.start(HURRIED)
    discord.gateway.refuses = True
    before = discord.gateway.connects
    discord.gateway.cut()
    await discord.until(lambda: discord.gateway.connects >= before + 3)
    discord.gateway.refuses = False

    await discord.until(lambda: discord.gateway.connected)
    assert bot.log.count(AWAY) == 1
    assert "Traceback" not in bot.log


@pytest.mark.parametrize(
    "text",
    [
        "{not json",
        '{"op": 0, "t": "READY", "s": 9, "d": null}',
        '{"op": 0, "t": "GUILD_CREATE", "s": 9, "d": {"id": "x"}}',
        "[]",
    ],
)
async def test_an_event_that_cannot_be_read(discord: Loopback, bot: BotProcess, text: str) -> None:
    await bot.start(HURRIED)
    await discord.gateway.garble(text)
    await discord.until(lambda: discord.gateway.identifies == 2 and discord.gateway.connected)

    assert "Traceback" not in bot.log
    code, _ = await bot.stop()
    assert code == 0


async def test_sessions_that_are_thrown_out_again_and_again_are_resumed_more_slowly(
    discord: Loopback, bot: BotProcess
) -> None:
    await bot.start(HURRIED)
    gateway = discord.gateway
    gateway.ends_resumes = True
    gateway.cut()
    await discord.until(lambda: gateway.connects >= 5)

    assert bot.log.count(AWAY) == 1
    gateway.ends_resumes = False
    await discord.until(lambda: gateway.resumes >= 1 and gateway.connected)
    assert "Traceback" not in bot.log


async def test_it_stops_while_the_gateway_is_away(discord: Loopback, bot: BotProcess) -> None:
    await bot.start()
    discord.gateway.refuses = True
    discord.gateway.cut()
    await discord.until(lambda: AWAY in bot.log)

    code, _ = await bot.stop()

    assert code == 0
    assert "Traceback" not in bot.log


async def test_a_late_suggestion_leaves_no_traceback(discord: Loopback, bot: BotProcess) -> None:
    """discord.py logs what an autocomplete meets by itself."""
    await bot.start()
    (channel,) = discord.world.channels.values()
    discord.meet("acknowledge", applied_then(404, 10062, "Unknown interaction"))
    await discord.autocomplete(discord.add_user(), channel, "videos", "search", search="a")
    await discord.until(lambda: "utocomplete" in bot.log)

    assert "Traceback" not in bot.log


@pytest.mark.parametrize(
    "address",
    ["http://nowhere.invalid/api/v10", "https://{}/api/v10"],
    ids=["a name that is not known", "no TLS there"],
)
async def test_the_way_to_discord_is_broken(
    discord: Loopback, tmp_path: Path, address: str
) -> None:
    place = discord.api_url.split("/")[2]
    bot = BotProcess(discord, tmp_path / "bot", NO_SERVER, DISCORD_API_URL=address.format(place))
    await bot.launch()
    try:
        await discord.until(lambda: AWAY in bot.log)
        code, _ = await bot.stop()
    finally:
        await bot.__aexit__()
    assert code == 0
    assert bot.log.count(AWAY) == 1
    assert "Traceback" not in bot.log


async def test_discord_is_slow(discord: Loopback, bot: BotProcess) -> None:
    discord.meet("login", late(SLOW / FASTER + 1.0))
    await bot.launch(HURRIED, "SLOW")
    await discord.until(lambda: AWAY in bot.log)

    await discord.until(lambda: READY in bot.log)
    assert bot.log.count(AWAY) == 1
