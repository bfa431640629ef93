"""Adapts simcord's preview for the demo: films play as delivered, and no press is lost.

simcord's page converts each film to VP9, within 30 s or not at all; browsers play the H.264 that
the bot delivers. It also refuses a press on a card that was edited within the last half second.
"""

import asyncio
import io
from collections.abc import Mapping
from typing import Final

import av
import simcord
from av.error import FFmpegError
from PIL import Image
from simcord.preview._media import MediaError, MediaInfo, MediaWorker

FILMS_KEPT: Final = 2 * 1024**3
"""Bytes of films that the page keeps in memory: some hundred previews."""
POSTER_SIDE: Final = 640
"""Pixels of the longer side of the poster, shown until the film plays."""
CHECK_INTERVAL: Final = 0.02
MOST_CHECKS: Final = 500
"""Seconds between two checks whether the page is free for a press, and the number of checks."""
_CHECKED_ACTIONS: Final = frozenset(
    {"click", "select", "modal_submit", "run_command", "send_message"}
)
"""Actions that simcord refuses where the page shows an earlier state of the messages."""


def adapt(preview: simcord.Preview) -> None:
    """Have a preview show films as delivered, and accept every press."""
    preview._media_worker = _FilmWorker()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    preview._MAX_MEDIA_BYTES = FILMS_KEPT  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    preview._action = _Actions(preview).act  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


class _FilmWorker(MediaWorker):
    """Passes MP4 films on unchanged; images are converted as usual."""

    async def validate(
        self, key: str, blob: bytes, *, media_time: float | None = None
    ) -> MediaInfo:
        if blob[4:8] != b"ftyp":
            return await super().validate(key, blob, media_time=media_time)
        return await asyncio.to_thread(_describe, blob)


def _describe(blob: bytes) -> MediaInfo:
    """Describe a film, with its first frame as a PNG. Blocking. Raises MediaError."""
    try:
        with av.open(io.BytesIO(blob), "r", format="mp4") as container:
            stream = container.streams.video[0]
            frame = next(container.decode(stream))
            seconds = (container.duration or 0) / av.time_base
            frames = stream.frames
    except (FFmpegError, IndexError, StopIteration) as error:
        raise MediaError("the film cannot be read") from error
    poster = _poster(frame)
    return MediaInfo(
        "mp4",
        frame.width,
        frame.height,
        max(1, frames),
        len(blob),
        blob,
        "video/mp4",
        kind="video",
        duration=seconds,
        capture=poster,
        poster=poster,
        transformation="preserved",
    )


def _poster(frame: av.VideoFrame) -> bytes:
    """Return a frame as a small PNG."""
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    image.thumbnail((POSTER_SIDE, POSTER_SIDE))
    out = io.BytesIO()
    image.save(out, format="PNG")
    return out.getvalue()


class _Actions:
    """Runs presses and messages one after the other, each on the newest state of the page."""

    def __init__(self, preview: simcord.Preview) -> None:
        self._preview = preview
        self._act = preview._action  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._turn = asyncio.Lock()

    async def act(self, context_id: str | None, body: Mapping[str, object]) -> dict[str, object]:
        """Run one action of a page, as soon as the page is free."""
        async with self._turn:
            await self._wait_until_free()
            return await self._act(context_id, self._on_newest(context_id, body))

    async def _wait_until_free(self) -> None:
        for _ in range(MOST_CHECKS):
            if not self._is_busy():
                return
            await asyncio.sleep(CHECK_INTERVAL)

    def _is_busy(self) -> bool:
        # By a refresh or another person's press: simcord does one thing at a time.
        task = self._preview.env._operation_task  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return task is not None

    def _on_newest(
        self, context_id: str | None, body: Mapping[str, object]
    ) -> Mapping[str, object]:
        if body.get("kind") not in _CHECKED_ACTIONS:
            return body
        page = self._preview._get_page(context_id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return {**body, "published_revision": page.revision}
