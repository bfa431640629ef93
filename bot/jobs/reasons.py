"""Reason: why a render is in its state, or what it waits for. Persisted; the cards word it."""

from enum import StrEnum
from typing import Self

from bot.videos.errors import VideosError


class Reason(StrEnum):
    """Every persisted cause: the Videos server's refusals, our own, and Discord's.

    The first group has the codes of bot.videos.errors.
    """

    VIDEOS_ERROR = "videos_error"
    NOT_SENT = "not_sent"
    OUTCOME_UNKNOWN = "outcome_unknown"
    REFUSED = "refused"
    BAD_REQUEST = "bad_request"
    UNAUTHORIZED = "unauthorized"
    NOT_ALLOWED = "not_allowed"
    MOVED = "moved"
    BUSY = "busy"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    FILM_NOT_READY = "film_not_ready"
    FILM_BROKEN = "film_broken"
    FILM_TOO_LARGE = "film_too_large"
    FILM_WITHHELD = "film_withheld"

    SERVER_FORGOT = "server_forgot"
    """The server answers that it does not know a video that it accepted."""
    CANNOT_REMIX = "cannot_remix"
    """The server has no remix, or no longer has the video."""
    OVERDUE = "overdue"
    """The server has not finished within the render deadline."""

    NOT_SENT_BEFORE_RESTART = "not_sent_before_restart"
    LOST_WHILE_SENDING = "lost_while_sending"
    """The process ended while the create was on its way."""
    DISK_FAILED = "disk_failed"
    IMAGE_LOST = "image_lost"
    IMAGE_UNUSABLE = "image_unusable"
    UNFORESEEN = "unforeseen"
    """A fault of ours; the log has its traceback."""
    CANCELLED_EVERYWHERE = "cancelled_everywhere"
    CANCELLED_HERE = "cancelled_here"
    """The server may go on rendering."""
    ABANDONED = "dropped"
    """Somebody pressed Forget it on a create of unknown outcome."""
    NOT_KEPT = "not_kept"
    """The undelivered film was removed when its time was over."""

    DISCORD_AWAY = "discord_away"
    """Discord did not answer in time whether the card exists."""
    NOT_ACCEPTED = "not_taken"
    """Discord refused the video several times."""
    FILM_REFUSED = "film_refused"
    """Discord refused the film itself."""
    FILM_LOST = "film_lost"
    """The message no longer holds the film."""
    NO_ACCESS = "no_access"
    """The bot may not post in the channel."""
    TOO_LARGE = "too_large"
    """The film exceeds the upload limit, and there is no public address for links."""
    FRAMES_TOO_LARGE = "frames_too_large"
    """The frames exceed 4K."""
    CANNOT_TRANSCODE = "cannot_convert"
    """Not every client plays the film, and it cannot be transcoded."""

    @classmethod
    def of(cls, error: VideosError) -> Self:
        """Return the reason that stands for an error of the Videos client."""
        return cls(error.code)
