"""The client on a real network: it downloads a whole film, or leaves no file."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from bot.media.container import MP4
from bot.videos.client import VideosClient
from bot.videos.errors import (
    FilmBroken,
    FilmNotReady,
    Unauthorized,
    Unavailable,
    VideosError,
)
from tests.media import films
from tests.videos.connecting import SHORT, connected
from tests.videos_server.faults import Fault, answer, breaks_off, cut, silent
from tests.videos_server.server import ScriptedServer


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_download_leaves_only_the_whole_film(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    film = films.mp4(bytes(range(256)) * 4000)
    server.on("GET", "/videos/video_1/content", answer(200, film, Content_Type="video/mp4"))
    assert await client.download("video_1", tmp_path / "film") is MP4
    assert names(tmp_path) == ["film"]
    assert (tmp_path / "film").read_bytes() == film
    assert server.requests[0].path == "/v1/videos/video_1/content", "no variant is asked for"


FILM = films.mp4()
PARTIAL = f"bytes 0-{len(FILM) - 41}/{len(FILM)}"


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        (breaks_off(FILM[:-40], promised=len(FILM)), Unavailable),
        (breaks_off(FILM, promised=len(FILM) + 40), Unavailable),
        (breaks_off(FILM[:-40]), Unavailable),
        (cut, Unavailable),
        (answer(200, FILM[:-40]), FilmBroken),
        (answer(200, {"id": "video_1", "output_path": "/out/1.mp4"}), FilmBroken),
        (answer(200, b"<!doctype html><html></html>", Content_Type="text/html"), FilmBroken),
        (answer(200), FilmBroken),
        (answer(206, FILM[:-40], Content_Range=PARTIAL), FilmBroken),
        (answer(206, films.WEBM, Content_Range="bytes 1-64/65"), FilmBroken),
        (answer(202), FilmNotReady),
        (answer(204), FilmNotReady),
        (answer(400, {"detail": "is not ready (status: generating)"}), FilmNotReady),
        (answer(404, {"detail": "Generation is still in-progress"}, Retry_After="2"), FilmNotReady),
        (answer(409, {"error": {"message": "not yet"}}), FilmNotReady),
        (answer(425), FilmNotReady),
        (answer(429, b"", Retry_After="2"), FilmNotReady),
        (answer(502, b"<html>"), Unavailable),
        (answer(401), Unauthorized),
    ],
    ids=[
        "Content-Length answer more", "Content-Length lies", "cut between chunks", "cut", "half",
        "json", "html", "empty", "a part", "the last part", "accepted", "no content",
        "400", "404", "409", "425", "429", "502", "401",
    ],
)  # fmt: skip
async def test_a_broken_film_leaves_no_file(
    server: ScriptedServer,
    client: VideosClient,
    tmp_path: Path,
    behaviour: Fault,
    error: type[VideosError],
) -> None:
    server.on("GET", "/videos/video_1/content", behaviour)
    with pytest.raises(VideosError) as caught:
        await client.download("video_1", tmp_path / "film")
    assert type(caught.value) is error
    assert names(tmp_path) == []


async def test_film_not_ready_carries_the_servers_wait(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    server.on("GET", "/videos/video_1/content", answer(404, {"detail": "soon"}, Retry_After="2"))
    with pytest.raises(FilmNotReady) as caught:
        await client.download("video_1", tmp_path / "film")
    assert caught.value.retry_after == 2.0


async def test_a_failed_second_download_keeps_the_first_film(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    server.on("GET", "/videos/video_1/content", answer(200, FILM), breaks_off(FILM[:60]))
    await client.download("video_1", tmp_path / "film")
    with pytest.raises(Unavailable):
        await client.download("video_1", tmp_path / "film")
    assert (tmp_path / "film").read_bytes() == FILM
    assert names(tmp_path) == ["film"]


async def test_a_stalled_download_is_given_up(server: ScriptedServer, tmp_path: Path) -> None:
    async def stalls(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(FILM[:60])
        return await silent(request)

    server.on("GET", "/videos/video_1/content", stalls)
    async with connected(server.base_url, patience=SHORT) as client, asyncio.timeout(10):
        with pytest.raises(Unavailable):
            await client.download("video_1", tmp_path / "film")
    assert names(tmp_path) == []


async def test_a_cancelled_download_leaves_no_file(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    begun = asyncio.Event()

    async def stalls(request: web.Request) -> web.StreamResponse:
        begun.set()
        return await silent(request)

    server.on("GET", "/videos/video_1/content", stalls)
    download = asyncio.create_task(client.download("video_1", tmp_path / "film"))
    await begun.wait()
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    assert names(tmp_path) == []


async def test_a_full_disk_raises_os_error(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    server.on("GET", "/videos/video_1/content", answer(200, FILM))
    with pytest.raises(FileNotFoundError):
        await client.download("video_1", tmp_path / "nowhere" / "film")
