"""Films of any kind transcoded into a given number of bytes."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import av
import psutil
import pytest

from bot.media import transcode
from bot.media.transcode import TranscodeFailed, transcode_film
from tests.media.reels import RATE, SECONDS, reel
from tests.small_disk import small_disk


def facts(film: Path) -> tuple[tuple[int, int], int, float, str | None]:
    """Return the size, the number of frames, the seconds and the codec of the audio."""
    with av.open(str(film)) as container:
        picture = container.streams.video[0]
        frames = [frame.time for frame in container.decode(picture)]
        voices = container.streams.audio
        voice = voices[0].codec_context.name if voices else None
        return (picture.width, picture.height), len(frames), frames[-1] - frames[0], voice


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def program_to_transcode(film: Path, copy: Path, limit: int) -> str:
    return (
        "import asyncio, pathlib; from bot.media.transcode import transcode_film;"
        f"film, copy = pathlib.Path({str(film)!r}), pathlib.Path({str(copy)!r});"
        f"asyncio.run(transcode_film(film, copy, {limit}))"
    )


def begins_with_its_index(film: Path) -> bool:
    data = film.read_bytes()
    return data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [
        ("film.mp4", "libx264", "aac"),
        ("film.mp4", "libx264", None),
        ("film.avi", "mpeg4", "mp3"),
        ("film.webm", "libvpx", "libopus"),
    ],
)
async def test_a_transcode_is_the_same_film_in_fewer_bytes(
    tmp_path: Path, name: str, codec: str, sound: str | None
) -> None:
    film = reel(tmp_path / name, codec=codec, sound=sound)
    before = film.read_bytes()
    copy = tmp_path / "film.fit.mp4"
    limit = len(before) * 2 // 5

    await transcode_film(film, copy, limit)

    assert 0.8 * limit < copy.stat().st_size <= 0.95 * limit
    assert begins_with_its_index(copy)
    size, frames, seconds, voice = facts(copy)
    assert (size, frames) == ((320, 240), SECONDS * RATE)
    assert seconds == pytest.approx(facts(film)[2], abs=0.002)
    assert voice == (None if sound is None else "aac")
    assert film.read_bytes() == before
    assert names(tmp_path) == sorted([name, copy.name])


async def test_frames_with_too_few_bits_get_smaller(tmp_path: Path) -> None:
    film = reel(tmp_path / "film.mp4", size=(960, 720), sound=None, noise=1)
    copy = tmp_path / "film.fit.mp4"

    await transcode_film(film, copy, 25_000)

    (width, height), frames, _, _ = facts(copy)
    assert 240 <= height < 720
    assert width / height == pytest.approx(4 / 3, abs=0.02)
    assert frames == SECONDS * RATE
    assert copy.stat().st_size <= 25_000


@pytest.mark.parametrize("limit", [1000, 8000])
async def test_a_film_too_long_for_the_limit_fails(tmp_path: Path, limit: int) -> None:
    film = reel(tmp_path / "film.mp4")

    with pytest.raises(TranscodeFailed, match="too long for so few bytes"):
        await transcode_film(film, tmp_path / "film.fit.mp4", limit)

    assert names(tmp_path) == ["film.mp4"]


@pytest.mark.parametrize("damage", ["empty", "no film", "cut", "overwritten"])
async def test_a_damaged_film_leaves_nothing_behind(tmp_path: Path, damage: str) -> None:
    film = reel(tmp_path / "film.mp4")
    whole = film.read_bytes()
    film.write_bytes(
        {
            "empty": b"",
            "no film": b"no film at all" * 1000,
            "cut": whole[: len(whole) // 2],
            "overwritten": whole[:2000] + bytes(len(whole) - 2000),
        }[damage]
    )

    with pytest.raises(TranscodeFailed):
        await transcode_film(film, tmp_path / "film.fit.mp4", 300_000)

    assert names(tmp_path) == ["film.mp4"]


async def test_a_full_disk_raises_no_room(tmp_path: Path) -> None:
    film = reel(tmp_path / "film.mp4")
    folder = tmp_path / "disk"
    folder.mkdir()
    program = program_to_transcode(film, folder / "film.fit.mp4", 300_000)
    with small_disk(folder, 64 * 1024) as disk:
        bot = await asyncio.create_subprocess_exec(
            *disk.entry, sys.executable, "-c", program, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(bot.communicate(), 60)
        assert list(disk.seen.iterdir()) == []
    assert b"NoRoom: no room for a copy that fits" in said


async def test_a_transcode_that_takes_too_long_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcode, "LEAST_TIME", 0.2)
    monkeypatch.setattr(transcode, "TIME_PER_MEGABYTE", 0.0)
    os.mkfifo(tmp_path / "film.mp4")

    with pytest.raises(TranscodeFailed, match="too long"):
        await transcode_film(tmp_path / "film.mp4", tmp_path / "film.fit.mp4", 1000)


async def test_the_encoder_does_not_outlive_a_killed_bot(tmp_path: Path) -> None:
    """It waits for a film that never comes, and its parent is killed as a power cut would."""
    os.mkfifo(tmp_path / "film.mp4")
    program = program_to_transcode(tmp_path / "film.mp4", Path("/nowhere/film.fit.mp4"), 1000)
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    encoder = await child_of(parent.pid)

    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    async with asyncio.timeout(10):
        while encoder.is_running() and encoder.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def child_of(pid: int) -> psutil.Process:
    """Wait until a process has started another."""
    async with asyncio.timeout(20):
        while not (children := psutil.Process(pid).children()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
    return children[0]
