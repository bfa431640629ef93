"""Thumbnails of films of any kind."""

import io
import os
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from bot.media import thumbnail
from bot.media.thumbnail import NoThumbnail, take_thumbnail

RED, BLUE = (200, 20, 20), (20, 20, 200)


def film(path: Path, *colours: tuple[int, int, int], size: tuple[int, int]) -> Path:
    """Write a film at 4 frames a second, a frame of each colour."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=4)  # pyright: ignore[reportUnknownMemberType]
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for colour in colours:
            picture = np.full((size[1], size[0], 3), colour, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


def is_like(image: Image.Image, colour: tuple[int, int, int]) -> bool:
    middle = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(middle, tuple)
    return all(abs(one - other) < 40 for one, other in zip(middle, colour, strict=True))


@pytest.mark.parametrize(
    ("size", "small"), [((1280, 720), (320, 180)), ((720, 1280), (180, 320)), ((64, 48), (64, 48))]
)
async def test_a_thumbnail_is_the_frame_at_one_second_and_small(
    tmp_path: Path, size: tuple[int, int], small: tuple[int, int]
) -> None:
    path = film(tmp_path / "film.mp4", *[RED] * 4, *[BLUE] * 4, size=size)
    jpeg = await take_thumbnail(path)

    image = opened(jpeg)
    assert image.size == small
    assert is_like(image, BLUE)
    assert len(jpeg) < 40_000


async def test_the_thumbnail_of_a_short_film_is_its_last_frame(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", RED, BLUE, size=(64, 48))

    assert is_like(opened(await take_thumbnail(path)), BLUE)


@pytest.mark.parametrize("content", [b"", b"no film at all" * 100, None])
async def test_a_file_that_is_no_film_has_no_thumbnail(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(NoThumbnail, match="cannot be opened"):
        await take_thumbnail(path)


async def test_a_film_that_takes_for_ever_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbnail, "TIME_LIMIT", 0.2)
    os.mkfifo(tmp_path / "film.mp4")

    with pytest.raises(NoThumbnail, match="too long"):
        await take_thumbnail(tmp_path / "film.mp4")
