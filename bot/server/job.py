"""A video job as this server keeps it, and as it shows it."""

import math
from typing import Final

from pydantic import BaseModel, ConfigDict

from bot.server.objects import JobError, Seconds, Size, VideoObject
from bot.videos.contract import VideoStatus


class VideoSpec(BaseModel):
    """What a request asks for, complete: every default is filled in."""

    model_config = ConfigDict(frozen=True)

    prompt: str
    model: str
    size: Size
    seconds: Seconds
    scene: str
    """What is drawn: the prompt, after that of the video it remixes."""
    remixed_from_video_id: str | None = None


class VideoJob(VideoSpec):
    """One job. Frozen: each change is a new value, so a reader never sees half of one."""

    id: str
    number: int
    """Its place in the order of arrival; created_at, in whole seconds, cannot tell."""
    reference: str | None
    """File name of its image, beside its record."""
    digest: str
    idempotency_key: str | None
    created_at: int
    status: VideoStatus = VideoStatus.QUEUED
    progress: int = 0
    ended_at: int | None = None
    """Unix time in seconds, like the other two; set for a failure too."""
    expires_at: int | None = None
    error: JobError | None = None
    has_film: bool = False
    """Whether its film is on the disk."""

    def queued(self) -> "VideoJob":
        """Return the job as it waits for its render."""
        return self._with(status=VideoStatus.QUEUED, progress=0)

    def at(self, percent: int) -> "VideoJob":
        """Return the job being rendered; 100 is for a film that can be fetched."""
        progress = max(self.progress, min(99, percent))
        return self._with(status=VideoStatus.IN_PROGRESS, progress=progress)

    def completed(self, now: float, keep_seconds: float) -> "VideoJob":
        """Return the job with its film, which is kept for `keep_seconds`, in whole seconds."""
        expires = int(now) + math.ceil(keep_seconds)
        ended = {"progress": 100, "expires_at": expires, "has_film": True}
        return self._ended(VideoStatus.COMPLETED, now, **ended)

    def failed(self, now: float, message: str) -> "VideoJob":
        """Return the job with the reason it has no film."""
        error = JobError(code="render_failed", message=message)
        return self._ended(VideoStatus.FAILED, now, error=error)

    def without_film(self) -> "VideoJob":
        """Return the job after its film was removed."""
        return self._with(has_film=False)

    def _ended(self, status: VideoStatus, now: float, **changes: object) -> "VideoJob":
        return self._with(status=status, ended_at=int(now), reference=None, **changes)

    def _with(self, **changes: object) -> "VideoJob":
        return self.model_copy(update=changes)

    def is_expired(self, now: float) -> bool:
        """Whether the film's time is over."""
        return self.expires_at is not None and self.expires_at <= now

    def is_forgotten(self, now: float, keep_seconds: float) -> bool:
        """Whether the record's time is over too: as long again as the film's."""
        return self.ended_at is not None and self.ended_at + 2 * keep_seconds < now

    def shown(self) -> VideoObject:
        """Return the API's video object."""
        is_completed = self.status is VideoStatus.COMPLETED
        shared = {name: getattr(self, name) for name in _SHARED}
        return VideoObject(**shared, completed_at=self.ended_at if is_completed else None)


_SHARED: Final = VideoObject.model_fields.keys() & VideoJob.model_fields.keys()
"""Fields that the API's video object has of a job."""
