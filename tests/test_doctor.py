"""`python -m bot doctor` as a process, in front of a loopback Discord and a real Videos server."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.loopback.driver import Loopback, loopback
from tests.processes import VideosServer

CLOSED = "http://127.0.0.1:9/v1"


async def examined(
    discord: Loopback, folder: Path, videos: str, *, token: str | None = None
) -> tuple[int, dict[str, dict[str, str]], str]:
    """Return its exit code, its checks by name, and everything it printed."""
    environment = {
        "DISCORD_TOKEN": token or discord.token,
        "DISCORD_API_URL": discord.api_url,
        "VIDEOS_BASE_URL": videos,
        "DATA_DIR": str(folder),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "doctor", "--json",
        stdout=asyncio.subprocess.PIPE, env=os.environ | environment,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    told = output.decode()
    return process.returncode or 0, {each["what"]: each for each in json.loads(told)}, told


async def test_a_bot_that_can_work(server: VideosServer, tmp_path: Path) -> None:
    async with loopback() as discord:
        code, checks, told = await examined(discord, tmp_path, server.base_url)
    assert code == 0
    assert checks["Videos server"]["found"].startswith("speaks rushes")
    assert checks["token"]["mark"] == checks["clock"]["mark"] == "ok"
    assert checks["database"]["mark"] == checks["disk"]["mark"] == "ok"
    assert "does not know" in checks["commands"]["found"]
    assert discord.token not in told


@pytest.mark.parametrize(
    ("token", "videos", "what", "mend"),
    [
        ("wrong", None, "token", "Reset Token"),
        (None, CLOSED, "Videos server", "VIDEOS_BASE_URL"),
    ],
    ids=["token", "Videos server"],
)
async def test_what_keeps_the_bot_from_working_is_named_with_its_cure(  # noqa: PLR0917
    server: VideosServer,
    tmp_path: Path,
    token: str | None,
    videos: str | None,
    what: str,
    mend: str,
) -> None:
    async with loopback() as discord:
        code, checks, _ = await examined(discord, tmp_path, videos or server.base_url, token=token)
    assert code == 1
    assert checks[what]["mark"] == "bad"
    assert mend in checks[what]["mend"]
