"""The ways to a film: /content, where it leads, the job's own address, and the answer itself."""

import socket
from base64 import b64encode
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import aiohappyeyeballs
import pytest
from aiohttp.resolver import ThreadedResolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.media.container import MP4
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
    FilmWithheld,
    Unauthorized,
    Unavailable,
    VideosError,
)
from bot.videos.models import CreateVideo, VideoStatus
from tests.media import films
from tests.videos.connecting import KEY, connected
from tests.videos_server.faults import answer
from tests.videos_server.server import ScriptedServer, scripted

FILM = films.mp4()
INSIDE = b64encode(FILM).decode()
CAT = CreateVideo(prompt="a calico cat", size="720x1280", seconds="4")
DONE = {"id": "v", "status": "completed"}


@pytest.fixture
async def store() -> AsyncIterator[ScriptedServer]:
    """Another host, which keeps films."""
    async with scripted() as running:
        yield running


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


# ------------------------------------------------------------------ signed addresses


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_expired_address_is_requested_again(
    server: ScriptedServer, store: ScriptedServer, tmp_path: Path, status: int
) -> None:
    """OpenRouter's and SGLang's addresses end after hours; the job has a fresh one."""
    old, fresh = (f"{store.base_url}/film?signature={mark}" for mark in ("old", "fresh"))
    store.on(
        "GET", "/film", answer(status, b"<Error>Request has expired</Error>"), answer(200, FILM)
    )
    server.on("GET", "/videos/v/content", answer(302, b"", Location=old))
    server.on("GET", "/videos/v", answer(200, DONE | {"url": fresh}))
    async with connected(server.base_url, film_hosts=[store.host]) as client:
        assert await client.download("v", tmp_path / "film") is MP4
    assert [seen.path.partition("=")[2] for seen in store.requests] == ["old", "fresh"]
    assert all("Authorization" not in seen.headers for seen in store.requests)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("how", ["redirect", "JSON", "SGLang's 400", "job"])
async def test_a_refusal_by_another_host_says_nothing_of_the_key(
    server: ScriptedServer, store: ScriptedServer, tmp_path: Path, status: int, how: str
) -> None:
    address = f"{store.base_url}/film?signature=abc"
    store.on("GET", "/film", *[answer(status, b"<Error>AccessDenied</Error>")] * 3)
    content = {
        "redirect": answer(302, b"", Location=address),
        "JSON": answer(200, {"url": address}, Content_Type="application/json"),
        "SGLang's 400": answer(400, {"detail": f"Please use the cloud URL: {address}"}),
        "job": answer(404),
    }[how]
    server.on("GET", "/videos/v/content", content)
    server.on("GET", "/videos/v", answer(200, DONE | {"url": address}))
    async with connected(server.base_url, film_hosts=[store.host]) as client:
        with pytest.raises(FilmNotReady) as caught:
            await client.download("v", tmp_path / "film")
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_film_is_withheld_where_the_key_opens_only_its_job(
    server: ScriptedServer, tmp_path: Path, status: int
) -> None:
    server.on("GET", "/videos/v/content", answer(status, {"error": {"message": "SSRF block"}}))
    server.on("GET", "/videos/v", answer(200, DONE))
    async with connected(server.base_url) as client:
        with pytest.raises(FilmWithheld, match="SSRF block"):
            await client.download("v", tmp_path / "film")


async def test_a_key_that_the_job_refuses_too_is_unauthorized(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.on("GET", "/videos/v/content", answer(401))
    server.on("GET", "/videos/v", answer(401, {"error": "Unauthorized"}))
    async with connected(server.base_url) as client:
        with pytest.raises(Unauthorized):
            await client.download("v", tmp_path / "film")


async def test_an_unreachable_film_host_is_retried_and_the_dialect_stays_known(
    server: ScriptedServer, tmp_path: Path
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
    server.on("GET", "/videos/v/content", answer(302, b"", Location=f"http://{host}/film"))
    server.on("GET", "/models", answer(200, {"data": [{"id": "w", "owned_by": "vllm"}]}))
    server.on("GET", "/videos", answer(200, {"data": []}))
    async with connected(server.base_url, film_hosts=[host]) as client:
        await client.find_out()
        with pytest.raises(Unavailable):
            await client.download("v", tmp_path / "film")
        assert client.dialect.name == "vllm-omni"


# ------------------------------------------------------------------ any address at all

HOSTS = st.one_of(
    st.sampled_from(
        ["", "[::1", "::1]", "[::1]", "[::1]:0", "....", "a..b", "a" * 64, "a" * 300, "xn--", "-",
         "localhost", "127.1", "0x7f.1", "2130706433", "user:pass@10.0.0.1", "ü.example", "a_b.c",
         "%", "%00", "[fe80::1%25eth0]", "[64:ff9b::a00:1]", "\u2024\u2024", "a b", "xn--a"]
    ),
    st.text(max_size=12),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda ip: f"[{ip}]"),
)  # fmt: skip
PORTS = st.sampled_from(["", ":", ":0", ":80", ":99999", ":-1", ":x", ":٣"])
ADDRESSES = st.one_of(
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(
            ["http://", "https://", "//", "/", "ftp://", "file://", "HTTP://", "data:"]
        ),
        HOSTS,
        PORTS,
        st.sampled_from(["", "/", "/x", "?", "#", "/\x00", "/%zz", "/../..", "\\x", "/\ud800"]),
    ),
    st.text(max_size=40).map(lambda text: f"http://{text}"),
)


@pytest.mark.slow
@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(address=ADDRESSES)
async def test_any_film_address_fails_only_with_videos_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    connect = cast("Any", aiohappyeyeballs).start_connection

    async def resolves_nothing(*_: object) -> list[object]:
        raise OSError("no such host")

    async def leads_nowhere(addr_infos: Any, **options: Any) -> socket.socket:  # noqa: ANN401
        if addr_infos[0][4][0] != "127.0.0.1":
            raise OSError("no route")
        return await connect(addr_infos, **options)

    monkeypatch.setattr(ThreadedResolver, "resolve", resolves_nothing)
    monkeypatch.setattr("aiohttp.connector.aiohappyeyeballs.start_connection", leads_nowhere)
    async with scripted() as server, connected(server.base_url, dialect="reseller") as client:
        server.on(
            "GET",
            "/videos/v/content",
            *[answer(200, {"url": address}, Content_Type="application/json")] * 2,
        )
        server.on("GET", "/videos/v", *[answer(200, DONE)] * 2)
        with pytest.raises(VideosError):
            await client.download("v", tmp_path / "film")
        with pytest.raises(VideosError):
            await client.download("v", tmp_path / "film", film_url=address)
        assert all(KEY not in seen.path for seen in server.requests)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "address",
    ["http://[::1", "http://example.org:99999/x", "http://..../x", "http://a..b/", "https://:80/"],
)
async def test_a_malformed_address_is_a_broken_film(
    server: ScriptedServer, tmp_path: Path, address: str
) -> None:
    server.on("GET", "/videos/v/content", answer(302, b"", Location=address))
    async with connected(server.base_url) as client:
        with pytest.raises(FilmBroken):
            await client.download("v", tmp_path / "film")


# ------------------------------------------------------------------ films inside answers


async def test_dynamos_film_inside_the_answer_to_the_create_is_written(
    server: ScriptedServer, tmp_path: Path
) -> None:
    large = films.mp4(bytes(9 * 2**20))
    told = DONE | {"data": [{"b64_json": b64encode(large).decode()}], "created": 1795000000}
    server.on("POST", "/videos", answer(200, told))
    async with connected(server.base_url, dialect="dynamo") as client:
        reading = await client.create(CAT, tmp_path / "film")
    assert (reading.video.id, reading.video.status) == ("v", VideoStatus.COMPLETED)
    assert reading.film is MP4
    assert names(tmp_path) == ["film"]
    assert (tmp_path / "film").read_bytes() == large


@pytest.mark.parametrize("inside", ["", "AAAA", "%%%", INSIDE[: len(INSIDE) // 2]])
async def test_a_broken_film_inside_an_answer_leaves_the_answer_valid(
    server: ScriptedServer, tmp_path: Path, inside: str
) -> None:
    server.on("POST", "/videos", answer(200, DONE | {"data": [{"b64_json": inside}]}))
    async with connected(server.base_url) as client:
        reading = await client.create(CAT, tmp_path / "film")
    assert (reading.video.id, reading.film) == ("v", None)
    assert names(tmp_path) == []


@pytest.mark.parametrize("where", ["content", "job"])
async def test_a_film_inside_the_answer_of_content_or_of_the_job_is_downloaded(
    server: ScriptedServer, tmp_path: Path, where: str
) -> None:
    told = answer(200, DONE | {"data": [{"b64_json": INSIDE}]}, Content_Type="application/json")
    server.on("GET", "/videos/v/content", told if where == "content" else answer(404))
    server.on("GET", "/videos/v", told)
    async with connected(server.base_url) as client:
        assert await client.download("v", tmp_path / "film") is MP4
    assert (tmp_path / "film").read_bytes() == FILM


async def test_a_poll_of_a_job_with_its_film_inside_is_read(server: ScriptedServer) -> None:
    film = b64encode(bytes(6 * 2**20)).decode()
    server.on("GET", "/videos/v", answer(200, DONE | {"data": [{"b64_json": film}]}))
    async with connected(server.base_url) as client:
        assert (await client.retrieve("v")).video.status is VideoStatus.COMPLETED


# ------------------------------------------------------------------ single servers


async def test_the_first_of_openrouters_films_is_requested(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.on("GET", "/videos/v/content", answer(200, FILM))
    async with connected(server.base_url, dialect="openrouter") as client:
        await client.download("v", tmp_path / "film")
    assert server.requests[0].path == "/v1/videos/v/content?index=0"


async def test_openrouters_unsigned_address_gets_the_key_at_its_own_origin(
    server: ScriptedServer, tmp_path: Path
) -> None:
    address = f"{server.base_url}/files/v"
    server.on("GET", "/videos/v/content", answer(404))
    server.on("GET", "/videos/v", answer(200, DONE | {"unsigned_urls": [address]}))
    server.on("GET", "/files/v", answer(200, FILM))
    async with connected(server.base_url, dialect="openrouter") as client:
        await client.download("v", tmp_path / "film")
    assert server.requests[-1].headers["Authorization"] == f"Bearer {KEY}"


async def test_fastvideos_half_written_film_is_refused_until_it_is_whole(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.on("GET", "/videos/v/content", answer(200, FILM[:-40]), answer(200, FILM))
    async with connected(server.base_url, dialect="fastvideo") as client:
        with pytest.raises(FilmBroken, match="cut short"):
            await client.download("v", tmp_path / "film")
        assert await client.download("v", tmp_path / "film") is MP4
