"""A video job as this server keeps it, and as it shows it."""

import math

from pydantic import BaseModel, ConfigDict

from bot.server.objects import JobError, Seconds, Size, VideoObject
from bot.videos.contract import VideoStatus


class VideoJob(BaseModel):
    """One job. Frozen: each change is a new value, so a reader never sees half of one."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: int
    """Its place in the order of arrival; created_at, in whole seconds, cannot tell."""
    model: str
    prompt: str
    size: Size
    seconds: Seconds
    reference: str | None
    """File name of its image, beside its record."""
    scene: str
    """What is drawn: the prompt, after that of the video it remixes."""
    remixed_from_video_id: str | None = None
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
        """Give the job as it waits in the line."""
        return self.model_copy(update={"status": VideoStatus.QUEUED, "progress": 0})

    def at(self, percent: int) -> "VideoJob":
        """Give the job being rendered; 100 is for a film that can be fetched."""
        progress = max(self.progress, min(99, percent))
        return self.model_copy(update={"status": VideoStatus.IN_PROGRESS, "progress": progress})

    def completed(self, now: float, keep_seconds: float) -> "VideoJob":
        """Give the job with its film, which lives for `keep_seconds`, in whole seconds."""
        return self.model_copy(
            update={
                "status": VideoStatus.COMPLETED,
                "progress": 100,
                "ended_at": int(now),
                "expires_at": int(now) + math.ceil(keep_seconds),
                "has_film": True,
                "reference": None,
            }
        )

    def failed(self, now: float, message: str) -> "VideoJob":
        """Give the job with the reason it has no film."""
        return self.model_copy(
            update={
                "status": VideoStatus.FAILED,
                "ended_at": int(now),
                "error": JobError(code="render_failed", message=message),
                "reference": None,
            }
        )

    def without_film(self) -> "VideoJob":
        """Give the job after its film was removed."""
        return self.model_copy(update={"has_film": False})

    def is_expired(self, now: float) -> bool:
        """Whether the film's time is over."""
        return self.expires_at is not None and self.expires_at <= now

    def is_forgotten(self, now: float, keep_seconds: float) -> bool:
        """Whether the record's time is over too: as long again as the film's."""
        return self.ended_at is not None and self.ended_at + 2 * keep_seconds < now

    def shown(self) -> VideoObject:
        """Give the API's video object."""
        return VideoObject(
            id=self.id,
            model=self.model,
            status=self.status,
            progress=self.progress,
            created_at=self.created_at,
            completed_at=self.ended_at if self.status is VideoStatus.COMPLETED else None,
            expires_at=self.expires_at,
            prompt=self.prompt,
            size=self.size,
            seconds=self.seconds,
            remixed_from_video_id=self.remixed_from_video_id,
            error=self.error,
        )
