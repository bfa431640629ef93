"""Many clients that send or read as slowly as they can, over real sockets, and one that hurries."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import (
    AbstractAsyncContextManager,
    ExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import replace
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.server.app import ServerConfig, running
from bot.serving.limits import LIMITS, Limits
from tests.server.conftest import StandIn
from tests.server.support import PATIENCE, Videos, eventually

CREATE = b"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
LONG = LIMITS.body * 10
"""Seconds that no test lasts: what ends here, ends for another reason."""
FOR_EVER = Limits(headers=LONG, idle=LONG, body=LONG, lingering=LONG, unread=LONG)


class Clients:
    """Plain sockets to one server, closed at the end."""

    def __init__(self, base_url: str) -> None:
        self._address = ("127.0.0.1", urlsplit(base_url).port or 0)
        self._sockets = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sockets.close()

    async def open(self, *, window: int | None = None) -> socket.socket:
        """Connect; with a `window` the kernel takes few bytes that are not read."""
        client = self._sockets.enter_context(socket.socket())
        if window:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        client.settimeout(PATIENCE)
        # The server runs in this thread's loop.
        await asyncio.to_thread(client.connect, self._address)
        return client

    async def sending(
        self, data: bytes, count: int, *, window: int | None = None
    ) -> list[socket.socket]:
        """Connect `count` times and send the same."""
        opened = [await self.open(window=window) for _ in range(count)]
        for one in opened:
            with suppress(ConnectionError):  # It had to make room already.
                await asyncio.to_thread(one.sendall, data)
        return opened


Served = Callable[..., AbstractAsyncContextManager[tuple[Videos, Clients]]]


@pytest.fixture
def served(config: ServerConfig, stand_in: StandIn) -> Served:
    """A server with limits, a client of it, and any number of bad ones."""

    @asynccontextmanager
    async def serve(**limits: float) -> AsyncGenerator[tuple[Videos, Clients]]:
        patient = replace(config, limits=replace(FOR_EVER, **limits))
        async with (
            running(patient, command=stand_in.command) as base,
            aiohttp.ClientSession(f"{base}/") as session,
        ):
            with Clients(base) as clients:
                yield Videos(session), clients

    return serve


async def rest(client: socket.socket) -> bytes:
    """Everything that comes until the server closes, or cuts it off."""

    def read() -> bytes:
        parts: list[bytes] = []
        with suppress(ConnectionError):
            while part := client.recv(65536):
                parts.append(part)
        return b"".join(parts)

    return await asyncio.to_thread(read)


def said(answer: bytes) -> tuple[int, str]:
    """The status and the error's code."""
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)["error"]["code"]


async def test_headers_that_drip_are_not_waited_for_longer_than_their_time(
    served: Served,
) -> None:
    async with served(headers=0.3) as (videos, clients):
        dripping = await clients.sending(CREATE, 50)

        async def drip(client: socket.socket) -> None:
            with suppress(ConnectionError):
                while True:
                    client.sendall(b"X")
                    await asyncio.sleep(0.02)

        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*map(drip, dripping))

        assert (await videos.call("GET", "models"))[0] == 200


async def test_endless_headers_are_cut_off(served: Served) -> None:
    async with served() as (_, clients):
        client = (await clients.sending(CREATE, 1))[0]
        sent = 0
        with suppress(ConnectionError):
            while sent < 2**20:
                await asyncio.to_thread(client.sendall, b"X-Name: %s\r\n" % (b"x" * 1000))
                sent += 1000
                await asyncio.sleep(0)
        assert sent < 2**20


async def test_a_body_that_drips_is_refused_in_time(served: Served) -> None:
    async with served(body=0.3, lingering=0.1) as (videos, clients):
        dripping = await clients.sending(CREATE + b'Content-Length: 99\r\n\r\n{"prompt": "', 50)

        answers = await asyncio.gather(*map(rest, dripping))

        assert {said(answer) for answer in answers} == {(408, "request_timeout")}
        assert (await videos.call("GET", "videos"))[1]["data"] == []


@pytest.mark.parametrize(
    "started",
    [
        b"GET /v1/vid",
        CREATE + b"Content-Length: 99\r\n\r\n{",
        CREATE + b"Transfer-Encoding: chunked\r\n\r\n9",
    ],
    ids=["headers", "body", "chunks"],
)
async def test_a_house_full_of_slow_senders_has_room_for_a_quick_one(
    served: Served, started: bytes
) -> None:
    async with served(connections=20, lingering=0.1) as (videos, clients):
        slow = await clients.sending(started, 40)

        done = await videos.until(await videos.create("quick"), "completed")

        assert done["progress"] == 100
        # The first came first, and waited the longest.
        gone = await rest(slow[0])
        assert gone == b"" or said(gone) == (408, "request_timeout")


async def test_clients_that_do_not_read_a_film_are_cut_off(
    served: Served,
) -> None:
    async with served(unread=0.3, read_rate=1) as (videos, clients):
        film = await videos.create("large")
        await videos.until(film, "completed")
        asked = f"GET /v1/videos/{film}/content HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        unread = await clients.sending(asked, 20, window=4096)
        async with videos.session.get(f"videos/{film}/content") as answer:
            whole = len(await answer.read())

        await eventually(lambda: not open_files(film))

        assert all([len(await rest(client)) < whole for client in unread])


async def test_a_house_full_of_stalled_downloads_has_room_for_a_reader(served: Served) -> None:
    async with served(connections=10) as (videos, clients):
        film = await videos.create("large")
        await videos.until(film, "completed")
        asked = f"GET /v1/videos/{film}/content HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        await clients.sending(asked, 20, window=4096)

        async with videos.session.get(f"videos/{film}/content") as answer:
            assert len(await answer.read()) == int(answer.headers["Content-Length"])


async def test_clients_that_do_not_read_json_are_cut_off(served: Served) -> None:
    async with served(unread=0.3) as (videos, clients):
        await asyncio.gather(*(videos.create("🎬" * 4000) for _ in range(50)))
        unread = await clients.open(window=4096)
        unread.sendall(b"GET /v1/videos?limit=50 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 50)
        _, page = await videos.call("GET", "videos", params={"limit": "50"})

        async with asyncio.timeout(PATIENCE):
            while True:  # Reading would be what it waits for.
                try:
                    unread.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                except ConnectionError:
                    break
                await asyncio.sleep(0.05)

        assert len(page["data"]) == 50


async def test_unfinished_bodies_are_bounded_all_together(served: Served) -> None:
    async with served(held=4 * 2**20, lingering=0.1) as (videos, clients):
        head = CREATE + b"Content-Length: %d\r\n\r\n" % (2 * 2**20)
        greedy = await clients.sending(head, 8)
        await asyncio.gather(
            *(asyncio.to_thread(one.sendall, b" " * (2**20 + 2**19)) for one in greedy)
        )
        await videos.create("quick")

        async def first() -> bytes:
            waiting = [asyncio.create_task(rest(one)) for one in greedy]
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for one in greedy:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            await asyncio.wait(waiting)
            return done.pop().result()

        assert said(await first()) == (408, "request_timeout")


TOO_LARGE, NO_FORM = (413, "request_too_large"), (400, "invalid_form")


def part(about: str) -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("kind", "start", "refusal"),
    [
        ("application/json", b'{"prompt": "', TOO_LARGE),
        ("application/x-www-form-urlencoded", b"prompt=", TOO_LARGE),
        ("multipart/form-data; boundary=b", part('name="prompt"'), TOO_LARGE),
        ("multipart/form-data; boundary=b", part('name="a"; filename="a"'), TOO_LARGE),
        ("multipart/form-data; boundary=b", part('filename="a"'), NO_FORM),
        ("multipart/form-data; boundary=b", b"preamble\r\n", NO_FORM),
    ],
    ids=["json", "urlencoded", "field", "file", "nameless", "preamble"],
)
async def test_an_endless_body_is_refused_at_its_limit(
    served: Served, kind: str, start: bytes, refusal: tuple[int, str]
) -> None:
    async with served(lingering=0.1) as (_, clients):
        client = await clients.open()
        head = f"POST /v1/videos HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"

        def send() -> None:
            client.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n")
            client.sendall(b"%x\r\n%s\r\n" % (len(start), start))
            chunk = b"%x\r\n%s\r\n" % (2**20, b"x" * 2**20)
            with suppress(ConnectionError):
                while True:
                    client.sendall(chunk)

        sending = asyncio.create_task(asyncio.to_thread(send))
        answer = await rest(client)
        await sending

        assert said(answer) == refusal


@pytest.mark.parametrize("told", [b"33554433", b"9" * 18, b"9" * 30, b"-1", b"1e3", b"1, 2"])
async def test_a_length_that_is_too_large_or_none_is_refused_before_any_body(
    served: Served, told: bytes
) -> None:
    async with served(lingering=0.1) as (_, clients):
        [client] = await clients.sending(CREATE + b"Content-Length: %s\r\n\r\n" % told, 1)

        status, _ = said(await rest(client))

        assert status == (413 if told.isdigit() and len(told) < 20 else 400)


async def test_many_small_fields_are_refused(served: Served) -> None:
    async with served() as (videos, _):
        form = aiohttp.FormData(
            [(f"field{n}", "x") for n in range(5000)], default_to_multipart=True
        )
        form.add_field("prompt", "quick")
        status, body = await videos.call("POST", "videos", data=form)

        assert status in (400, 413)
        assert body["error"]["message"].endswith(".")


def open_files(name: str) -> list[str]:
    """Paths of this process's open files that hold a name."""
    found: list[str] = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if name in (path := str(link.readlink())):
                found.append(path)
    return found
