"""Strangers fill the port that serves films, and the bot's own server; people notice nothing.

The bot has 1024 files here, as most systems give a process.
"""

import asyncio
import re
import resource
import socket
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
import pytest

from tests.loopback.driver import Loopback
from tests.processes import free_port
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer

ENTRY = ("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh")
HALF_REQUESTS = 1137
NEVER_READ = 600
TOO_SMALL = 1000
"""Bytes no film fits into, so that it comes as a link."""
LARGE = 16 * 2**20
"""Bytes that fit into no buffer between two processes."""
HALF = b"GET /films/ HTTP/1.1\r\nHost: films.example.org\r\nX-Half: "
MINUTES_LINES = 40
"""Log lines that a minute of abuse and one film may bring, at the most."""


@pytest.fixture(autouse=True)
def _files() -> Generator[None]:
    """Let this process open as many connections as its tests need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[FilmClub]:
    port = free_port()
    environment = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "WEB_PORT": str(port)}
    opened = FilmClub(discord, videos, tmp_path / "bot", **environment)
    opened.bot.entry = ENTRY
    async with opened:
        await discord.until(lambda: "serving on" in opened.bot.log)
        yield opened


def port_of(club: FilmClub) -> int:
    found = re.search(r"serving on 127\.0\.0\.1 port (\d+)", club.bot.log)
    assert found is not None
    return int(found[1])


@asynccontextmanager
async def strangers(count: int, port: int, said: bytes) -> AsyncGenerator[list[socket.socket]]:
    """Connections that say something once, and read nothing."""
    with ExitStack() as stack:
        yield await asyncio.to_thread(connected, stack, count, port, said)


def connected(stack: ExitStack, count: int, port: int, said: bytes) -> list[socket.socket]:
    opened = list[socket.socket]()
    for _ in range(count):
        one = stack.enter_context(socket.socket())
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.settimeout(20)
        one.connect(("127.0.0.1", port))
        with suppress(ConnectionError):
            one.sendall(said)
        opened.append(one)
    return opened


async def link_to_a_large_film(club: FilmClub, folder: Path) -> str:
    """Have a film handed over as a link, and make it larger than all buffers."""
    interaction = await club.ask()
    interaction.upload_limit = TOO_SMALL
    club.finish()
    await club.until_card_says("Completed")
    found = re.search(r"\]\((\S+)\) until", club.card.text)
    assert found is not None, club.card.text
    (row,) = club.rows()
    film = folder / "films" / row["film"]
    with film.open("ab") as file:
        file.truncate(LARGE)
    return found[1]


async def test_half_requests_keep_nobody_from_a_film(club: FilmClub) -> None:
    lines = club.bot.log.count("\n")
    async with strangers(HALF_REQUESTS, port_of(club), HALF) as half:
        await club.ask()
        await club.until_film()

        # Their headers have ten seconds.
        async with asyncio.timeout(40):
            await asyncio.to_thread(until_all_are_closed, half)

    assert "Too many open files" not in club.bot.log
    assert club.bot.log.count("\n") - lines < MINUTES_LINES, club.bot.log


async def test_half_requests_at_the_bots_own_server_keep_nobody_from_a_film(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    club = FilmClub(discord, videos, tmp_path / "bot", VIDEOS_BASE_URL="")
    club.bot.entry = ENTRY
    async with club:
        connections = psutil.Process(club.bot.pid).net_connections("tcp")
        (port,) = {one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN}
        async with strangers(HALF_REQUESTS, port, HALF):
            await club.ask()
            await club.until_card_says("Completed", within=60)
        assert "Too many open files" not in club.bot.log


async def test_who_never_reads_a_film_keeps_nobody_from_it(club: FilmClub, tmp_path: Path) -> None:
    link = await link_to_a_large_film(club, tmp_path / "bot")
    asked = f"GET {urlsplit(link).path} HTTP/1.1\r\nHost: films.example.org\r\n\r\n".encode()
    lines = club.bot.log.count("\n")
    async with strangers(NEVER_READ, port_of(club), asked):
        async with aiohttp.ClientSession() as session, session.get(link) as answer:
            assert len(await answer.read()) == LARGE

        # In another channel, so that this card is the only message there.
        club.channel = club.discord.add_channel(club.channel.guild or club.discord.add_guild())
        await club.ask()
        await club.until_film()

    assert "disk" not in "".join(one.text for one in club.discord.messages_in(club.channel))
    assert "Too many open files" not in club.bot.log
    assert club.bot.log.count("\n") - lines < MINUTES_LINES, club.bot.log


def until_all_are_closed(connections: list[socket.socket]) -> None:
    """Read until each was closed by the other side."""
    for one in connections:
        with suppress(ConnectionError):
            while one.recv(4096):
                pass
