"""Films that play everywhere are recognised by boxes; others are probed and transcoded."""

import io
import struct
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from bot.media.boxes import plain_frame
from bot.media.container import inspect_film
from bot.media.errors import BrokenFile
from bot.media.probe import probe_film
from bot.media.transcode import transcode_film
from tests.media import films
from tests.media.films import film

PLAIN = {
    "h264 alone": film,
    "h264 with aac": lambda: film(sound="aac"),
    "main": lambda: film(options=(("profile", "main"),)),
    "baseline": lambda: film(options=(("profile", "baseline"),)),
    "odd": lambda: film(width=854, height=478),
    "index in front": lambda: film(muxer=(("movflags", "+faststart"),)),
    "interlaced": lambda: film(options=(("x264-params", "interlaced=1"),)),
    "on its side": lambda: films.turned(film(), (0, 1, -1, 0)),
}
PLAYS = {
    "fragments": lambda: film(muxer=(("movflags", "frag_keyframe+empty_moov"),)),
    "vp8 webm": films.webm,
    "vp9 webm": lambda: film("webm", "libvpx-vp9", sound="libopus"),
}
CONVERTED = {
    "hevc hvc1": lambda: film("mp4", "libx265", tag="hvc1"),
    "hevc hev1 10 bit": lambda: film("mp4", "libx265", "yuv420p10le", sound="aac"),
    "mpeg-4 part 2": lambda: film("mp4", "mpeg4"),
    "h264 4:4:4": lambda: film("mp4", "libx264", "yuv444p"),
    "h264 4:2:2": lambda: film("mp4", "libx264", "yuv422p"),
    "h264 10 bit": lambda: film("mp4", "libx264", "yuv420p10le"),
    "h264 lossless": lambda: film(options=(("qp", "0"),)),
    "h264 with opus": lambda: film(sound="libopus"),
    "h264 with ac3": lambda: film(sound="ac3"),
    "av1": lambda: film("mp4", "libaom-av1", options=(("cpu-used", "8"), ("usage", "realtime"))),
    "prores": lambda: film("mov", "prores_ks", "yuv422p10le", sound="pcm_s16le"),
    "mov": lambda: film("mov"),
    "mjpeg avi": films.avi,
    "mkv": lambda: film("matroska", "libx265", sound="aac"),
    "ts": lambda: film("mpegts", sound="aac"),
    "flv": lambda: film("flv", sound="aac"),
}


def gif(frames: int = 3, form: str = "GIF") -> bytes:
    pictures = [Image.new("RGB", (64, 48), (80 * number, 10, 200)) for number in range(frames)]
    out = io.BytesIO()
    rest = {"save_all": True, "append_images": pictures[1:], "duration": 200} if frames > 1 else {}
    pictures[0].save(out, form, **rest)
    return out.getvalue()


async def looked_into(path: Path) -> None:
    inspect_film(path)
    await probe_film(path)


PICTURES = {"gif": gif, "webp": lambda: gif(form="WEBP")}


def put(folder: Path, data: bytes) -> Path:
    path = folder / "film"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", PLAIN)
async def test_a_plain_film_is_recognised_without_a_decoder(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, PLAIN[name]())
    frame = plain_frame(path)
    assert frame is not None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (frame.width, frame.height) == (stream.width, stream.height)


@pytest.mark.parametrize("name", [*PLAIN, *PLAYS])
async def test_a_film_that_plays_everywhere_is_reported_as_such(name: str, tmp_path: Path) -> None:
    probed = await probe_film(put(tmp_path, ({**PLAIN, **PLAYS})[name]()))
    assert probed.plays


@pytest.mark.parametrize("name", [*CONVERTED, *PICTURES])
async def test_a_film_that_does_not_play_everywhere_becomes_h264(name: str, tmp_path: Path) -> None:
    make: Callable[[], bytes] = {**CONVERTED, **PICTURES}[name]
    path = put(tmp_path, make())
    inspect_film(path)
    assert not (await probe_film(path)).plays
    copy = tmp_path / "film.fit.mp4"

    await transcode_film(path, copy, 8 * 2**20, quality=True)

    frame = plain_frame(copy)
    assert frame is not None
    with av.open(str(copy)) as container:
        shown = list(container.decode(video=0))
        sounds = [stream.codec_context.name for stream in container.streams.audio]
    assert len(shown) == (3 if name in PICTURES else films.FRAMES)
    heard = any(word in name for word in ("aac", "opus", "ac3", "10 bit", "prores", "mkv", "ts"))
    if heard and name != "h264 10 bit":
        assert sounds == ["aac"]


@pytest.mark.parametrize(
    "matrix",
    [(0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0), (-1, 0, 0, 1), (1, 0, 0, -1), (0, 1, 1, 0)],
)
async def test_a_film_on_its_side_is_encoded_upright(
    matrix: tuple[int, int, int, int], tmp_path: Path
) -> None:
    path = put(tmp_path, films.turned(film(width=96, height=64), matrix))
    copy = tmp_path / "film.fit.mp4"

    await transcode_film(path, copy, 8 * 2**20, quality=True)

    with av.open(str(path)) as before, av.open(str(copy)) as after:
        lies, stands = (next(each.decode(video=0)) for each in (before, after))
    expected = _applied(lies.to_ndarray(format="rgb24"), matrix)
    seen = stands.to_ndarray(format="rgb24")
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected.astype(int)).mean() < 12


def _applied(
    pixels: npt.NDArray[np.generic], matrix: tuple[int, int, int, int]
) -> npt.NDArray[np.uint8]:
    """Put each pixel where the matrix says: x' = ax + cy, y' = bx + dy."""
    a, b, c, d = matrix
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    to_x, to_y = a * x + c * y, b * x + d * y
    to_x, to_y = to_x - to_x.min(), to_y - to_y.min()
    out = np.zeros((to_y.max() + 1, to_x.max() + 1, 3), np.uint8)
    out[to_y, to_x] = pixels
    return out


@pytest.mark.parametrize("transfer", [16, 18])
async def test_hdr_becomes_the_range_of_a_screen(transfer: int, tmp_path: Path) -> None:
    path = put(tmp_path, film("mp4", "libx265", "yuv420p10le", transfer=transfer, tag="hvc1"))
    copy = tmp_path / "film.fit.mp4"

    await transcode_film(path, copy, 8 * 2**20, quality=True)

    with av.open(str(copy)) as container:
        assert container.streams.video[0].codec_context.color_trc == 1
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert 20 < frame.mean() < 235, "neither black nor burnt out"
    assert frame.std() > 15, "the picture is still to be seen"


def _zeroed(data: bytes) -> bytes:
    at = data.index(b"mdat")
    length = struct.unpack(">I", data[at - 4 : at])[0]
    return data[: at + 4] + bytes(length - 8) + data[at - 4 + length :]


def _sound_alone() -> bytes:
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as sink:
        voice = films.voice(sink, "aac")
        sink.mux(voice.encode(films.tone(0)))
        sink.mux(voice.encode())
    return out.getvalue()


NO_FILMS = {
    "without a track": lambda: (
        films.box(b"ftyp", b"isom\0\0\2\0isomiso2")
        + films.box(b"moov", films.box(b"mvhd", bytes(100)))
        + films.box(b"mdat", b"frames" * 50)
    ),
    "zeroed pictures": lambda: _zeroed(film()),
    "sound alone": _sound_alone,
    "a still gif": lambda: gif(1),
    "html": lambda: b"<html>" * 100,
}


@pytest.mark.parametrize("name", NO_FILMS)
async def test_a_file_without_a_picture_is_a_broken_film(name: str, tmp_path: Path) -> None:
    path = put(tmp_path, NO_FILMS[name]())
    with pytest.raises(BrokenFile):
        await looked_into(path)


def test_a_still_webp_is_a_broken_film(tmp_path: Path) -> None:
    with pytest.raises(BrokenFile):
        inspect_film(put(tmp_path, gif(1, "WEBP")))


def test_a_film_with_too_many_boxes_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, films.box(b"ftyp", b"isom\0\0\2\0isomiso2") + films.box(b"free") * 10**6)
    assert plain_frame(path) is None
    with pytest.raises(BrokenFile, match="more boxes"):
        inspect_film(path)


@pytest.mark.parametrize("cut", range(0, 1200, 37))
def test_damaged_indexes_do_not_break_the_reader(cut: int, tmp_path: Path) -> None:
    data = bytearray(film(sound="aac", muxer=(("movflags", "+faststart"),)))
    at = data.index(b"moov") + cut
    data[at : at + 4] = b"\xff\xff\xff\xff"
    frame = plain_frame(put(tmp_path, bytes(data)))
    assert frame is None or (frame.width, frame.height) == (films.SIDE, films.SIDE)
