"""One pass of x264 over a film, and its audio copied or re-encoded as AAC."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import av
from av.audio import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.stream import Stream
from av.video import VideoStream
from av.video.frame import PictureType

from bot.media.children.facts import MOST_FRAMES, streams
from bot.media.children.rate_control import AUDIO_CODEC, EncodePlan
from bot.media.children.source import Upright, animation, is_animation, open_film

QUALITY: Final = 19
"""x264's constant rate factor of a copy that only has to play: SSIM above 0.98 on test films."""
CHECKED_EVERY: Final = 50
"""Frames after which the size of the copy is compared with its limit again."""
ANIMATION_RATE: Final = Fraction(25)
BT709: Final = 1
"""Primaries, transfer and matrix of a screen (ITU-T H.273)."""
AUDIO_SAMPLES: Final = 48_000
_PIXELS: Final = "yuv420p"


class OverLimit(Exception):
    """The copy has become larger than it may be."""


@dataclass(frozen=True)
class Pass:
    """One of x264's two passes; the only one where the quality is constant."""

    plan: EncodePlan
    statistics: Path
    """Written by the first pass, read by the second."""
    is_first: bool = False


def encode(film: str, out: Path, this: Pass, *, most: int | None = None) -> int:
    """Encode once; return the bytes written, 0 for a first pass, which writes only statistics.

    Raises OverLimit as soon as there are more than `most`, Unreadable and FFmpegError.
    """
    muxer, options = ("null", {}) if this.is_first else ("mp4", {"movflags": "+faststart"})
    with av.open(str(out), "w", format=muxer, options=options) as sink:
        if is_animation(film):
            _encode_animation(film, sink, this)
        else:
            with open_film(film) as container:
                for frames in _encode_film(container, sink, this):
                    if most is not None and frames % CHECKED_EVERY == 0:
                        _check_size(out, most)
    return 0 if this.is_first else out.stat().st_size


def _check_size(out: Path, most: int) -> None:
    if out.stat().st_size > most:
        raise OverLimit


def _encode_animation(film: str, sink: OutputContainer, this: Pass) -> None:
    encoder = _video_encoder(sink, this, ANIMATION_RATE)
    encoder.codec_context.time_base = Fraction(1, 1000)
    for frame in islice(animation(film), MOST_FRAMES):
        sink.mux(encoder.encode(_prepared(frame, this.plan)))
    sink.mux(encoder.encode())


def _encode_film(container: InputContainer, sink: OutputContainer, this: Pass) -> Iterator[int]:
    """Encode a film's video and audio; yield the number of frames after each."""
    stream, audio_stream = streams(container)
    video = _VideoTrack(stream, sink, this)
    wanted: list[Stream] = [stream]
    audio = None
    if audio_stream is not None and not this.is_first:
        audio = _AudioTrack(audio_stream, sink, this.plan.audio_rate)
        wanted.append(audio_stream)
    for packet in container.demux(wanted):
        if packet.stream is stream:
            yield from video.put(packet)
        elif audio is not None:
            audio.put(packet)
    video.finish()
    if audio is not None:
        audio.finish()


# ------------------------------------------------------------------ video


class _VideoTrack:
    """Decodes a film's frames, and encodes them upright."""

    def __init__(self, stream: VideoStream, sink: OutputContainer, this: Pass) -> None:
        stream.thread_type = "AUTO"
        self._sink = sink
        self._plan = this.plan
        self._upright = Upright(stream)
        self._encoder = _encoder_for(stream, sink, this, is_hdr=self._upright.is_hdr)
        self._last = -1
        self._frames = 0

    def put(self, packet: av.Packet) -> Iterator[int]:
        """Encode the frames of a packet; yield the number of frames after each."""
        for frame in packet.decode():
            if isinstance(frame, av.VideoFrame) and self._is_next(frame):
                upright = self._upright.frame(frame)
                self._sink.mux(self._encoder.encode(_prepared(upright, self._plan)))
                self._frames += 1
                yield self._frames

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._sink.mux(self._encoder.encode())

    def _is_next(self, frame: av.VideoFrame) -> bool:
        """Whether a frame comes after the last one; a frame without a time is given the next."""
        at = self._last + 1 if frame.pts is None else frame.pts
        if at <= self._last:
            return False
        self._last = frame.pts = at
        return True


def _encoder_for(
    stream: VideoStream, sink: OutputContainer, this: Pass, *, is_hdr: bool
) -> VideoStream:
    """Return the encoder for a film's video, with its times, pixel shape and colours."""
    encoder = _video_encoder(sink, this, stream.average_rate or Fraction(24))
    context, source = encoder.codec_context, stream.codec_context
    if stream.time_base is not None:
        context.time_base = stream.time_base
    shape = stream.sample_aspect_ratio
    if shape:
        is_turned = (encoder.width > encoder.height) is not (stream.width > stream.height)
        context.sample_aspect_ratio = 1 / shape if is_turned else shape
    if (source.pix_fmt or "").startswith("yuv") and not is_hdr:
        context.color_primaries = source.color_primaries
        context.color_trc = source.color_trc
        context.colorspace = source.colorspace
    return encoder


def _video_encoder(sink: OutputContainer, this: Pass, rate: Fraction) -> VideoStream:
    """Return an encoder of H.264, with the colours of BT.709 unless others are set."""
    plan = this.plan
    options = {"preset": plan.preset}
    options |= {"crf": str(QUALITY)} if plan.rate is None else {"stats": str(this.statistics)}
    encoder = sink.add_stream(  # pyright: ignore[reportUnknownMemberType]
        "libx264", rate=rate, options=options
    )
    encoder.width, encoder.height, encoder.pix_fmt = plan.width, plan.height, _PIXELS
    context = encoder.codec_context
    context.thread_type = "FRAME"
    context.color_primaries = context.color_trc = context.colorspace = BT709
    if plan.rate is not None:
        encoder.bit_rate = plan.rate
        context.flags |= Flags.pass1 if this.is_first else Flags.pass2
    return encoder


def _prepared(frame: av.VideoFrame, plan: EncodePlan) -> av.VideoFrame:
    """Return the frame in the plan's size and 4:2:0; the encoder chooses its own key frames."""
    if (frame.width, frame.height, frame.format.name) != (plan.width, plan.height, _PIXELS):
        frame = frame.reformat(
            plan.width,
            plan.height,
            _PIXELS,
            dst_colorspace="ITU709" if frame.format.is_rgb else None,
            interpolation="LANCZOS",
        )
    frame.pict_type = PictureType.NONE
    return frame


# ------------------------------------------------------------------ audio


class _AudioTrack:
    """Copies a film's audio as it is, or encodes it as AAC, mono or stereo."""

    def __init__(self, stream: AudioStream, sink: OutputContainer, rate: int | None) -> None:
        """`rate` is in bits per second, None for a copy."""
        self._sink = sink
        self._copies = rate is None
        self._out = (
            sink.add_stream_from_template(stream)  # pyright: ignore[reportUnknownMemberType]
            if rate is None
            else _audio_encoder(stream, sink, rate)
        )

    def put(self, packet: av.Packet) -> None:
        """Copy or encode a packet; the empty one at the end of a copy has no time."""
        if not self._copies:
            for frame in packet.decode():
                if isinstance(frame, av.AudioFrame):
                    self._sink.mux(self._out.encode(_timed_in_samples(frame)))
        elif packet.dts is not None:
            packet.stream = self._out
            self._sink.mux(packet)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        if not self._copies:
            self._sink.mux(self._out.encode())


def _audio_encoder(stream: AudioStream, sink: OutputContainer, rate: int) -> AudioStream:
    encoder = sink.add_stream(  # pyright: ignore[reportUnknownMemberType]
        AUDIO_CODEC, rate=AUDIO_SAMPLES
    )
    encoder.bit_rate = rate
    encoder.layout = "mono" if stream.layout.nb_channels == 1 else "stereo"
    return encoder


def _timed_in_samples(frame: av.AudioFrame) -> av.AudioFrame:
    """Count a frame's time in samples: AVI counts whole packets, between which none can begin."""
    samples = Fraction(1, frame.sample_rate)
    if frame.pts is not None and frame.time_base is not None:
        frame.pts = round(frame.pts * frame.time_base / samples)
    frame.time_base = samples
    return frame
