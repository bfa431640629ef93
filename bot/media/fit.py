"""A film encoded anew, to play everywhere or to fit: a plain function for its own process.

What only has to play everywhere gets one pass of a quality that looks like the film itself.

Two passes of x264: the first learns which frames are hard, the second spends the bytes on them. One
pass with a capped CRF is quicker, but its cap holds the hard scenes of a film while the easy ones
leave their bytes unused, and its size is not known beforehand (both measured: docs/performance.md).
"""

import os
import sys
import threading
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from math import sqrt
from pathlib import Path
from typing import Final, cast

import av
from av.audio import AudioStream
from av.codec.context import Flags
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.stream import Stream
from av.video import VideoStream
from av.video.frame import PictureType

from bot.media.source import (
    Unreadable,
    Upright,
    animation,
    check_size,
    is_animation,
    opened,
    turns_of,
)

SHARE: Final = 0.95
"""Of the limit: what a copy may take."""
AIM: Final = 0.975
"""Of the rate that would take just that: x264 meets a rate to one or two percent."""
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
QUALITY: Final = 19
"""x264's constant rate factor of a copy that only has to play: SSIM above 0.98 on test films."""
CHECKED_EVERY: Final = 50
"""Frames between two looks at how large the copy has become."""
ANIMATION_RATE: Final = Fraction(25)
BT709: Final = 1
"""Primaries, transfer and matrix of a screen (ITU-T H.273)."""
MOST_FRAMES: Final = 20_000
"""Frames of an animated picture."""
COPIED_SOUND: Final = 0.15
"""Of all bits: what sound may take that is copied as it is."""
SOUND_SHARE: Final = 0.1
SOUND_RATES: Final = (32_000, 128_000)
"""Bits per second of sound that is encoded anew: at the least and at the most."""
SOUND_CODEC: Final = "aac"
SOUND_SAMPLES: Final = 48_000
_BYTES_PER_FILE, _BYTES_PER_FRAME, _BYTES_PER_SOUND = 4096, 20, 12
"""What an MP4 file's index takes."""


class CannotFit(Exception):
    """The film does not get that small, or cannot be read; the message says why."""


class _TooLarge(Exception):
    """A copy of constant quality has become larger than it may be."""


@dataclass(frozen=True)
class _Source:
    """What a look through the whole file tells, without decoding it."""

    width: int
    height: int
    frames: int
    seconds: float
    sound: str | None = None
    """The codec."""
    sound_bytes: int = 0
    sound_packets: int = 0


@dataclass(frozen=True)
class _Plan:
    """How it is encoded; rates in bits per second."""

    width: int
    height: int
    rate: int | None
    """None where the quality is constant."""
    preset: str
    sound_rate: int | None
    """None where sound is copied, or there is none."""


def fit(film: Path, copy: Path, limit: int, *, quality: bool = False) -> None:
    """Encode `film` into an MP4 file at `copy` of less than `limit` bytes.

    Same frames at the same times, upright, H.264 4:2:0 that every client plays, its index in front.
    With `quality` it becomes as large as it takes to look like the film, if that fits. Raises
    CannotFit; then there is nothing at `copy`. Its own files beside it begin with the copy's stem.
    """
    part, notes = copy.with_suffix(".part"), copy.with_suffix(".notes")
    target = int(limit * SHARE)
    try:
        source = _look_through(str(film))
        if quality and _looks_alike(film, source, part, notes, target):
            part.replace(copy)
            return
        plan = _plan(source, target)
        _encode(film, plan, Path(os.devnull), notes, first=True)
        size = _encode(film, plan, part, notes)
        if size > target and plan.rate is not None:
            plan = replace(plan, rate=int(plan.rate * target / size * AIM))
            size = _encode(film, plan, part, notes)
    except (FFmpegError, IndexError, MemoryError, OSError, SyntaxError, Unreadable) as error:
        raise CannotFit(f"the film cannot be encoded: {error or 'no memory'}") from error
    if size > limit:
        raise CannotFit(f"it still has {size} bytes")
    part.replace(copy)


def _looks_alike(film: Path, source: _Source, part: Path, notes: Path, most: int) -> bool:
    """Encode with a constant quality; False where that takes more than `most` bytes."""
    sound_rate = None if source.sound in {None, SOUND_CODEC} else SOUND_RATES[1]
    plan = _Plan(_even(source.width), _even(source.height), None, _preset(source), sound_rate)
    try:
        return _encode(film, plan, part, notes, most=most) <= most
    except _TooLarge:
        return False


def _look_through(film: str) -> _Source:
    if is_animation(film):
        return _look_through_animation(film)
    frames = sound_bytes = sound_packets = 0
    begin, end = float("inf"), 0.0
    width, height = _upright_size(film)
    with opened(film) as container:
        picture, sound = _streams(container)
        for packet in container.demux(_wanted(picture, sound)):
            if packet.stream is sound:
                sound_bytes += packet.size
                sound_packets += 1
            elif packet.size:
                frames += 1
                at = packet.pts if packet.pts is not None else packet.dts
                if at is not None:
                    begin = min(begin, float(at * packet.time_base))
                    end = max(end, float((at + (packet.duration or 0)) * packet.time_base))
        codec = None if sound is None else sound.codec_context.name
        seconds = end - begin if end > begin else frames / float(picture.average_rate or 24)
        if not frames:
            raise CannotFit("the film has no frame")
        return _Source(width, height, frames, seconds, codec, sound_bytes, sound_packets)


def _look_through_animation(film: str) -> _Source:
    count, width, height, ends = 0, 0, 0, 0.0
    for frame in islice(animation(film), MOST_FRAMES):
        count, width, height = count + 1, frame.width, frame.height
        ends = float(frame.time or 0.0)
    return _Source(width, height, count, max(0.1, ends))


def _upright_size(film: str) -> tuple[int, int]:
    """Return the frames' width and height as people are to see them. Raises Unreadable."""
    with opened(film) as container:
        picture = container.streams.video[0]
        check_size(picture.width, picture.height)
        for frame in container.decode(picture):
            check_size(frame.width, frame.height)
            lies = any("transpose" in turn for turn in turns_of(frame))
            return (frame.height, frame.width) if lies else (frame.width, frame.height)
    raise CannotFit("the film has no frame")


def _streams(container: InputContainer) -> tuple[VideoStream, AudioStream | None]:
    sounds = container.streams.audio
    return container.streams.video[0], sounds[0] if sounds else None


def _wanted(picture: VideoStream, sound: AudioStream | None) -> list[Stream]:
    return [picture] if sound is None else [picture, sound]


def _plan(source: _Source, target: int) -> _Plan:
    index = _BYTES_PER_FILE + source.frames * _BYTES_PER_FRAME
    index += source.sound_packets * _BYTES_PER_SOUND
    bits = 8 * (target - index)
    sound_rate, sound_bits = _sound(source, bits)
    rate = AIM * (bits - sound_bits) / source.seconds
    needed = FEWEST_BITS * source.width * source.height * source.frames / source.seconds
    scale = min(1.0, sqrt(max(rate, 0.0) / needed))
    if scale < 1.0 and min(source.width, source.height) * scale < SHORTEST_SIDE:
        raise CannotFit("it is too long for so few bytes")
    return _Plan(
        width=_even(source.width * scale),
        height=_even(source.height * scale),
        rate=int(rate),
        preset=_preset(source),
        sound_rate=sound_rate,
    )


def _preset(source: _Source) -> str:
    frame = source.width * source.height
    slow = frame <= LARGE_FRAME and frame * source.frames <= MUCH_WORK
    return PRESET if slow else QUICK_PRESET


def _sound(source: _Source, bits: int) -> tuple[int | None, float]:
    """Return the rate for sound that is encoded anew, and the bits that sound takes in all."""
    copied = source.sound_bytes * 8
    if source.sound is None or (source.sound == SOUND_CODEC and copied <= bits * COPIED_SOUND):
        return None, copied
    least, most = SOUND_RATES
    rate = int(min(max(bits * SOUND_SHARE / source.seconds, least), most))
    return rate, rate * source.seconds


def _even(pixels: float) -> int:
    """Return the even number below: 4:2:0 halves both sides."""
    return max(2, int(pixels) // 2 * 2)


def _encode(
    film: Path,
    plan: _Plan,
    out: Path,
    notes: Path,
    *,
    first: bool = False,
    most: int | None = None,
) -> int:
    """Encode once, as the first pass or the second; return the bytes written.

    Raises _TooLarge as soon as there are more than `most`.
    """
    form, options = ("null", {}) if first else ("mp4", {"movflags": "+faststart"})
    with av.open(str(out), "w", format=form, options=options) as sink:
        if is_animation(str(film)):
            _encode_animation(str(film), sink, plan, notes, first=first)
        else:
            with opened(str(film)) as container:
                _encode_film(container, sink, plan, notes, first=first, out=out, most=most)
    return 0 if first else out.stat().st_size


def _encode_animation(
    film: str, sink: OutputContainer, plan: _Plan, notes: Path, *, first: bool
) -> None:
    encoder = _encoder(sink, plan, notes, ANIMATION_RATE, first=first)
    encoder.codec_context.time_base = Fraction(1, 1000)
    for frame in islice(animation(film), MOST_FRAMES):
        sink.mux(encoder.encode(_prepared(frame, plan)))
    sink.mux(encoder.encode())


def _encode_film(
    container: InputContainer,
    sink: OutputContainer,
    plan: _Plan,
    notes: Path,
    *,
    first: bool,
    out: Path,
    most: int | None,
) -> None:
    picture, sound = _streams(container)
    picture.thread_type = "AUTO"
    upright = Upright(picture)
    encoder = _picture_encoder(sink, picture, plan, notes, first=first, upright=upright)
    sound_encoder = None if sound is None or first else _sound_encoder(sink, sound, plan)
    last, count = -1, 0
    for packet in container.demux(_wanted(picture, None if first else sound)):
        if packet.stream is not picture:
            _put_sound(sink, packet, sound_encoder, plan)
            continue
        for frame in packet.decode():
            if not isinstance(frame, av.VideoFrame):
                continue
            told = cast("int | None", frame.pts)
            at = last + 1 if told is None else told
            if at <= last:
                continue
            last = frame.pts = at
            sink.mux(encoder.encode(_prepared(upright.frame(frame), plan)))
            count += 1
            if most is not None and count % CHECKED_EVERY == 0 and out.stat().st_size > most:
                raise _TooLarge
    sink.mux(encoder.encode())
    if plan.sound_rate is not None and isinstance(sound_encoder, AudioStream):
        sink.mux(sound_encoder.encode())


def _picture_encoder(
    sink: OutputContainer,
    picture: VideoStream,
    plan: _Plan,
    notes: Path,
    *,
    first: bool,
    upright: Upright,
) -> VideoStream:
    encoder = _encoder(sink, plan, notes, picture.average_rate or Fraction(24), first=first)
    context, told = encoder.codec_context, picture.codec_context
    if picture.time_base is not None:
        context.time_base = picture.time_base
    shape = picture.sample_aspect_ratio
    if shape:
        lies = (plan.width > plan.height) is not (picture.width > picture.height)
        context.sample_aspect_ratio = 1 / shape if lies else shape
    if (told.pix_fmt or "").startswith("yuv") and not upright.is_hdr:
        context.color_primaries = told.color_primaries
        context.color_trc = told.color_trc
        context.colorspace = told.colorspace
    return encoder


def _encoder(
    sink: OutputContainer, plan: _Plan, notes: Path, rate: Fraction, *, first: bool
) -> VideoStream:
    """Return the stream of pictures, with the colours of BT.709 unless others are set."""
    options = {"preset": plan.preset}
    options |= {"crf": str(QUALITY)} if plan.rate is None else {"stats": str(notes)}
    encoder = sink.add_stream(  # pyright: ignore[reportUnknownMemberType]
        "libx264", rate=rate, options=options
    )
    encoder.width, encoder.height, encoder.pix_fmt = plan.width, plan.height, "yuv420p"
    context = encoder.codec_context
    context.thread_type = "FRAME"
    context.color_primaries = context.color_trc = context.colorspace = BT709
    if plan.rate is not None:
        encoder.bit_rate = plan.rate
        context.flags |= Flags.pass1 if first else Flags.pass2
    return encoder


def _prepared(frame: av.VideoFrame, plan: _Plan) -> av.VideoFrame:
    """Return the frame in the plan's form; the encoder is to choose its own key frames."""
    form = (frame.width, frame.height, frame.format.name)
    if form != (plan.width, plan.height, "yuv420p"):
        to = "ITU709" if frame.format.is_rgb else None
        frame = frame.reformat(
            plan.width, plan.height, "yuv420p", dst_colorspace=to, interpolation="LANCZOS"
        )
    frame.pict_type = PictureType.NONE
    return frame


def _sound_encoder(sink: OutputContainer, sound: AudioStream, plan: _Plan) -> AudioStream:
    if plan.sound_rate is None:
        return sink.add_stream_from_template(sound)  # pyright: ignore[reportUnknownMemberType]
    encoder = sink.add_stream(  # pyright: ignore[reportUnknownMemberType]
        SOUND_CODEC, rate=SOUND_SAMPLES
    )
    encoder.bit_rate = plan.sound_rate
    encoder.layout = "mono" if sound.layout.nb_channels == 1 else "stereo"
    return encoder


def _put_sound(
    sink: OutputContainer, packet: av.Packet, encoder: AudioStream | None, plan: _Plan
) -> None:
    if encoder is None:
        return
    if plan.sound_rate is not None:
        for frame in packet.decode():
            if isinstance(frame, av.AudioFrame):
                # In samples: an AVI file counts whole packets, between which nothing can begin.
                samples = Fraction(1, frame.sample_rate)
                if cast("int | None", frame.pts) is not None and frame.time_base is not None:
                    frame.pts = round(frame.pts * frame.time_base / samples)
                frame.time_base = samples
                sink.mux(encoder.encode(frame))
    elif packet.dts is not None:
        packet.stream = encoder
        sink.mux(packet)


def _end_with_parent() -> None:
    """End when standard input does: whoever started this is gone, however it went."""
    # Not through sys.stdin, whose lock this thread would hold while the interpreter ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


def main() -> int:
    """`python fit.py FILM COPY LIMIT [QUALITY]`."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(10)
    film, copy, limit, *quality = sys.argv[1:]
    try:
        fit(Path(film), Path(copy), int(limit), quality=bool(quality))
    except CannotFit as error:
        sys.stderr.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
