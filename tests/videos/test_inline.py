"""A film inside a JSON answer is extracted, however the answer is cut into chunks."""

import json
from base64 import b64encode
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.videos.inline import FilmExtractor
from tests.media import films

FILM = films.mp4(bytes(range(256)) * 8)
LIMIT = 2**20


async def sieved(
    body: bytes, path: Path | None, cuts: list[int], *, limit: int = LIMIT
) -> tuple[bytes, FilmExtractor]:
    sieve = FilmExtractor(path, limit=limit)
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    kept = b""
    for start, stop in pairwise(places):
        kept += await sieve.feed(body[start:stop])
    kept += await sieve.end()
    await sieve.close()
    return kept, sieve


def answer(**fields: Any) -> bytes:  # noqa: ANN401
    return json.dumps(
        {"id": "d", "status": "completed", "prompt": 'say "b64_json": "x"'} | fields
    ).encode()


TEXT = b64encode(FILM).decode()
SHAPES = {
    "Dynamo": answer(data=[{"b64_json": TEXT, "fps": 16}]),
    "no spaces": answer(data=[{"b64_json": TEXT}]).replace(b'": "', b'":"'),
    "a data address": answer(url=f"data:video/mp4;base64,{TEXT}"),
    "an address in b64_json": answer(b64_json=f"data:video/mp4;base64,{TEXT}"),
    "PHP": answer(b64_json=TEXT).replace(b"/", b"\\/"),
    ".NET": answer(b64_json=TEXT).replace(b"+", b"\\u002B"),
    "lines": answer(b64_json="\r\n".join(TEXT[at : at + 76] for at in range(0, len(TEXT), 76))),
    "no padding": answer(b64_json=TEXT.rstrip("=")),
    "two films": answer(data=[{"b64_json": TEXT}, {"b64_json": "AAAA"}]),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 10_000), max_size=40))
async def test_the_film_is_written_and_the_rest_stays_json(
    tmp_path: Path, shape: str, cuts: list[int]
) -> None:
    kept, sieve = await sieved(SHAPES[shape], tmp_path / "film", cuts)
    assert sieve.has_film
    assert (tmp_path / "film").read_bytes() == FILM
    body = json.loads(kept)
    assert (body["id"], body["prompt"]) == ("d", 'say "b64_json": "x"')
    assert len(kept) < 300


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=700), cuts=st.lists(st.integers(0, 1000), max_size=8))
async def test_an_answer_without_a_film_is_unchanged(
    tmp_path: Path, body: bytes, cuts: list[int]
) -> None:
    kept, sieve = await sieved(body, tmp_path / "film", cuts)
    assert kept == body
    assert not sieve.has_film


@pytest.mark.parametrize(
    "prompt",
    ['"b64_json": "AAAA"', "data:video/mp4;base64,AAAA", '"url": "data:video/mp4;base64,AAAA'],
)
async def test_words_of_a_prompt_are_not_extracted(tmp_path: Path, prompt: str) -> None:
    kept, sieve = await sieved(answer(prompt=prompt), tmp_path / "film", [9, 33, 60])
    assert json.loads(kept)["prompt"] == prompt
    assert not sieve.has_film


@pytest.mark.parametrize(
    "body",
    [
        answer(b64_json=""),
        answer(b64_json=None),
        answer(b64_json="no base64 at all!"),
        answer(b64_json="A" * LIMIT * 2),
        answer(b64_json=TEXT)[:600],
    ],
    ids=["empty", "null", "no base64", "too large", "cut"],
)
async def test_an_unusable_film_leaves_no_file(tmp_path: Path, body: bytes) -> None:
    _, sieve = await sieved(body, tmp_path / "film", [100, 200])
    assert not sieve.has_film
    assert not (tmp_path / "film").exists()


async def test_a_failing_disk_loses_the_film_and_not_the_answer(tmp_path: Path) -> None:
    kept, sieve = await sieved(SHAPES["Dynamo"], tmp_path / "nowhere" / "film", [50])
    assert not sieve.has_film
    assert json.loads(kept)["data"] == [{"b64_json": "", "fps": 16}]
