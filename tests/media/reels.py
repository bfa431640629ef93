"""Real films for tests, large because they hold noise."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SECONDS = 2
RATE = 12
SAMPLES = 48_000


def reel(
    path: Path,
    *,
    size: tuple[int, int] = (320, 240),
    seconds: float = SECONDS,
    codec: str = "libx264",
    sound: str | None = "aac",
    bit_rate: int = 4_000_000,
    noise: int = 56,
) -> Path:
    """Write a film of moving noise over a moving gradient, by default of about a megabyte."""
    random = np.random.default_rng(7)
    width, height = size
    slope = np.linspace(0, 200, width, dtype=np.int16)[None, :, None]
    with av.open(str(path), "w") as container:
        picture = container.add_stream(codec, rate=RATE)  # pyright: ignore[reportUnknownMemberType]
        assert isinstance(picture, av.VideoStream)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        picture.bit_rate = bit_rate
        voice = None
        if sound is not None:
            voice = container.add_stream(sound, rate=SAMPLES)  # pyright: ignore[reportUnknownMemberType]
            assert isinstance(voice, av.AudioStream)
            voice.layout = "mono"
        for number in range(int(seconds * RATE)):
            grain = random.integers(0, noise, (height, width, 3), np.int16)
            shown = np.roll(slope, 5 * number, axis=1) + grain
            frame = av.VideoFrame.from_ndarray(shown.astype(np.uint8), format="rgb24")
            container.mux(picture.encode(frame))
        container.mux(picture.encode())
        if voice is not None:
            container.mux([*voice.encode(_tone(seconds)), *voice.encode()])
    return path


def _tone(seconds: float) -> av.AudioFrame:
    wave = np.sin(np.arange(int(seconds * SAMPLES)) / 20).astype(np.float32)[None, :]
    frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLES, 0, Fraction(1, SAMPLES)
    return frame
