"""The bot's own files, and its own server, are nobody else's; on the bot's process."""

import os
import stat
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.loopback.driver import Loopback
from tests.processes import PATIENCE, VideosServer
from tests.reliability.film_club import PROMPT, FilmClub
from tests.videos_server.server import ScriptedServer

ROOT = Path(__file__).parents[2]
WIDE = ("sh", "-c", 'umask 022; exec "$@"', "sh")
"""Becomes the bot with the umask that most systems give a process."""


def open_to_others(folder: Path) -> list[str]:
    """Everything in a folder, and itself, that others may read, change or enter."""
    found = [folder, *folder.rglob("*")]
    return [
        str(path.relative_to(folder))
        for path in found
        if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


async def test_nothing_that_the_bot_writes_is_for_others(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    folder = tmp_path / "bot"
    club = FilmClub(discord, videos, folder, PUBLIC_URL="http://films.example", WEB_PORT="0")
    club.bot.entry = WIDE
    async with club:
        await club.ask()
        await club.until_film()
        there = {path.name for path in folder.iterdir()}
        assert {"rushes.db", "rushes.db-wal", "films", "link.key"} <= there
        assert any((folder / "films").iterdir())
        found = open_to_others(folder)
    # The log is the test's own.
    assert [name for name in found if name != "bot.log"] == []


async def test_what_an_earlier_version_left_open_is_closed_to_others(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    folder = tmp_path / "bot"
    async with FilmClub(discord, videos, folder) as club:
        await club.ask()
        await club.until_film()
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (folder / "films" / "somewhere").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_text("not ours")
    (tmp_path / "elsewhere").chmod(0o644)

    await club.bot.start()
    found = open_to_others(folder)
    await club.bot.kill()

    assert [name for name in found if name != "bot.log"] == []
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["films", "rushes.db", "rushes.db.lock", "link.key", "server"])
def test_a_symbolic_link_in_place_of_a_file_of_ours_stops_the_start(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "victim").write_bytes(b"")
    (tmp_path / "data" / name).symlink_to(tmp_path / "victim")

    failed = bot(tmp_path, "run", DISCORD_TOKEN="MTIz.secret.token")  # noqa: S106 - nobody's

    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert f"data/{name} is a symbolic link" in failed.stderr
    assert (tmp_path / "victim").read_bytes() == b""


def bot(folder: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the bot in a folder without .env and with nothing else around it."""
    return subprocess.run(
        [sys.executable, "-m", "bot", *command],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


# -------------------------------------------------------------------- the bot's own server


@pytest.fixture
async def alone(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[tuple[FilmClub, str]]:
    """A bot with its own Videos server, and that server's address."""
    club = FilmClub(discord, videos, tmp_path / "bot", VIDEOS_BASE_URL="", SERVER_WORKERS="1")
    async with club:
        ports = {
            one.laddr.port
            for one in psutil.Process(club.bot.pid).net_connections("tcp")
            if one.status == psutil.CONN_LISTEN
        }
        (port,) = ports
        yield club, f"http://127.0.0.1:{port}/v1"


async def test_another_user_of_the_machine_reads_and_makes_nothing(
    alone: tuple[FilmClub, str],
) -> None:
    club, base = alone
    await club.ask()
    async with aiohttp.ClientSession() as session:
        for key in (None, "", "-", "sk-loopback-videos-key"):
            headers = {} if key is None else {"Authorization": f"Bearer {key}"}
            async with session.get(f"{base}/videos", headers=headers) as answer:
                assert (answer.status, PROMPT in await answer.text()) == (401, False)
            async with session.post(
                f"{base}/videos", json={"prompt": "mine"}, headers=headers
            ) as answer:
                assert answer.status == 401

    await club.until_card_says("Completed", within=60)
    assert club.card.film is not None
    jobs = list((club.folder / "server" / "jobs").iterdir())
    assert len(jobs) == 1


async def test_no_page_in_a_browser_makes_a_video(alone: tuple[FilmClub, str]) -> None:
    club, base = alone
    async with aiohttp.ClientSession() as session:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            form = aiohttp.FormData({"prompt": "theirs"}, default_to_multipart=True)
            async with session.post(f"{base}/videos", data=form, headers=headers) as answer:
                assert answer.status == 403
    assert list((club.folder / "server" / "jobs").iterdir()) == []


async def test_its_key_is_in_no_list_of_processes(alone: tuple[FilmClub, str]) -> None:
    club, _ = alone
    process = psutil.Process(club.bot.pid)
    told = [*process.cmdline(), *process.environ(), club.bot.log]
    # Whatever has 43 characters of base64 would be it.
    assert not [word for text in told for word in text.split() if len(word) == 43]


# -------------------------------------------------------------------- serve


def test_a_key_in_the_arguments_is_refused_with_the_way_to_do_it(tmp_path: Path) -> None:
    failed = bot(tmp_path, "serve", "--port", "0", "--key", "sk-s3cret")

    assert failed.returncode == 1
    assert failed.stderr.count("\n") == 1
    assert "--key-file" in failed.stderr
    assert "SERVER_KEY" in failed.stderr
    assert "s3cret" not in failed.stderr


@pytest.mark.parametrize("content", [None, b"", b" \n", b"one\ntwo", b"\xff\xfe"])
def test_a_key_file_without_one_key_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)

    failed = bot(tmp_path, "serve", "--port", "0", "--key-file", "key")

    assert failed.returncode == 1
    assert failed.stderr.startswith("--key-file key ")
    assert failed.stderr.count("\n") == 1


@pytest.mark.parametrize("way", ["file", "environment"])
async def test_the_key_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    arguments = list[str]()
    if way == "file":
        (tmp_path / "key").write_text("sk-s3cret\n", encoding="utf-8")
        arguments = ["--key-file", str(tmp_path / "key")]
    else:
        monkeypatch.setenv("SERVER_KEY", "sk-s3cret")
    with VideosServer(tmp_path / "server", *arguments) as server:
        assert "s3cret" not in " ".join(psutil.Process(server.pid).cmdline())
        async with aiohttp.ClientSession() as session:
            statuses = list[int]()
            for key in ("wrong", "sk-s3cret"):
                headers = {"Authorization": f"Bearer {key}"}
                async with session.get(f"{server.base_url}/videos", headers=headers) as answer:
                    statuses.append(answer.status)
    assert statuses == [401, 200]
    assert open_to_others(tmp_path / "server") == []


async def test_another_name_that_leads_to_it_has_to_be_allowed(tmp_path: Path) -> None:
    with VideosServer(tmp_path / "server", "--allow-host", "GPU-box") as server:
        async with aiohttp.ClientSession() as session:
            statuses = list[int]()
            for name in ("gpu-box:8288", "another", "localhost"):
                async with session.get(
                    f"{server.base_url}/videos", headers={"Host": name}
                ) as answer:
                    statuses.append(answer.status)
    assert statuses == [200, 403, 200]
