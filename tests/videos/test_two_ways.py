"""Two ways to one film: `/content` and the job's own address, each tried after the other."""

from pathlib import Path

import pytest

from bot.media.container import MP4
from bot.videos.client import VideosClient
from bot.videos.dialects import BY_NAME
from bot.videos.errors import FilmTooLarge, NotFound, VideosError
from tests.media import films
from tests.videos.connecting import connected
from tests.videos_server.faults import Fault, answer, breaks_off, cut
from tests.videos_server.server import ScriptedServer

FILM = films.mp4()
DONE = {"id": "v", "status": "completed"}
HTML = b"<!doctype html><html>soon</html>"
NONE: dict[str, Fault] = {
    "an HTML page": answer(200, HTML, Content_Type="text/html"),
    "nothing": answer(200),
    "JSON without a film": answer(200, {"id": "v"}),
    "half a film": answer(200, FILM[:-40]),
    "a part": answer(206, FILM[:-40], Content_Range=f"bytes 0-{len(FILM) - 41}/{len(FILM)}"),
    "accepted": answer(202),
    "no content": answer(204),
    "400": answer(400, {"error": "not here"}),
    "403": answer(403),
    "404": answer(404),
    "409": answer(409, b"", Retry_After="2"),
    "425": answer(425),
    "500": answer(500, {"error": {"message": "upstream"}}),
    "502": answer(502, HTML),
    "503": answer(503),
    "cut": cut,
    "broken off": breaks_off(FILM[:60]),
}


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


@pytest.mark.parametrize("where", ["fresh in the job", "in the create"])
@pytest.mark.parametrize("content", NONE.values(), ids=NONE)
async def test_the_jobs_address_is_tried_after_content(
    server: ScriptedServer, client: VideosClient, tmp_path: Path, content: Fault, where: str
) -> None:
    address = f"{server.base_url}/files/v.mp4"
    # Twice, since aiohttp itself repeats a request where a kept connection was closed.
    server.on("GET", "/videos/v/content", content, content)
    server.on("GET", "/files/v.mp4", answer(200, FILM))
    if where == "fresh in the job":
        server.on("GET", "/videos/v", answer(200, DONE | {"metadata": {"url": address}}))
        assert await client.download("v", tmp_path / "film") is MP4
    else:
        server.on("GET", "/videos/v", answer(404))
        assert await client.download("v", tmp_path / "film", film_url=address) is MP4
    assert (tmp_path / "film").read_bytes() == FILM


async def test_content_is_tried_where_a_family_without_it_gives_no_address(
    server: ScriptedServer, tmp_path: Path
) -> None:
    name = next(each.name for each in BY_NAME.values() if not each.content)
    server.on("GET", "/videos/v", answer(200, DONE))
    server.on("GET", "/videos/v/content", answer(200, FILM))
    async with connected(server.base_url, dialect=name) as client:
        assert await client.download("v", tmp_path / "film") is MP4


async def test_an_address_that_fails_is_followed_by_the_next(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    old, fresh = (f"{server.base_url}/files/{name}.mp4" for name in ("old", "fresh"))
    server.on("GET", "/videos/v/content", answer(200, {"url": old}))
    server.on("GET", "/files/old.mp4", answer(500))
    server.on("GET", "/videos/v", answer(200, DONE | {"url": fresh}))
    server.on("GET", "/files/fresh.mp4", answer(200, FILM))
    assert await client.download("v", tmp_path / "film") is MP4


@pytest.mark.parametrize(
    "content",
    [
        answer(206, FILM, Content_Range=f"bytes 0-{len(FILM) - 1}/{len(FILM)}"),
        answer(206, FILM, Content_Range=f"bytes 0-{len(FILM) - 1}/*"),
        answer(206, FILM),
        answer(203, FILM),
        answer(200, FILM, Content_Type="application/json"),
        answer(200, FILM, Content_Type="text/html"),
    ],
    ids=["206", "206 of *", "206 without a range", "203", "as JSON", "as HTML"],
)
async def test_a_whole_film_is_accepted_despite_odd_headers(
    server: ScriptedServer, client: VideosClient, tmp_path: Path, content: Fault
) -> None:
    server.on("GET", "/videos/v/content", content)
    assert await client.download("v", tmp_path / "film") is MP4
    assert (tmp_path / "film").read_bytes() == FILM


async def test_json_with_the_type_of_a_film_is_read(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    told = b' {"url": "/v1/files/v.mp4"}'
    server.on("GET", "/videos/v/content", answer(200, told, Content_Type="video/mp4"))
    server.on("GET", "/files/v.mp4", answer(200, FILM))
    assert await client.download("v", tmp_path / "film") is MP4


async def test_a_film_larger_than_the_budget_is_given_up_at_once(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.on("GET", "/videos/v/content", answer(200, films.mp4(bytes(5000))))
    async with connected(server.base_url, film_limit=4000) as client:
        with pytest.raises(FilmTooLarge):
            await client.download("v", tmp_path / "film")
    assert len(server.requests) == 1
    assert names(tmp_path) == []


async def test_a_film_without_room_raises_a_full_disk(
    server: ScriptedServer, client: VideosClient, tmp_path: Path
) -> None:
    asked: list[int] = []

    async def has_room(more: int) -> bool:
        asked.append(more)
        return len(asked) < 2

    server.on("GET", "/videos/v/content", answer(200, films.mp4(bytes(9 * 2**20))))
    with pytest.raises(OSError, match="FILMS_MAX_GB"):
        await client.download("v", tmp_path / "film", has_room=has_room)
    assert len(asked) == 2
    assert names(tmp_path) == []


@pytest.mark.parametrize("video_id", ["..", ".", "", "a\nb", "a\x1b[2J", "a" * 513, "a\u202eb"])
async def test_an_impossible_id_is_not_found(
    server: ScriptedServer, client: VideosClient, tmp_path: Path, video_id: str
) -> None:
    for ask in (
        client.delete(video_id),
        client.retrieve(video_id),
        client.remix(video_id, "a dog"),
        client.download(video_id, tmp_path / "film"),
    ):
        with pytest.raises(VideosError) as caught:
            await ask
        assert len(str(caught.value)) < 100
    assert server.requests == []


async def test_an_id_that_leads_elsewhere_is_never_requested(
    server: ScriptedServer, client: VideosClient
) -> None:
    with pytest.raises(NotFound):
        await client.delete("../../models")
    assert server.requests == []
