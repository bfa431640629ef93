"""Facts of a whole film, found by demuxing it and decoding one frame."""

from dataclasses import dataclass
from itertools import islice
from typing import Final

from av import Packet
from av.audio import AudioStream
from av.container import InputContainer
from av.video import VideoStream

from bot.media.children.main import Failed
from bot.media.children.source import (
    animation,
    check_size,
    is_animation,
    open_film,
    upright_filters,
)

MOST_FRAMES: Final = 20_000
"""Frames of an animated picture; further ones are left out."""
_ASSUMED_RATE: Final = 24
"""Frames per second of a film that does not say."""


class CannotTranscode(Failed):
    """The film does not get that small, or cannot be read; the message says why."""


@dataclass(frozen=True)
class FilmFacts:
    """A film's upright frame in pixels, its frames, its length, and its audio."""

    width: int
    height: int
    frames: int
    seconds: float
    audio: str | None = None
    """The codec."""
    audio_bytes: int = 0
    audio_packets: int = 0


def measure(film: str) -> FilmFacts:
    """Return the facts of a film. Raises CannotTranscode, Unreadable and FFmpegError."""
    if is_animation(film):
        return _measure_animation(film)
    width, height = _upright_size(film)
    count = _Count()
    with open_film(film) as container:
        video, audio = streams(container)
        for packet in container.demux([video] if audio is None else [video, audio]):
            if packet.stream is video:
                count.add_video(packet)
            else:
                count.add_audio(packet)
        if not count.frames:
            raise CannotTranscode("the film has no frame")
        seconds = count.seconds or count.frames / float(video.average_rate or _ASSUMED_RATE)
        codec = None if audio is None else audio.codec_context.name
    return FilmFacts(
        width, height, count.frames, seconds, codec, count.audio_bytes, count.audio_packets
    )


def streams(container: InputContainer) -> tuple[VideoStream, AudioStream | None]:
    """Return a film's first video stream, and its first audio stream if it has one."""
    audio = container.streams.audio
    return container.streams.video[0], audio[0] if audio else None


class _Count:
    """What the packets of a film come to."""

    def __init__(self) -> None:
        self.frames = self.audio_bytes = self.audio_packets = 0
        self._begin, self._end = float("inf"), 0.0

    @property
    def seconds(self) -> float:
        """From the first frame to the end of the last; 0 where the packets do not say."""
        return max(0.0, self._end - self._begin)

    def add_video(self, packet: Packet) -> None:
        """Count a packet; the one that ends a stream is empty."""
        if not packet.size:
            return
        self.frames += 1
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None:
            self._begin = min(self._begin, float(at * packet.time_base))
            self._end = max(self._end, float((at + (packet.duration or 0)) * packet.time_base))

    def add_audio(self, packet: Packet) -> None:
        """Count a packet."""
        self.audio_bytes += packet.size
        self.audio_packets += 1


def _measure_animation(film: str) -> FilmFacts:
    count, width, height, ends = 0, 0, 0, 0.0
    for frame in islice(animation(film), MOST_FRAMES):
        count, width, height = count + 1, frame.width, frame.height
        ends = float(frame.time or 0.0)
    return FilmFacts(width, height, count, max(0.1, ends))


def _upright_size(film: str) -> tuple[int, int]:
    """Return the frames' width and height as people are to see them. Raises Unreadable."""
    with open_film(film) as container:
        stream = container.streams.video[0]
        check_size(stream.width, stream.height)
        for frame in container.decode(stream):
            check_size(frame.width, frame.height)
            turned = any("transpose" in each for each in upright_filters(frame))
            return (frame.height, frame.width) if turned else (frame.width, frame.height)
    raise CannotTranscode("the film has no frame")
