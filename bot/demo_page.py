"""What the demo's page does otherwise than simcord's preview: films as delivered, no press lost.

simcord's page converts each film to VP9 within 30 s or gives it up; browsers play the H.264 that
the bot delivers. It also refuses a press on a card that was drawn anew within the last half second.
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
"""Bytes of films that the page holds in memory: some hundred previews."""
POSTER_SIDE: Final = 640
"""Pixels of the longer side of the picture that stands for a film until it plays."""
LOOK: Final = 0.02
LOOKS: Final = 500
"""Seconds between two looks whether the page is free for a press, and how many are taken."""
_LATEST: Final = frozenset({"click", "select", "modal_submit", "run_command", "send_message"})
"""Actions that simcord checks against the messages as they are now, whatever the page shows."""


def adapt(preview: simcord.Preview) -> None:
    """Have a preview show films as they were delivered, and take every press."""
    preview._media_worker = _FilmWorker()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    preview._MAX_MEDIA_BYTES = FILMS_KEPT  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
    preview._action = _Presses(preview).act  # noqa: SLF001  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]


class _FilmWorker(MediaWorker):
    """Hands MP4 films over untouched; images go the usual way."""

    async def validate(
        self, key: str, blob: bytes, *, media_time: float | None = None
    ) -> MediaInfo:
        if blob[4:8] != b"ftyp":
            return await super().validate(key, blob, media_time=media_time)
        return await asyncio.to_thread(_as_delivered, blob)


def _as_delivered(blob: bytes) -> MediaInfo:
    """Describe a film, with its first frame as a PNG. Blocking. Raises MediaError."""
    try:
        with av.open(io.BytesIO(blob), "r", format="mp4") as container:
            stream = container.streams.video[0]
            frame = next(container.decode(stream))
            seconds = (container.duration or 0) / av.time_base
            frames = stream.frames
    except (FFmpegError, IndexError, StopIteration) as error:
        raise MediaError("the film cannot be read") from error
    image = Image.fromarray(frame.to_ndarray(format="rgb24"))
    image.thumbnail((POSTER_SIDE, POSTER_SIDE))
    poster = io.BytesIO()
    image.save(poster, format="PNG")
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
        capture=poster.getvalue(),
        poster=poster.getvalue(),
        transformation="preserved",
    )


class _Presses:
    """Takes what is pressed and typed one after the other, each against the newest messages."""

    def __init__(self, preview: simcord.Preview) -> None:
        self._preview = preview
        self._act = preview._action  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        self._turn = asyncio.Lock()

    async def act(self, context_id: str | None, body: Mapping[str, object]) -> dict[str, object]:
        """Do what a page asks for, as soon as it can be done."""
        async with self._turn:
            await self._page_is_free()
            return await self._act(context_id, self._on_newest(context_id, body))

    async def _page_is_free(self) -> None:
        for _ in range(LOOKS):
            if not self._is_busy():
                return
            await asyncio.sleep(LOOK)

    def _is_busy(self) -> bool:
        # A publication or another person's press: simcord does one thing at a time.
        task = self._preview.env._operation_task  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return task is not None

    def _on_newest(
        self, context_id: str | None, body: Mapping[str, object]
    ) -> Mapping[str, object]:
        if body.get("kind") not in _LATEST:
            return body
        page = self._preview._get_page(context_id)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        return {**body, "published_revision": page.revision}
