"""Limits over real sockets: slow clients that are honest, many of one address, and the log."""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import psutil
import pytest
from aiohttp import web

from bot.serving.files import FileRefusedError, send_file
from bot.serving.limits import LIMITS, Limits, public, share_of_files
from bot.serving.listening import listening
from bot.serving.log_throttle import EVERY, LogThrottle, OutOfFilesFilter

LARGE = 8 * 2**20
"""Bytes that fit into no buffer between two sockets."""
PATIENCE = 30.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how a socket stands")


@asynccontextmanager
async def serving(folder: Path, limits: Limits) -> AsyncGenerator[tuple[str, int]]:
    """Serve the files of a folder by their names; gives the address."""

    async def file(request: web.Request) -> web.StreamResponse:
        try:
            return await send_file(request, folder / request.match_info["name"], headers={})
        except FileRefusedError as error:
            return web.Response(text=error.code, status=error.status)

    app = web.Application()
    app.router.add_get("/{name}", file)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    async with listening(runner, listener, limits):
        yield listener.getsockname()
    await runner.cleanup()


async def reading(
    address: tuple[str, int], name: str = "film", *, source: str = "127.0.0.1"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Ask for a file, over a connection of which the kernel takes little that is not read."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.bind((source, 0))
    one.setblocking(False)  # noqa: FBT003 - socket's own
    await asyncio.get_running_loop().sock_connect(one, address)
    reader, writer = await asyncio.open_connection(sock=one, limit=4096)
    writer.write(f"GET /{name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return reader, writer


async def status(address: tuple[str, int], name: str, *, source: str = "127.0.0.1") -> int:
    """Ask for a file and give the answer's status, 0 where the connection is closed without one."""
    with suppress(ConnectionError):
        reader, writer = await reading(address, name, source=source)
        try:
            line = await asyncio.wait_for(reader.readline(), PATIENCE)
            return int(line.split()[1]) if line else 0
        finally:
            writer.close()
    return 0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "film").write_bytes(bytes(LARGE))
    (tmp_path / "small").write_bytes(b"small")
    return tmp_path


@linux
async def test_who_reads_slowly_is_left_alone_and_who_does_not_read_is_ended(
    folder: Path,
) -> None:
    limits = replace(LIMITS, unread=3.0, read_rate=1)
    async with serving(folder, limits) as address:
        slow, slow_out = await reading(address)
        _, stalled_out = await reading(address)
        stalled = stalled_out.get_extra_info("socket")

        # The slow one goes on until the other was cut, and for some windows more.
        rounds = 0
        async with asyncio.timeout(PATIENCE):
            while not is_cut(stalled) or rounds < 150:
                assert await slow.read(2048), "the slow one was cut"
                await asyncio.sleep(0.05)
                rounds += 1
        assert not is_cut(slow_out.get_extra_info("socket"))
        slow_out.close()
        stalled_out.close()


def is_cut(one: socket.socket) -> bool:
    """Whether the other side cut the connection, without reading from it."""
    if one.fileno() == -1:
        return True
    return one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) != 0 or _tcp_state(one) != 1


def _tcp_state(one: socket.socket) -> int:
    """1 while a connection is established. Source: linux/tcp.h and tcp_states.h."""
    return one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


async def test_a_burst_of_downloads_takes_no_more_than_there_is(folder: Path) -> None:
    async with serving(folder, Limits(connections=8)) as address:
        first = [await reading(address) for _ in range(8)]
        for opened, _ in first:
            await asyncio.wait_for(opened.readline(), PATIENCE)
        # All are accepted in one turn of the event loop, which is this test's own; the kernel keeps
        # no more than these in line.
        burst = [socket.socket() for _ in range(8)]
        for one in burst:
            one.connect(address)
        await asyncio.sleep(0.5)
        assert connections_of(address) <= 8
        for one in burst:
            one.close()
        for _, writer in first:
            writer.close()


@linux
async def test_who_reads_keeps_a_place_however_many_come_and_do_not(folder: Path) -> None:
    async with serving(folder, Limits(connections=6)) as address:
        many = [await reading(address) for _ in range(5)]
        reader, out = await asyncio.open_connection(*address)
        out.write(b"GET /film HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await asyncio.wait_for(reader.readexactly(2**20), PATIENCE)
        for _ in range(40):
            many.append(await reading(address))
            await asyncio.wait_for(reader.readexactly(2**16), PATIENCE)
        assert not is_cut(out.get_extra_info("socket"))
        for _, writer in (*many, (reader, out)):
            writer.close()


@pytest.mark.parametrize("size", [LARGE, 2**20, 300_000, 150_000, 100_000, 1])
async def test_no_place_stays_with_who_reads_nothing_of_any_size(folder: Path, size: int) -> None:
    (folder / "film").write_bytes(bytes(size))
    limits = Limits(connections=4, idle=0.5, unread=0.5, read_rate=1)
    async with serving(folder, limits) as address:
        many = [await reading(address) for _ in range(12)]
        async with asyncio.timeout(PATIENCE):
            while await status(address, "small") != 200:
                pass

        # Nobody else comes: those that are left are ended for what they do not read.
        async with asyncio.timeout(PATIENCE):
            while open_files(folder / "film") or connections_of(address):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        for _, writer in many:
            writer.close()


def open_files(path: Path) -> int:
    return sum(Path(one.path) == path for one in psutil.Process().open_files())


def connections_of(address: tuple[str, int]) -> int:
    """Connections that the server of this process still has."""
    found = psutil.Process().net_connections("tcp")
    return sum(one.laddr == address and one.status != psutil.CONN_LISTEN for one in found)


async def test_half_a_request_has_ten_seconds_and_a_kept_connection_longer(folder: Path) -> None:
    async with serving(folder, replace(LIMITS, headers=0.2)) as address:
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET /small HTTP/1.1\r\nHost: a\r\n")
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()

        reader, writer = await asyncio.open_connection(*address)
        for _ in range(2):
            writer.write(b"GET /small HTTP/1.1\r\nHost: a\r\n\r\n")
            assert b"small" in await reader.readuntil(b"small")
            await asyncio.sleep(0.5)
        writer.close()


@linux
async def test_many_of_one_address_take_no_place_from_others(folder: Path) -> None:
    limits = Limits(connections=8, per_address=3, proxies=())
    async with serving(folder, limits) as address:
        many = [await reading(address, source="127.0.0.2") for _ in range(20)]
        others = [await status(address, "small", source=f"127.0.0.{n}") for n in range(3, 8)]
        assert others == [200] * 5
        assert sum(is_open(writer) for _, writer in many) <= 3
        for _, writer in many:
            writer.close()


def is_open(writer: asyncio.StreamWriter) -> bool:
    return not is_cut(writer.get_extra_info("socket"))


async def test_behind_a_proxy_one_address_may_have_every_place(folder: Path) -> None:
    async with serving(folder, Limits(connections=8, per_address=1)) as address:
        many = [await reading(address) for _ in range(8)]
        firsts = [await asyncio.wait_for(reader.readline(), PATIENCE) for reader, _ in many]
        assert all(b"200" in first for first in firsts)
        for _, writer in many:
            writer.close()


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("::1", None),
        ("10.1.2.3", None),
        ("not an address", None),
    ],
)
def test_what_an_address_counts_as(host: str, counted: str | None) -> None:
    proxies = (*LIMITS.proxies, ip_network("10.0.0.0/8"))
    found = public(proxies=proxies).counted(host)
    assert (None if found is None else str(found)) == counted


@pytest.mark.parametrize("parts", [1, 2, 5, 32, 10**6])
def test_some_places_are_always_there(parts: int) -> None:
    assert 16 <= share_of_files(parts=parts, most=300) <= 300


async def test_neither_links_nor_what_is_no_file_is_sent(folder: Path) -> None:
    (folder / "link").symlink_to(folder / "small")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    async with serving(folder, LIMITS) as address:
        found = [await status(address, name) for name in ("small", "link", "pipe", "folder", "no")]
    assert found == [200, 404, 404, 404, 404]


def test_a_line_a_minute_tells_how_many_there_were(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    throttle = LogThrottle(clock=lambda: now)
    logger = logging.getLogger("bot.serving.test")
    with caplog.at_level(logging.INFO):
        for now in (0.0, 1.0, EVERY - 1, EVERY, EVERY + 1):  # noqa: B007 - the clock reads it
            throttle.log(logger, logging.INFO, "full", action="full")
            throttle.log(logger, logging.INFO, "odd", action="odd")
    assert [record.getMessage() for record in caplog.records] == [
        "full", "odd",
        "full (2 times more since the last line)", "odd (2 times more since the last line)",
    ]  # fmt: skip


def test_connections_without_a_file_left_are_no_flood() -> None:
    out = logging.LogRecord(
        "asyncio", logging.ERROR, "", 0, "socket.accept() out of system resource\n...", None, None
    )
    other = logging.LogRecord("asyncio", logging.ERROR, "", 0, "another", None, None)
    quiet = OutOfFilesFilter()
    assert quiet.filter(out)
    assert "ulimit -n" in out.getMessage()
    out.msg = "socket.accept() out of system resource\n..."
    assert not quiet.filter(out)
    assert quiet.filter(other)
