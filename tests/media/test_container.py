"""Whether a file is a whole film, by its container alone."""

import io
import struct
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.media.container import AVI, KINDS, MP4, WEBM, Container, inspect_film
from bot.media.errors import BrokenFile
from tests.media import films
from tests.media.films import box, film


def inspect(data: bytes, folder: Path) -> Container:
    path = folder / "film"
    path.write_bytes(data)
    return inspect_film(path)


def encoded() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=8)  # pyright: ignore[reportUnknownMemberType]
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        for _ in range(8):
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "container"),
    [(films.mp4(), MP4), (films.mp4(b""), MP4), (films.WEBM, WEBM), (films.avi(), AVI)],
)
def test_a_whole_film_is_recognised_by_its_container(
    data: bytes, container: Container, tmp_path: Path
) -> None:
    assert inspect(data, tmp_path) is container


def test_every_cut_of_an_encoded_film_is_broken(tmp_path: Path) -> None:
    film = encoded()
    assert inspect(film, tmp_path) is MP4
    for length in range(0, len(film) - 1, 37):
        with pytest.raises(BrokenFile):
            inspect(film[:length], tmp_path)


def test_a_last_box_may_be_open_ended(tmp_path: Path) -> None:
    film = films.mp4(b"") + struct.pack(">I4s", 0, b"mdat") + b"frames"
    assert inspect(film, tmp_path) is MP4


def test_a_box_may_have_a_64_bit_size(tmp_path: Path) -> None:
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 6) + b"frames"
    assert inspect(films.mp4(b"") + large, tmp_path) is MP4
    with pytest.raises(BrokenFile, match="cut short"):
        inspect(films.mp4(b"") + large[:-1], tmp_path)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (films.mp4()[:-1], "cut short"),
        (films.mp4() + b"\0\0\0", "cut short inside a box header"),
        (box(b"ftyp", b"isom") + box(b"mdat", b"frames"), "no index"),
        (films.mp4() + struct.pack(">I4s", 7, b"free"), "impossible size"),
        (films.mp4() + struct.pack(">I4sQ", 1, b"free", 3), "impossible size"),
        (films.mp4() + struct.pack(">I4s", 1, b"free"), "impossible size"),
        (films.avi()[:-1], "cut short"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "no film"),
        (b"", "no film"),
        (b"\0", "no film"),
        (b'{"error": {"message": "not ready"}}', "no film"),
        (b"<!doctype html><html></html>", "no film"),
        (b"\xff\xd8\xff\xe0 a thumbnail", "no film"),
    ],
)
def test_bytes_that_are_no_whole_film_are_broken(data: bytes, reason: str, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match=reason):
        inspect(data, tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


HEADS = st.sampled_from([b"", films.mp4(), b"\0\0\0\x18ftyp", films.avi()[:12], films.WEBM[:4]])


@given(head=HEADS, tail=st.binary(max_size=40))
def test_any_bytes_are_a_film_or_a_broken_file(folder: Path, head: bytes, tail: bytes) -> None:
    try:
        assert inspect(head + tail, folder) in KINDS
    except BrokenFile as broken:
        assert str(broken)  # noqa: PT017 - either outcome is right, a broken one has a reason


@pytest.mark.parametrize(
    ("form", "codec"), [("matroska", "libx264"), ("webm", "libvpx"), ("flv", "libx264")]
)
@pytest.mark.parametrize("share", [0.6, 0.99])
def test_a_film_that_is_cut_short_is_broken(
    form: str, codec: str, share: float, tmp_path: Path
) -> None:
    path = tmp_path / "film"
    whole = film(form, codec)
    path.write_bytes(whole)
    inspect_film(path)

    path.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BrokenFile, match="cut short"):
        inspect_film(path)
