"""`python -m bot doctor` as a process, in front of a loopback Discord and a real Videos server."""

import asyncio
import json
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.simulator.world import ATTACH, SEND, USUAL, VIEW
from tests.loopback.driver import Loopback, loopback
from tests.loopback.process import BotProcess
from tests.processes import VideosServer
from tests.videos.families import Said, family
from tests.videos.imitation import imitated

CLOSED = "http://127.0.0.1:9/v1"
Checks = dict[str, dict[str, str]]


async def examined(
    discord: Loopback, folder: Path, videos: str, *words: str, **changes: str
) -> tuple[int, Checks, str]:
    """Return its exit code, its checks by name, and everything it printed."""
    environment = {
        "DISCORD_TOKEN": discord.token,
        "DISCORD_API_URL": discord.api_url,
        "VIDEOS_BASE_URL": videos,
        "DATA_DIR": str(folder),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "doctor", "--json", *words,
        stdout=asyncio.subprocess.PIPE, env=os.environ | environment | changes,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    told = output.decode()
    return process.returncode or 0, {each["what"]: each for each in json.loads(told)}, told


async def test_the_doctor_finds_a_working_bot(server: VideosServer, tmp_path: Path) -> None:
    async with loopback() as discord:
        guild = discord.add_guild("Film club")
        discord.add_channel(guild)
        code, checks, told = await examined(discord, tmp_path, server.base_url)
    assert code == 0
    assert checks["Videos server"]["found"].startswith("speaks rushes; preview")
    assert {checks[what]["mark"] for what in ("token", "clock", "database", "disk")} == {"ok"}
    if sys.platform == "linux":
        assert checks["children"]["found"].endswith("512 MB")
    assert (
        "does not know Make a video, quota, video, video-admin, video-data, videos"
        in checks["commands"]["found"]
    )
    assert checks["server Film club"]["found"] == "can work in 1 channels"
    assert "refused (HTTP 400)" in checks["a create"]["found"]
    assert "a render" not in checks
    assert server.jobs() == []
    assert discord.token not in told


@pytest.mark.parametrize(
    ("changes", "what", "fix"),
    [
        ({"DISCORD_TOKEN": "wrong"}, "token", "Reset Token"),
        ({"VIDEOS_BASE_URL": CLOSED}, "Videos server", "VIDEOS_BASE_URL"),
        ({"DATA_DIR": "/proc/nowhere"}, "database", "set DATA_DIR"),
        ({"VIDEOS_CATALOG": "/nowhere.toml"}, "commands", "correct the setting"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
async def test_each_fault_is_named_with_its_fix(
    server: VideosServer, tmp_path: Path, changes: dict[str, str], what: str, fix: str
) -> None:
    async with loopback() as discord:
        code, checks, _ = await examined(discord, tmp_path, server.base_url, **changes)
    assert code == 1
    assert checks[what]["mark"] == "bad"
    assert fix in checks[what]["fix"]


async def test_a_refused_key_is_named(tmp_path: Path) -> None:
    no = Said(status=401, body={"error": "Unauthorized"})
    closed = replace(family("vllm-omni"), models=no, jobs=no, polls=(no,))
    async with imitated(closed) as videos, loopback() as discord:
        code, checks, _ = await examined(discord, tmp_path, videos.base_url)
    assert code == 1
    assert checks["Videos server"]["fix"] == "correct VIDEOS_API_KEY"


async def test_permissions_are_checked_in_each_channel(
    server: VideosServer, tmp_path: Path
) -> None:
    async with loopback() as discord:
        club, closed = discord.add_guild("Film club"), discord.add_guild("Closed")
        discord.add_channel(club, "open")
        discord.add_channel(club, "no-files").bot_may = USUAL & ~ATTACH
        discord.add_channel(club, "read-only").bot_may = USUAL & ~SEND & ~ATTACH
        discord.add_channel(club, "staff").bot_may = USUAL & ~VIEW
        discord.add_channel(closed).bot_may = 0
        code, checks, _ = await examined(discord, tmp_path, server.base_url)
    assert code == 0, "it works, though not in all"
    told = checks["server Film club"]
    assert told["mark"] == "look"
    assert told["found"] == (
        "#no-files lacks Attach Files; #read-only lacks Send Messages, Attach Files"
    )
    assert checks["server Closed"]["found"] == "it sees none of 1 channels"


async def test_commands_are_compared_with_those_at_discord(
    server: VideosServer, tmp_path: Path
) -> None:
    async with loopback() as discord:
        async with BotProcess(discord, tmp_path, server.base_url):
            await discord.until(lambda: len(discord.commands.get(None, [])) == 6)
        _, synced, _ = await examined(discord, tmp_path, server.base_url)
        _, changed, _ = await examined(discord, tmp_path, server.base_url, VIDEOS_SECONDS="5")
        _, fewer, _ = await examined(discord, tmp_path, server.base_url, VIDEOS_MODELS="preview")
    assert (
        synced["commands"]["found"]
        == "in sync: Make a video, quota, video, video-admin, video-data, videos"
    )
    assert changed["commands"]["found"] == "Discord has other options for video"
    assert fewer["commands"]["mark"] == "look"


async def test_the_public_address_of_a_running_bot_is_checked(
    server: VideosServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    web = {"WEB_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    async with loopback() as discord:
        async with BotProcess(discord, tmp_path, server.base_url, **web):
            code, served, _ = await examined(discord, tmp_path, server.base_url, **web)
        _, alone, _ = await examined(discord, tmp_path, server.base_url, **web)
    assert code == 0
    assert served["public address"]["mark"] == served["commands"]["mark"] == "ok"
    assert alone["public address"]["mark"] == "look"


async def test_files_open_to_others_are_named(server: VideosServer, tmp_path: Path) -> None:
    async with loopback() as discord:
        _, closed, _ = await examined(discord, tmp_path, server.base_url)
        key = tmp_path / "link.key"
        key.write_bytes(b"k" * 32)
        key.chmod(0o644)
        code, opened, _ = await examined(discord, tmp_path, server.base_url)
        assert key.stat().st_mode & 0o777 == 0o644, "it only looks"
        key.unlink()
        key.symlink_to(tmp_path / "elsewhere")
        _, linked, _ = await examined(discord, tmp_path, server.base_url)
    assert closed["files"]["mark"] == "ok"
    assert (code, opened["files"]["mark"]) == (0, "look")
    assert str(key) in opened["files"]["found"]
    assert opened["files"]["fix"].startswith("chmod go= ")
    assert linked["files"]["mark"] == "bad"


@pytest.mark.parametrize("embedded", [False, True], ids=["configured", "embedded"])
async def test_the_smallest_film_is_rendered_on_request(
    server: VideosServer, tmp_path: Path, *, embedded: bool
) -> None:
    async with loopback() as discord:
        code, checks, _ = await examined(
            discord,
            tmp_path,
            "" if embedded else server.base_url,
            "--render",
            VIDEOS_SIZES="1792x1024,720x1280",
            VIDEOS_SECONDS="8,4",
            POLL_INTERVAL="0.2",
        )
    assert code == 0
    assert checks["a render"]["found"].startswith("720x1280, 4 s, video/mp4, ")
    assert len(server.jobs()) == (0 if embedded else 1)


async def test_a_server_without_a_film_is_reported_as_bad(tmp_path: Path) -> None:
    failed = Said(body={"id": "video_t", "status": "failed", "error": "engine died"})
    broken = replace(family("tensorrt-llm"), polls=(failed,))
    async with imitated(broken) as videos, loopback() as discord:
        code, checks, _ = await examined(
            discord, tmp_path, videos.base_url, "--render", POLL_INTERVAL="0.2"
        )
    assert code == 1
    assert "engine died" in checks["a render"]["found"]
