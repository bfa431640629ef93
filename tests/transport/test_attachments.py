"""Reference images come from Discord's hosts alone, as they are, and no larger than they may be."""

import gzip
from collections.abc import AsyncIterator

import pytest
import stamina

from bot.runtime.proxies import NONE
from bot.transport.attachments import Attachments, NotHandedOver
from tests.videos_server.faults import Fault as Behaviour
from tests.videos_server.faults import answer as says
from tests.videos_server.server import ScriptedServer, scripted


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted() as running:
        yield running


def attachments(server: ScriptedServer) -> Attachments:
    return Attachments(largest=1000, proxies=NONE, also=f"{server.origin}/api/v10")


async def test_a_file_is_fetched_with_its_signature(server: ScriptedServer) -> None:
    server.on("GET", "/a.png", says(200, b"png"))
    assert await attachments(server).fetch(f"{server.base_url}/a.png?ex=1&hm=2") == b"png"
    assert server.requests[0].path == "/v1/a.png?ex=1&hm=2"


@pytest.mark.parametrize(
    "address",
    [
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com.example.org/a.png",
        "https://notdiscordapp.com/a.png",
        "https://cdn.discordapp.com@example.org/a.png",
        "https://example.org/a.png",
        "http://127.0.0.1:1/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "//cdn.discordapp.com/a.png",
        "",
        "http://[::1",
    ],
)
async def test_no_other_host_is_asked(server: ScriptedServer, address: str) -> None:
    with pytest.raises(NotHandedOver, match="does not lie at Discord"):
        await attachments(server).fetch(address)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 403, 404, 204])
async def test_what_is_no_file_is_asked_for_once(server: ScriptedServer, status: int) -> None:
    server.on("GET", "/a.png", *[says(status, b"", Location="/v1/b.png")] * 3)
    with pytest.raises(NotHandedOver):
        await attachments(server).fetch(f"{server.base_url}/a.png")
    assert len(server.requests) == 1


async def test_what_may_pass_is_asked_for_again(server: ScriptedServer) -> None:
    server.on("GET", "/a.png", says(503), says(200, b"png"))
    with stamina.set_testing(True, attempts=3):
        assert await attachments(server).fetch(f"{server.base_url}/a.png") == b"png"


@pytest.mark.parametrize(
    "answer",
    [
        says(200, bytes(1001)),
        says(200, bytes(10**6)),
        says(200, gzip.compress(bytes(10**6)), Content_Encoding="gzip"),
    ],
    ids=["a byte more", "much more", "a bomb"],
)
async def test_it_is_counted_while_it_is_read(server: ScriptedServer, answer: Behaviour) -> None:
    server.on("GET", "/a.png", answer)
    try:
        data = await attachments(server).fetch(f"{server.base_url}/a.png")
    except NotHandedOver:
        data = b""
    assert len(data) <= 1000
