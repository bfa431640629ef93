"""The Videos API's own constants, which the client and the embedded server share."""

from enum import StrEnum
from typing import Final

PROMPT_LIMIT: Final = 4000
"""Characters of a prompt that we send and accept; the API itself names no limit."""


class VideoStatus(StrEnum):
    """The statuses of a video job: the contract's four, and the other servers' further ends."""

    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    @property
    def is_final(self) -> bool:
        """Whether the job has ended."""
        return self not in (VideoStatus.QUEUED, VideoStatus.IN_PROGRESS)
