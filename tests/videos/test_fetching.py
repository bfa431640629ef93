"""The hosts that films are fetched from: no server leads the bot to a private address."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.videos.client import VideosClient
from bot.videos.errors import FilmBroken, VideosError
from bot.videos.fetching import REDIRECTS, Fetcher, Forbidden, PublicResolver, is_public
from tests.media import films
from tests.videos.connecting import connected
from tests.videos_server.faults import answer
from tests.videos_server.server import ScriptedServer, scripted


@pytest.fixture
async def inside() -> AsyncIterator[ScriptedServer]:
    """A private service on the bot's machine."""
    async with scripted() as running:
        yield running.on("GET", "/secret", *[answer(200, films.mp4())] * 3)


def leads_to(server: ScriptedServer, address: str, *, how: str) -> None:
    if how == "redirect":
        server.on("GET", "/videos/v/content", answer(302, b"", Location=address))
    elif how == "answer":
        told = f'{{"url": "{address}"}}'.encode()
        server.on("GET", "/videos/v/content", answer(200, told, Content_Type="application/json"))
    else:
        server.on("GET", "/videos/v/content", answer(404, b"{}"))
        told = f'{{"id": "v", "status": "completed", "url": "{address}"}}'.encode()
        server.on("GET", "/videos/v", answer(200, told))


@pytest.mark.parametrize("how", ["redirect", "answer", "job"])
async def test_a_server_cannot_lead_to_a_private_address(
    server: ScriptedServer, inside: ScriptedServer, client: VideosClient, tmp_path: Path, how: str
) -> None:
    port = URL(inside.origin).port
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        leads_to(server, f"http://{host}:{port}/v1/secret", how=how)

        with pytest.raises(Forbidden):
            await client.download("v", tmp_path / "film")

    assert inside.requests == []


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://example.org/film", "http://[fe80::1%25eth0]/film"]
)
async def test_only_http_addresses_are_fetched(
    server: ScriptedServer, client: VideosClient, tmp_path: Path, address: str
) -> None:
    leads_to(server, address, how="redirect")
    with pytest.raises(VideosError):
        await client.download("v", tmp_path / "film")


@pytest.mark.parametrize(
    "host",
    ["127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.1.", "0177.0.0.1",
     "127.0.0.0x1", "10.0.7", "1", "a.1", "0X7F.0.0.1"],
)  # fmt: skip
async def test_a_number_that_is_no_canonical_address_is_refused(
    server: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """The system's resolver is not asked."""

    async def resolve(*_: object) -> list[dict[str, object]]:
        raise AssertionError("it was resolved")

    monkeypatch.setattr(PublicResolver, "resolve", resolve)
    leads_to(server, f"http://{host}/film", how="redirect")
    async with connected(server.base_url) as client:
        with pytest.raises(Forbidden):
            await client.download("v", tmp_path / "film")


@pytest.mark.parametrize(
    "named",
    ["127.0.0.1:{port}", "127.0.0.1", " 127.0.0.1:{port} ", "http://127.0.0.1:{port}/",
     "[::ffff:127.0.0.1]:1, 127.0.0.1"],
)  # fmt: skip
async def test_a_trusted_host_is_recognised_in_every_spelling(
    server: ScriptedServer, inside: ScriptedServer, tmp_path: Path, named: str
) -> None:
    port = URL(inside.origin).port
    hosts = frozenset(each.format(port=port) for each in named.split(","))
    leads_to(server, f"http://127.0.0.1:{port}/v1/secret", how="redirect")
    async with connected(server.base_url, film_hosts=hosts) as client:
        await client.download("v", tmp_path / "film")


@pytest.mark.parametrize(
    ("named", "address", "trusted"),
    [
        ("MinIO:9000", "http://minio:9000/film", True),
        ("minio", "http://MINIO:9000/film", True),
        ("minio.", "http://minio/film", True),
        ("minio:80", "http://minio/film", True),
        ("minio:443", "http://minio/film", False),
        ("minio:443", "https://minio/film", True),
        ("minio:9000", "http://minio:9001/film", False),
        ("minio", "http://minio.example.org/film", False),
        ("[::1]:9000", "http://[::1]:9000/film", True),
        ("::1", "http://[::1]:9000/film", True),
        ("[FD00:0::1]", "http://[fd00::1]/film", True),
        ("[::1]:9000", "http://[::1]:9001/film", False),
        ("[::1", "http://[::1]/film", False),
        ("", "http://minio/film", False),
    ],
)
async def test_hosts_and_ports_are_trusted_as_named(
    named: str, address: str, *, trusted: bool
) -> None:
    async with aiohttp.ClientSession() as session:
        fetcher = Fetcher(
            inside=session,
            base=URL("http://videos.example.org/v1"),
            trusted=frozenset({named}),
            timeout=aiohttp.ClientTimeout(),
        )
        assert fetcher.is_trusted(URL(address)) is trusted


async def test_a_loop_of_redirects_ends(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    circle = [answer(302, b"", Location="/v1/videos/v/content")] * (REDIRECTS + 5)
    server.on("GET", "/videos/v/content", *circle)
    with pytest.raises(FilmBroken):
        await client.download("v", tmp_path / "film")
    asked = [seen.path for seen in server.requests]
    assert asked == ["/v1/videos/v/content"] * (REDIRECTS + 1) + ["/v1/videos/v"]


async def test_a_name_is_checked_by_its_resolved_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(*_: object) -> list[dict[str, object]]:
        return [{"host": "10.0.0.7"}, {"host": "93.184.216.34"}]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    found = await PublicResolver().resolve("films.example.org", 443)
    assert [each["host"] for each in found] == ["93.184.216.34"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("127.9.9.9", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("::1", False),
        ("fd00::1", False),
        ("fe80::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::169.254.169.254", False),
        ("64:ff9b:1::8.8.8.8", False),
        ("2002:a00:1::1", False),
        ("2002:7f00:1::", False),
        ("2002:808:808::1", True),
        ("2001:0:a00:1:8000:63bf:3fff:fdd2", False),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
        ("::10.0.0.1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("fec0::1", False),
        ("ff0e::1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_addresses_are_public_or_not(address: str, *, public: bool) -> None:
    assert is_public(address) is public
