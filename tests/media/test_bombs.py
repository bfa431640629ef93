"""Files that claim more than they hold fail with a sentence, in a child within its limits."""

import asyncio
import json
import struct
import sys
from pathlib import Path

import pytest

from bot.media import image
from bot.media.child import SCRIPTS
from bot.media.formats import HEAD, demuxer
from bot.media.header import MOST_PIXELS, image_size
from bot.media.image import BadImage, fit_image
from bot.runtime.child import ChildFailed, run_script
from tests.media import bombs

MOST_MEMORY = 512_000_000
LONGEST = 10.0
TOO_LARGE = "it has more than 16 megapixels"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems bound no memory")


async def measured(kind: str, folder: Path) -> tuple[dict[str, tuple[str, float]], int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.measuring", kind, str(folder),
        stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    out, _ = await process.communicate()
    told = json.loads(out)
    return told["each"], told["largest"]


def laid(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


async def test_an_image_that_claims_too_much_is_refused_by_its_header(tmp_path: Path) -> None:
    claims = bombs.images_too_large()
    assert len(claims["webp of 34 bytes"]) == 34
    each, largest = await measured("images", laid(tmp_path / "images", claims))

    assert {name: ended for name, (ended, _) in each.items()} == dict.fromkeys(claims, TOO_LARGE)
    assert largest < 150_000_000


async def test_any_other_hostile_image_ends_within_the_limits(tmp_path: Path) -> None:
    damaged, opening = bombs.images_damaged(), bombs.images_that_open()
    each, largest = await measured("images", laid(tmp_path / "images", damaged | opening))

    ends = dict.fromkeys(damaged, "the file is damaged") | dict.fromkeys(opening, "opened")
    assert {name: ended for name, (ended, _) in each.items()} == ends
    assert largest < MOST_MEMORY


async def test_a_hostile_film_has_no_thumbnail_and_costs_little(tmp_path: Path) -> None:
    films = dict(bombs.films())
    assert len(films["89 million samples"]) < 6000
    each, largest = await measured("films", laid(tmp_path / "films", films))

    assert all("cannot be opened" in ended for ended, _ in each.values()), each
    assert set(each) == set(films)
    assert largest < MOST_MEMORY


async def test_an_image_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert image.TIME_LIMIT <= LONGEST
    monkeypatch.setattr(image, "TIME_LIMIT", 1.0)

    with pytest.raises(BadImage, match="takes too long to open"):
        await fit_image(bombs.endless_scans(), name="scans.jpg", size="1280x720")


async def test_an_image_that_needs_too_much_memory_is_refused() -> None:
    image_of_16_megapixels = bombs.images_that_open()["webp of 16 megapixels"]

    with pytest.raises(ChildFailed, match=r"^it takes too much memory to open$"):
        await run_script(
            SCRIPTS / "frame.py",
            "64",
            "64",
            data=image_of_16_megapixels,
            within=LONGEST,
            memory=300_000_000,
        )


@pytest.mark.parametrize("side", [1, 255, 4000])
def test_the_size_of_every_kind_is_read_from_its_header(side: int) -> None:
    wide = side + 3
    made = (
        bombs.png(wide, side),
        bombs.webp_lossless(wide, side),
        bombs.webp_lossy(wide, side),
        bombs.webp_extended(wide, side),
        bombs.jpeg(wide, side),
        bombs.jpeg(wide, side, progressive=True),
        bombs.jpeg(wide, side, b"\xff\xe1\0\x08abcdef", b"\xff\xff", b"\xff\x01"),
    )
    assert [image_size(data) for data in made] == [(wide, side)] * len(made)
    assert MOST_PIXELS == 16 * 10**6


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"])
def test_bytes_without_a_header_have_no_size(data: bytes) -> None:
    assert image_size(data) is None
    assert image_size(data + bytes(2)) is None


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (struct.pack(">I", 32) + b"ftypisom", "mov"),
        (struct.pack(">I", 8) + b"wide", "mov"),
        (b"\x1a\x45\xdf\xa3rest", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0WAVEfmt ", None),
        (b"FLV\x01\x05", "flv"),
        ((b"G" + bytes(187)) * 2, "mpegts"),
        (b"G" + bytes(HEAD - 1), None),
        (b"GIF89a", "gif"),
        (b"#EXTM3U\nhttp://host/", None),
        (b"ffconcat version 1.0", None),
        (b"<?xml version='1.0'?><MPD>", None),
        (b"", None),
    ],
)
def test_a_film_is_opened_by_the_format_of_its_first_bytes(head: bytes, name: str | None) -> None:
    assert demuxer(head[:HEAD]) == name
