"""`python -m bot usage`, `limits` and `ledger check`, while the bot runs and after it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests import database
from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer


async def said(folder: Path, *words: str) -> tuple[int, str]:
    """Return the exit code and what was printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        env=os.environ | {"DATA_DIR": str(folder), "COLUMNS": "200"},
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()


@pytest.fixture
async def folder(discord: Loopback, videos: ScriptedServer, tmp_path: Path) -> Path:
    """Return the folder of a bot that has delivered one video, and has stopped."""
    async with FilmClub(discord, videos, tmp_path, LIMIT_PER_PERSON_PER_DAY="3") as club:
        await club.ask(seconds="4")
        await club.until_film()
        await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
        code, told = await said(club.folder, "ledger", "check")
        assert (code, told) == (0, "The ledger adds up: 2 entries.\n"), "while the bot runs"
    return club.folder


async def test_an_operator_sees_usage_limits_and_the_ledger(folder: Path) -> None:
    code, table = await said(folder, "usage", "--csv")
    assert code == 0
    head, line = table.splitlines()
    values = dict(zip(head.split(","), line.split(","), strict=True))
    assert (values["videos"], values["seconds"], values["held"]) == ("1", "4", "0")
    code, by_person = await said(folder, "usage", "--by", "person")
    assert values["requester_id"] in by_person
    code, limits = await said(folder, "limits")
    assert f"person {values['requester_id']}" in limits
    assert await said(folder, "ledger", "check") == (0, "The ledger adds up: 2 entries.\n")


async def test_a_meter_that_was_changed_by_hand_is_found(folder: Path) -> None:
    database.charge_more(folder)
    code, told = await said(folder, "ledger", "check")
    assert code == 1
    assert "add up to" in told


async def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    for words in (("usage",), ("limits",), ("ledger", "check")):
        code, told = await said(tmp_path, *words)
        assert code == 1
        assert told.startswith("There is no database yet")
