"""Requests through a real HTTP proxy, and those that never go through one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from yarl import URL

from bot.media.container import MP4
from bot.runtime.proxies import Proxies
from bot.settings import SettingsError, load_settings
from bot.videos.errors import FilmBroken, NotSent, VideosError
from tests.loopback.proxy import Proxy, proxy
from tests.media import films
from tests.processes import free_port
from tests.videos.connecting import CAT, JOB, connected
from tests.videos_server.faults import answer
from tests.videos_server.server import ScriptedServer

FAR = "http://videos.example.org/v1"
"""A server whose name only the proxy knows."""
PROXY = "http://proxy.example.org:3128"


@pytest.fixture
async def through(server: ScriptedServer) -> AsyncIterator[Proxy]:
    url = URL(server.origin)
    assert url.host is not None
    assert url.port is not None
    async with proxy(url.host, url.port) as running:
        yield running


async def test_requests_go_through_the_proxy(
    server: ScriptedServer, through: Proxy, tmp_path: Path
) -> None:
    server.on("POST", "/videos", answer(200, JOB))
    server.on("GET", "/videos/v/content", answer(200, films.mp4()))
    proxies = Proxies({"http": through.address.replace("//", "//ada:secret@")})
    async with connected(FAR, api_key="sk-proxies", proxies=proxies) as client:
        assert (await client.create(CAT)).video.id == "video_1"
        assert await client.download("v", tmp_path / "film") is MP4
    assert through.asked[0] == f"POST {FAR}/videos HTTP/1.1"
    assert all("Proxy-Authorization: Basic" in one for one in through.headers)
    assert len(server.requests) == 2


async def test_https_goes_through_a_tunnel(server: ScriptedServer, through: Proxy) -> None:
    proxies = Proxies({"https": through.address})
    async with connected("https://videos.example.org/v1", proxies=proxies) as client:
        with pytest.raises(VideosError):
            await client.retrieve("v")
    assert through.asked[0].startswith("CONNECT videos.example.org:443 ")
    assert server.requests == []


async def test_an_unreachable_proxy_raises_not_sent() -> None:
    proxies = Proxies({"all": f"http://127.0.0.1:{free_port()}"})
    async with connected(FAR, proxies=proxies) as client:
        with pytest.raises(NotSent):
            await client.retrieve("v")


@pytest.mark.parametrize("by_proxy", [False, True])
async def test_films_of_other_hosts_go_direct_unless_a_setting_says_otherwise(
    server: ScriptedServer, through: Proxy, tmp_path: Path, *, by_proxy: bool
) -> None:
    elsewhere = "http://films.invalid/v1/film"
    server.on("GET", "/videos/v/content", answer(200, {"url": elsewhere}))
    server.on("GET", "/film", answer(200, films.mp4()))
    proxies = Proxies({"http": through.address})
    async with connected(FAR, api_key="sk-x", proxies=proxies, films_by_proxy=by_proxy) as client:
        if by_proxy:
            assert await client.download("v", tmp_path / "film") is MP4
            assert "Authorization" not in server.requests[-1].headers
        else:
            with pytest.raises(VideosError):
                await client.download("v", tmp_path / "film")
    assert any(elsewhere in line for line in through.asked) is by_proxy


async def test_no_proxy_is_led_to_a_private_address(
    server: ScriptedServer, through: Proxy, tmp_path: Path
) -> None:
    server.on("GET", "/videos/v/content", answer(200, {"url": "http://10.0.0.7/film"}))
    proxies = Proxies({"http": through.address})
    async with connected(FAR, proxies=proxies, films_by_proxy=True) as client:
        with pytest.raises((FilmBroken, VideosError)):
            await client.download("v", tmp_path / "film")
    assert not any("10.0.0.7" in line for line in through.asked)


@pytest.mark.parametrize(
    ("address", "no_proxy", "goes"),
    [
        ("https://discord.com/api/v10", None, True),
        ("wss://gateway.discord.gg", None, True),
        ("http://videos.example.org/v1", None, False),
        ("https://localhost/v1", None, False),
        ("https://127.0.0.1:8288/v1", None, False),
        ("https://127.9.9.9/v1", None, False),
        ("https://[::1]:8288/v1", None, False),
        ("https://videos.example.org/v1", "*", False),
        ("https://videos.example.org/v1", "example.org", False),
        ("https://videos.example.org/v1", ".EXAMPLE.org", False),
        ("https://videos.example.org/v1", "*.example.org", False),
        ("https://videos.example.org:8443/v1", "example.org:8443", False),
        ("https://videos.example.org:8443/v1", "example.org:443", True),
        ("https://badexample.org/v1", "example.org", True),
        ("https://10.1.2.3/v1", "a.b, 10.0.0.0/8", False),
        ("https://11.1.2.3/v1", "a.b, 10.0.0.0/8", True),
        ("https://[fd00::1]/v1", "fd00::1", False),
        ("https://videos.example.org/v1", " , ", True),
    ],
)
def test_proxies_and_direct_hosts_are_chosen_by_address(
    address: str, no_proxy: str | None, *, goes: bool
) -> None:
    proxies = Proxies({"https": PROXY}, direct=no_proxy)
    assert proxies.for_address(address) == (PROXY if goes else None)


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])
def test_proxy_variables_are_read_in_either_case(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "videos.example.org")
    proxies = load_settings(_env_file=None).proxies
    assert proxies.for_address("https://discord.com") == PROXY
    assert proxies.for_address("https://videos.example.org") is None


def test_an_unusable_proxy_is_reported_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://ada:secret@proxy.example.org:1080")
    with pytest.raises(SettingsError, match="ALL_PROXY must be the http address") as caught:
        load_settings(_env_file=None)
    assert "secret" not in str(caught.value)
