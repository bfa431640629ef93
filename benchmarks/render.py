"""The preview renderer's speed against the bare encoder's, on the same frames.

Run from the repository: ``python benchmarks/render.py``.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bot.server.preview.film import Painter, encoding
from bot.server.renderer import FilmFiles, RenderRequest, render

ROUNDS: Final = 5
WIDTH: Final = 720
HEIGHT: Final = 1280
SECONDS: Final = 4
PROMPTS: Final = (
    "a calico cat playing a piano on stage",
    "sunset over a calm ocean",
    "neon city at night in the rain",
    "a snowy forest",
)


def timed(work: Callable[[], None]) -> float:
    """Return the wall time of a call in seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(prompt: str, folder: Path) -> tuple[float, float, int]:
    """Return the medians of rendering and of bare encoding, in seconds, and the film's bytes."""
    request = RenderRequest(prompt=prompt, width=WIDTH, height=HEIGHT, seconds=SECONDS)
    files = FilmFiles(folder / "film.jpg", folder / "sheet.jpg", folder / "film.mp4")
    frames = list(Painter(request).paint_all())

    def whole() -> None:
        render(request, files, lambda _percent: None)

    def bare() -> None:
        with encoding(folder / "bare.mp4", WIDTH, HEIGHT) as encode:
            for frame in frames:
                encode(frame)

    rounds = [(timed(whole), timed(bare)) for _ in range(ROUNDS)]
    rendered, encoded = (statistics.median(column) for column in zip(*rounds, strict=True))
    return rendered, encoded, files.film.stat().st_size


def main() -> None:
    """Print one line for each prompt."""
    print(f"{WIDTH}x{HEIGHT}, {SECONDS} s of film, median of {ROUNDS} interleaved rounds;")
    print("seconds of work per second of film\n")
    print(f"{'prompt':40}{'renderer':>10}{'bare x264':>11}{'ratio':>8}{'MB':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for prompt in PROMPTS:
            rendered, encoded, size = compare(prompt, Path(folder))
            ratio = rendered / encoded
            row = f"{rendered / SECONDS:10.3f}{encoded / SECONDS:11.3f}{ratio:8.2f}"
            print(f"{prompt:40}{row}{size / 1e6:7.2f}")


if __name__ == "__main__":
    main()
