"""A film that is too large, encoded anew to fit, beside ffmpeg's own two passes at that size."""

import asyncio
import re
import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.figures import Figure, Picture, Row, bar
from bot.media.transcode import transcode_film

_LIMIT: Final = 10 * 2**20
_SECONDS: Final = 20
_RATE: Final = 24_000_000
"""Bits per second: 60 MB in 20 seconds."""
_SSIM: Final = re.compile(rb"SSIM.*All:([0-9.]+)")


class NoFfmpeg(Exception):
    """There is no ffmpeg to compare with."""


async def measure(*, small: bool = False) -> Figure:
    """Encode the same film both ways, by turns; compare each copy with the film."""
    seconds, rate, limit = (1, 4_000_000, 200_000) if small else (_SECONDS, _RATE, _LIMIT)
    if shutil.which("ffmpeg") is None:
        raise NoFfmpeg("this figure compares with ffmpeg, which is not on this machine")
    with TemporaryDirectory(prefix="rushes-bench-") as name:
        folder = Path(name)
        film, ours, theirs = (folder / f"{one}.mp4" for one in ("film", "ours", "theirs"))
        await _make(film, seconds, rate)
        began = time.monotonic()
        await transcode_film(film, ours, limit)
        our_time = time.monotonic() - began
        began = time.monotonic()
        await _two_passes(film, theirs, int(ours.stat().st_size * 8 / seconds))
        their_time = time.monotonic() - began
        our_ssim, their_ssim = await _ssim(ours, film), await _ssim(theirs, film)
        sizes = [one.stat().st_size / 1e6 for one in (film, ours, theirs)]
    return Figure(
        name="fit",
        title="A film encoded anew to fit",
        how=f"A film of {sizes[0]:.0f} MB ({seconds} s of 1280x720, a zoom with grain) to "
        f"{limit / 2**20:.3g} MiB. Instead of the naive bot: ffmpeg's two passes with the same "
        "preset at the size that ours came to.",
        rows=[
            Row(
                title="likeness of the copy to the film (SSIM)", unit="", ours=our_ssim,
                naive=their_ssim, goal="≤ 0.01 below ffmpeg's",
                met=None if small else our_ssim >= their_ssim - 0.01,
            ),
            Row(
                title="time to encode it", unit="s", ours=our_time, naive=their_time,
                goal="≤ 1.2 of ffmpeg's",
                met=None if small else our_time <= 1.2 * their_time,
            ),
        ],
        picture=Picture(
            title=f"Time to encode {sizes[0]:.0f} MB to fit", x="", y="seconds",
            lines={"Rushes": bar(our_time), "ffmpeg, two passes": bar(their_time)},
        ),
        also=[f"Sizes: ours {sizes[1]:.2f} MB, ffmpeg's {sizes[2]:.2f} MB."],
    )  # fmt: skip


async def _make(film: Path, seconds: int, rate: int) -> None:
    source = "mandelbrot=size=1280x720:rate=24,noise=alls=12:allf=t,format=yuv420p"
    rates = ("-b:v", str(rate), "-minrate", str(rate), "-maxrate", str(rate))
    await _ffmpeg(
        "-f", "lavfi", "-i", source, "-t", str(seconds), "-c:v", "libx264",
        "-preset", "ultrafast", *rates, "-bufsize", str(rate), str(film),
    )  # fmt: skip


async def _two_passes(film: Path, copy: Path, rate: int) -> None:
    """Source: FFmpeg, wiki, Encode/H.264, two-pass."""
    both = ("-i", str(film), "-c:v", "libx264", "-preset", "medium", "-b:v", str(rate))
    notes = ("-passlogfile", str(copy.with_suffix("")))
    await _ffmpeg(*both, "-pass", "1", *notes, "-an", "-f", "null", "-")
    await _ffmpeg(*both, "-pass", "2", *notes, "-movflags", "+faststart", str(copy))


async def _ssim(copy: Path, film: Path) -> float:
    told = await _ffmpeg("-i", str(copy), "-i", str(film), "-lavfi", "ssim", "-f", "null", "-")
    found = _SSIM.search(told)
    assert found is not None, told  # noqa: S101
    return float(found[1])


async def _ffmpeg(*arguments: str) -> bytes:
    """Run it; return what it says."""
    process = await asyncio.create_subprocess_exec(
        "ffmpeg", "-y", "-nostdin", *arguments,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, told = await process.communicate()
    if process.returncode:
        raise RuntimeError(told.decode(errors="replace")[-2000:])
    return told
