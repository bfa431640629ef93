"""A start logs a few lines, all of them the bot's own."""

import re
from pathlib import Path

from tests.loopback.driver import loopback
from tests.loopback.process import BotProcess
from tests.processes import VideosServer

RECORD = re.compile(r"^\S+ \S+ +(?P<level>[A-Z]+) +(?P<logger>\S+):", re.MULTILINE)


async def test_no_library_logs_at_a_start(server: VideosServer, tmp_path: Path) -> None:
    async with loopback() as discord, BotProcess(discord, tmp_path, server.base_url) as bot:
        await discord.until(lambda: "ready as" in bot.log)
        said = bot.log
    loggers = RECORD.findall(said)
    assert loggers
    assert len(loggers) == len(said.splitlines()) < 10, said
    assert all(logger.startswith(("bot", "cogs")) for _, logger in loggers), said
    assert "PyNaCl" not in said
    assert "static token" not in said
