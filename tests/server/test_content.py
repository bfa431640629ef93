"""Downloads: conditions and ranges (RFC 9110, 13 and 14), variants, HEAD."""

from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from tests.server.support import Videos

FILM = b"film of quick one"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Film:
    """One finished film, and what of it is asked for."""

    def __init__(self, videos: Videos, job_id: str) -> None:
        self.id = job_id
        self._session = videos.session

    async def ask(self, method: str = "GET", variant: str | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        params = {} if variant is None else {"variant": variant}
        path = f"videos/{self.id}/content"
        async with self._session.request(method, path, params=params, headers=named) as answer:
            told = {name.lower(): value for name, value in answer.headers.items()}
            return Answer(answer.status, told, await answer.read())


@pytest.fixture
async def film(videos: Videos) -> Film:
    job_id = await videos.create("quick one")
    await videos.until(job_id, "completed")
    return Film(videos, job_id)


async def test_the_whole_film(film: Film) -> None:
    whole = await film.ask()

    assert (whole.status, whole.body) == (200, FILM)
    assert whole.headers["content-type"] == "video/mp4"
    assert whole.headers["content-length"] == str(len(FILM))
    assert whole.headers["accept-ranges"] == "bytes"
    assert whole.headers["content-disposition"] == f'inline; filename="{film.id}.mp4"'
    assert whole.headers["etag"].startswith('"')


async def test_head_says_the_same_and_sends_nothing(film: Film) -> None:
    whole, head = await film.ask(), await film.ask("HEAD")

    assert (head.status, head.body) == (200, b"")
    for name in ("content-type", "content-length", "etag", "last-modified", "accept-ranges"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [
        ("bytes=5-6", 5, 6),
        ("bytes=0-0", 0, 0),
        ("bytes=5-", 5, 16),
        ("bytes=-3", 14, 16),
        ("bytes=-99", 0, 16),
        ("bytes=0-99", 0, 16),
        ("Bytes=5-6", 5, 6),
    ],
)
async def test_one_range(film: Film, wanted: str, first: int, last: int) -> None:
    part = await film.ask(Range=wanted)

    assert (part.status, part.body) == (206, FILM[first : last + 1])
    assert part.headers["content-range"] == f"bytes {first}-{last}/{len(FILM)}"
    assert part.headers["content-length"] == str(last - first + 1)
    assert part.headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    "wanted", ["lines=1-2", "bytes=0-1,4-5", "bytes=6-5", "bytes=-", "bytes", "bytes=a-b", ""]
)
async def test_what_is_no_single_range_of_bytes_is_ignored(film: Film, wanted: str) -> None:
    whole = await film.ask(Range=wanted)

    assert (whole.status, whole.body) == (200, FILM)
    assert "content-range" not in whole.headers


@pytest.mark.parametrize("wanted", ["bytes=17-", "bytes=99-100", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused_in_a_sentence(film: Film, wanted: str) -> None:
    beyond = await film.ask(Range=wanted)

    assert beyond.status == 416
    assert beyond.headers["content-range"] == f"bytes */{len(FILM)}"
    assert b'"code":"range_not_satisfiable"' in beyond.body


async def test_a_range_of_the_film_that_was_begun(film: Film) -> None:
    whole = await film.ask()
    dates = {"same": whole.headers["last-modified"]}
    changed = parsedate_to_datetime(dates["same"])
    older = format_datetime(changed - timedelta(hours=1), usegmt=True)

    for condition, status in [
        (whole.headers["etag"], 206),
        (dates["same"], 206),
        ('"another"', 200),
        (f"W/{whole.headers['etag']}", 200),
        (older, 200),
        ("nonsense", 200),
    ]:
        answer = await film.ask(Range="bytes=5-6", If_Range=condition)
        assert (condition, answer.status) == (condition, status)
        assert answer.body == (FILM if status == 200 else b"of")


async def test_conditions(film: Film) -> None:
    whole = await film.ask()
    etag, changed = whole.headers["etag"], whole.headers["last-modified"]
    older = format_datetime(parsedate_to_datetime(changed) - timedelta(hours=1), usegmt=True)

    for headers, status in [
        ({"If_None_Match": etag}, 304),
        ({"If_None_Match": f'"other", W/{etag}'}, 304),
        ({"If_None_Match": "*"}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_None_Match": etag, "Range": "bytes=99-"}, 304),
        ({"If_Modified_Since": changed}, 304),
        ({"If_Modified_Since": older}, 200),
        ({"If_Match": etag}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": '"other"'}, 412),
        ({"If_Match": f"W/{etag}"}, 412),
        ({"If_Unmodified_Since": changed}, 200),
        ({"If_Unmodified_Since": older}, 412),
    ]:
        answer = await film.ask(**headers)
        assert (headers, answer.status) == (headers, status)
        if status == 304:
            assert (answer.body, answer.headers["etag"]) == (b"", etag)
        if status == 412:
            assert b'"code":"precondition_failed"' in answer.body


async def test_the_variants(film: Film) -> None:
    for variant in (None, "", "video"):
        assert (await film.ask(variant=variant)).body == FILM
    thumbnail = await film.ask(variant="thumbnail")
    sheet = await film.ask(variant="spritesheet", Range="bytes=0-5")
    other = await film.ask(variant="poster")

    assert (thumbnail.body, thumbnail.headers["content-type"]) == (b"thumbnail", "image/jpeg")
    assert (sheet.status, sheet.body, sheet.headers["content-type"]) == (
        206,
        b"sprite",
        "image/jpeg",
    )
    assert (other.status, b'"param":"variant"' in other.body) == (400, True)
