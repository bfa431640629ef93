"""How a film is encoded into so many bytes: the size of its frames, its bit rates, its preset."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

from bot.media.children.facts import CannotTranscode, FilmFacts

AIM: Final = 0.975
"""Of the rate that would fill the target: x264 meets a rate to one or two percent."""
PRESET: Final = "medium"
QUICK_PRESET: Final = "veryfast"
MUCH_WORK: Final = 4_000_000_000
"""Pixels of all frames together from which on the quick preset is used: 64 seconds of 1080p at 30
frames a second, which take two cores some three minutes otherwise."""
LARGE_FRAME: Final = 4_000_000
"""Pixels. Larger frames are encoded quickly too: the other preset looks 40 of them ahead."""
FEWEST_BITS: Final = 0.012
"""Bits per pixel and frame under which a smaller picture looks better than a blocky one."""
SHORTEST_SIDE: Final = 240
"""Pixels. No film is scaled below it: then a link is the better way."""
COPIED_AUDIO: Final = 0.15
"""Of all bits: the share that audio may have to be copied as it is."""
AUDIO_SHARE: Final = 0.1
AUDIO_RATES: Final = (32_000, 128_000)
"""Bits per second of audio that is re-encoded: at the least and at the most."""
AUDIO_CODEC: Final = "aac"
_BYTES_PER_FILE, _BYTES_PER_FRAME, _BYTES_PER_AUDIO_PACKET = 4096, 20, 12
"""Bytes of an MP4 file's index."""


@dataclass(frozen=True)
class EncodePlan:
    """How a film is encoded; frames in pixels, rates in bits per second."""

    width: int
    height: int
    rate: int | None
    """None where the quality is constant."""
    preset: str
    audio_rate: int | None
    """None where audio is copied, or there is none."""


def plan_for_quality(film: FilmFacts) -> EncodePlan:
    """Return the plan of a copy that looks like the film, however large it becomes."""
    audio_rate = None if film.audio in {None, AUDIO_CODEC} else AUDIO_RATES[1]
    return EncodePlan(_even(film.width), _even(film.height), None, _preset(film), audio_rate)


def plan_for_size(film: FilmFacts, target: int) -> EncodePlan:
    """Return the plan of a copy of `target` bytes. Raises CannotTranscode where they are too few.

    Frames get smaller where the bits would not suffice for their pixels.
    """
    index = _BYTES_PER_FILE + film.frames * _BYTES_PER_FRAME
    index += film.audio_packets * _BYTES_PER_AUDIO_PACKET
    bits = 8 * (target - index)
    audio_rate, audio_bits = _audio(film, bits)
    rate = AIM * (bits - audio_bits) / film.seconds
    needed = FEWEST_BITS * film.width * film.height * film.frames / film.seconds
    scale = min(1.0, sqrt(max(rate, 0.0) / needed))
    if scale < 1.0 and min(film.width, film.height) * scale < SHORTEST_SIDE:
        raise CannotTranscode("it is too long for so few bytes")
    return EncodePlan(
        width=_even(film.width * scale),
        height=_even(film.height * scale),
        rate=int(rate),
        preset=_preset(film),
        audio_rate=audio_rate,
    )


def _preset(film: FilmFacts) -> str:
    pixels = film.width * film.height
    has_time = pixels <= LARGE_FRAME and pixels * film.frames <= MUCH_WORK
    return PRESET if has_time else QUICK_PRESET


def _audio(film: FilmFacts, bits: int) -> tuple[int | None, float]:
    """Return the bit rate for re-encoded audio, None for a copy, and the bits of audio in all."""
    copied = film.audio_bytes * 8
    if film.audio is None or (film.audio == AUDIO_CODEC and copied <= bits * COPIED_AUDIO):
        return None, copied
    least, most = AUDIO_RATES
    rate = int(min(max(bits * AUDIO_SHARE / film.seconds, least), most))
    return rate, rate * film.seconds


def _even(pixels: float) -> int:
    """Return the even number below: 4:2:0 halves both sides."""
    return max(2, int(pixels) // 2 * 2)
