"""Bodies of answers: false encodings, decompression bombs, slow answers, long lists, redaction."""

import asyncio
import gzip
import zlib
from pathlib import Path

import pytest
from aiohttp import web

from bot.media.container import MP4
from bot.videos.body import MinimumRate
from bot.videos.errors import FilmBroken, FilmTooLarge, OutcomeUnknown, Unavailable
from bot.videos.protocol import MOST_LISTED
from bot.videos.wire import BODY_LIMIT
from tests.media import films
from tests.videos.connecting import CAT, JOB, connected
from tests.videos_server.faults import Fault, answer
from tests.videos_server.server import ScriptedServer

FILM = films.mp4(bytes(range(256)) * 4000)
BOMB = gzip.compress(bytes(64 * 2**20), 9)
"""64 MiB of nothing in 64 KiB."""


def raw(body: bytes, encoding: str, status: int = 200) -> Fault:
    """Send bytes with the name of an encoding, whatever they are."""

    async def behave(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Content-Encoding": encoding})
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body)
        return response

    return behave


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def _bytes_in(folder: Path) -> int:
    return sum(each.stat().st_size for each in folder.iterdir())


def _raw_deflate(data: bytes) -> bytes:
    packed = zlib.compressobj(wbits=-15)
    return packed.compress(data) + packed.flush()


# ------------------------------------------------------------------ encodings


@pytest.mark.slow
@pytest.mark.parametrize("film", [FILM, films.mp4(), films.WEBM, films.avi()])
@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "br", "zstd", "GZIP", "odd"])
async def test_a_false_content_encoding_changes_nothing(
    server: ScriptedServer, tmp_path: Path, encoding: str, film: bytes
) -> None:
    server.on("GET", "/videos/v/content", raw(film, encoding))
    async with connected(server.base_url) as client:
        await client.download("v", tmp_path / "film")
    assert (tmp_path / "film").read_bytes() == film
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(FILM)),
        ("gzip", gzip.compress(FILM[:5000]) + gzip.compress(FILM[5000:])),
        ("deflate", zlib.compress(FILM)),
        ("deflate", _raw_deflate(FILM)),
    ],
    ids=["gzip", "gzip in two parts", "deflate", "deflate without a header"],
)
async def test_a_compressed_film_is_decompressed(
    server: ScriptedServer, tmp_path: Path, encoding: str, packed: bytes
) -> None:
    server.on("GET", "/videos/v/content", raw(packed, encoding))
    async with connected(server.base_url) as client:
        assert await client.download("v", tmp_path / "film") is MP4
    assert (tmp_path / "film").read_bytes() == FILM


async def test_a_decompression_bomb_ends_at_the_film_limit(
    server: ScriptedServer, tmp_path: Path
) -> None:
    largest = 0

    async def has_room(_: int) -> bool:
        nonlocal largest
        largest = max(largest, _bytes_in(tmp_path))
        return True

    server.on("GET", "/videos/v/content", raw(BOMB, "gzip"))
    async with connected(server.base_url, film_limit=9 * 2**20) as client:
        with pytest.raises(FilmTooLarge):
            await client.download("v", tmp_path / "film", has_room=has_room)
    assert 0 < largest <= 9 * 2**20
    assert names(tmp_path) == []


async def test_a_gzip_of_too_many_members_is_a_broken_answer(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.on("GET", "/videos/v/content", raw(gzip.compress(b"") * 20_000, "gzip"))
    async with connected(server.base_url) as client:
        with pytest.raises((Unavailable, FilmBroken)):
            await client.download("v", tmp_path / "film")


@pytest.mark.usefixtures("no_pauses")
async def test_no_json_answer_decompresses_past_its_limit(server: ScriptedServer) -> None:
    bomb = raw(gzip.compress(b'{"x": "' + bytes(BODY_LIMIT)), "gzip")
    server.on("POST", "/videos", bomb).on("GET", "/videos/v", bomb).on("GET", "/videos", bomb)
    async with connected(server.base_url) as client:
        with pytest.raises(OutcomeUnknown):
            await client.create(CAT)
        with pytest.raises(Unavailable):
            await client.retrieve("v")
        with pytest.raises(Unavailable):
            await client.list()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
async def test_json_with_a_false_content_encoding_is_read(
    server: ScriptedServer, encoding: str
) -> None:
    server.on("POST", "/videos", raw(b'{"id": "v", "status": "queued"}', encoding))
    async with connected(server.base_url) as client:
        assert (await client.create(CAT)).video.id == "v"


async def test_compressed_json_is_read(server: ScriptedServer) -> None:
    server.on("POST", "/videos", raw(gzip.compress(b'{"id": "v", "status": "queued"}'), "gzip"))
    async with connected(server.base_url) as client:
        assert (await client.create(CAT)).video.id == "v"


# ------------------------------------------------------------------ drips


@pytest.mark.parametrize("begins", [b"\0\0\0\x18ftyp", b'{"url": "'], ids=["film", "JSON"])
async def test_an_answer_below_the_minimum_rate_is_given_up(
    server: ScriptedServer, tmp_path: Path, begins: bytes
) -> None:
    async def drips(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(begins)
        for _ in range(10_000):
            await response.write(b" ")
            await asyncio.sleep(0.01)
        return response

    server.on("GET", "/videos/v/content", drips)
    minimum = MinimumRate(rate=10**9, window=0.2)
    async with connected(server.base_url, minimum=minimum) as client, asyncio.timeout(20):
        with pytest.raises(Unavailable, match="bytes a second"):
            await client.download("v", tmp_path / "film")
    assert names(tmp_path) == []


async def test_a_slow_film_above_the_minimum_rate_arrives(
    server: ScriptedServer, tmp_path: Path
) -> None:
    async def is_slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for begin in range(0, len(FILM), 2**17):
            await response.write(FILM[begin : begin + 2**17])
            await asyncio.sleep(0.05)
        return response

    server.on("GET", "/videos/v/content", is_slow)
    async with connected(server.base_url, minimum=MinimumRate(rate=1, window=0.1)) as client:
        assert await client.download("v", tmp_path / "film") is MP4


# ------------------------------------------------------------------ lists


def listed(many: int) -> Fault:
    jobs = ",".join(f'{{"id":"v{number}","status":"queued"}}' for number in range(many))
    return answer(200, f'{{"object":"list","data":[{jobs}]}}'.encode())


async def test_only_wanted_jobs_of_a_long_list_are_read(
    server: ScriptedServer,
) -> None:
    server.on("GET", "/videos", listed(100_000), listed(100_000))
    async with connected(server.base_url) as client:
        page = await client.list(wanted={"v7", f"v{MOST_LISTED - 1}", f"v{MOST_LISTED}"})
        assert [video.id for video in page.data] == ["v7", f"v{MOST_LISTED - 1}"]
        assert len((await client.list()).data) == MOST_LISTED


async def test_a_long_list_does_not_block_the_event_loop(server: ScriptedServer) -> None:
    """The event loop's turns are counted, not seconds."""
    server.on("GET", "/videos", listed(100_000))
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with connected(server.base_url) as client:
        counting = asyncio.create_task(count())
        await client.list(wanted={"v7"})
        counting.cancel()
    assert turns > 10


@pytest.mark.parametrize(
    "body",
    [b'{"data":[' + b"[]," * 10**6 + b"[]]}", b'{"data":[{' + b'"a":1,' * 500_000 + b'"b":1}]}'],
    ids=["lists", "fields"],
)
async def test_an_answer_that_takes_long_to_parse_is_not_parsed(
    server: ScriptedServer, body: bytes
) -> None:
    server.on("GET", "/videos", answer(200, body))
    async with connected(server.base_url) as client:
        with pytest.raises(Unavailable, match="more fields"):
            await client.list()


# ------------------------------------------------------------------ keys


@pytest.mark.parametrize("key", ["-", "0", "none", "video_1", "queued"])
async def test_a_placeholder_key_is_not_redacted(server: ScriptedServer, key: str) -> None:
    server.on("POST", "/videos", answer(200, JOB))
    async with connected(server.base_url, api_key=key) as client:
        assert (await client.create(CAT)).video.id == JOB["id"]


async def test_a_key_is_redacted_in_errors_and_never_in_ids(server: ScriptedServer) -> None:
    key = "00000000"
    told = {"id": f"v-{key}", "status": "failed", "error": {"message": f"bad key {key}!"}}
    server.on("GET", f"/videos/v-{key}", answer(200, told), answer(500, {"error": f"no {key}"}))
    async with connected(server.base_url, api_key=key) as client:
        video = (await client.retrieve(f"v-{key}")).video
        assert video.id == f"v-{key}"
        assert video.error is not None
        assert video.error.message == "bad key ***!"
        with pytest.raises(Unavailable) as caught:
            await client.retrieve(f"v-{key}")
    assert key not in str(caught.value)


async def test_half_a_key_at_the_end_of_a_cut_sentence_is_redacted(server: ScriptedServer) -> None:
    key = "sk-0123456789abcdef"
    words = "x" * 490 + key
    server.on("GET", "/videos/v", answer(500, {"error": words}))
    async with connected(server.base_url, api_key=key) as client:
        with pytest.raises(Unavailable) as caught:
            await client.retrieve("v")
    assert "sk-01234" not in str(caught.value)
