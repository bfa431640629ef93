"""A job: one person's request for one film, from the intent to the film in the chat."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self

TOKEN_LIFE: Final = 14.5 * 60
"""Seconds an interaction token is used for: Discord's 15 minutes less time for the last edit.
Source: Discord, interactions/receiving-and-responding."""


class JobStatus(StrEnum):
    """The states of a job; what each means on a restart stands in docs/architecture.md."""

    REQUESTED = "requested"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    QUEUED = "queued"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Fallback(StrEnum):
    """Where a job's last picture goes instead of into its card, once that was tried."""

    REPLY = "reply"
    """A message in the same channel that refers to the card."""
    DIRECT = "direct"
    """A direct message to the requester."""


RUNNING: Final = frozenset({JobStatus.QUEUED, JobStatus.IN_PROGRESS})
"""States in which the server works on it."""

FOLLOWED: Final = RUNNING | {JobStatus.COMPLETED}
"""States the poller looks after: the first two are polled, the third is delivered."""

ACTIVE: Final = FOLLOWED | {JobStatus.REQUESTED, JobStatus.SENDING}
"""States that count against the spend guard."""

INTERRUPTED: Final = frozenset({JobStatus.REQUESTED, JobStatus.SENDING})
"""States that only a running process leaves; found at start, they were cut short."""


SPOKEN: Final = frozenset(JobStatus) - ACTIVE - {JobStatus.DELIVERED}
"""Ends in words. Their picture is shown again until Discord has taken it; a delivered job's is
the film itself."""

ENDED: Final = frozenset(JobStatus) - ACTIVE - {JobStatus.UNCONFIRMED}
"""States in which nothing more is awaited: whoever asked to be told is told."""

LEFT: Final = SPOKEN | {JobStatus.DELIVERED}
"""States whose picture can stand elsewhere while the card shows an earlier one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything needed to render, show and deliver one film, and to do it again.

    Times are Unix seconds. Ids of Discord are snowflakes. `frozen`: a change is a new value.
    """

    id: str
    status: JobStatus = JobStatus.REQUESTED
    prompt: str
    size: str
    seconds: str
    model: str | None
    """As asked for; None left the choice to the server."""
    image_url: str | None = None
    """Where Discord keeps the reference image until its bytes are stored beside the job."""
    image_name: str | None = None
    image_of: str | None = None
    """The job whose stored image is copied before this one is sent."""
    image_fitted: bool = False
    """The image had another shape than the size and was brought to it."""
    remix_of: str | None = None
    """The server's id of the film that this one changes; None for a film of its own."""
    parent_link: str | None = None
    """Address of the message this job came from, by Again, Edit prompt or Remix."""

    requester_id: int
    guild_id: int | None
    channel_id: int
    application_id: int
    interaction_token: str | None
    token_expires_at: float
    message_id: int | None = None
    is_member: bool = True
    """Whether the bot is in the channel; if not, only the token reaches the message."""
    locale: str = "en-US"
    """Language of the card: the server's, as Discord names it."""
    shown: JobStatus | None = None
    """The last state that Discord took a picture of."""
    upload_limit: int
    """Bytes this requester may upload here, as long as the interaction's token lives."""
    bot_upload_limit: int
    """Bytes the bot itself may upload here, ever after."""

    video_id: str | None = None
    """The id that create answered, verbatim, for ever."""
    video_model: str | None = None
    made_size: str | None = None
    """The frame that the server says it made, where it says so."""
    made_seconds: float | None = None
    made_cost: float | None = None
    """What the server says that it charged, in `made_currency`."""
    made_currency: str | None = None
    film_url: str | None = field(default=None, repr=False)
    """Where the create's own answer said that the film lies: Dynamo has no other way to ask."""
    progress: int | None = None
    film: str | None = None
    """File name of the downloaded film in the films folder."""
    fitted: bool = False
    """What was delivered is a re-encoded copy."""
    converted: bool = False
    """It is one because not every client plays the film itself."""
    film_attachment_id: int | None = None
    road: Fallback | None = None
    """The road that was begun instead of an edit of the card; a picture is sent on no other then,
    since it may have arrived on this one."""
    road_at: float | None = None
    """When it was begun."""
    link_expires_at: float | None = None
    """Until when the film, too large for the message, can be had by the link there instead."""
    error_code: str | None = None
    """A code of bot.videos.errors, of bot.jobs.lifecycle, or of the way into the chat."""
    server_code: str | None = None
    """The server's own code."""
    error_message: str | None = None
    """The server's own sentence."""

    created_at: float
    sent_at: float | None = None
    completed_at: float | None = None
    ended_at: float | None = None
    next_look_at: float | None = None
    """When the poller takes it up next; None where nobody waits for anything.

    Of a job that has ended: when its card, which was closed or took no more edits then, is tried
    again.
    """
    failed_looks: int = 0
    """Polls or deliveries in a row that got no answer; they only slow the next one down."""
    missing_looks: int = 0
    """Polls in a row that were answered with "no such job"."""
    film_tries: int = 0
    """Downloads that brought no whole film although the server answered."""
    film_late_since: float | None = None
    """When the first of them was."""
    unreachable_since: float | None = None

    def evolve(self, **changes: Any) -> Self:  # noqa: ANN401
        """Return a copy with `changes`."""
        return replace(self, **changes)

    @property
    def film_copy(self) -> str:
        """File name of the copy that is encoded anew where the film is too large."""
        return f"{self.id}.fit.mp4"

    def token_lives(self, now: float) -> bool:
        """Whether the interaction's own webhook may still be used."""
        return self.interaction_token is not None and now < self.token_expires_at

    def log_context(self) -> dict[str, object]:
        """Name the job in a log record, without anything secret or typed by a person."""
        return {"job": self.id, "status": self.status.value, "video": self.video_id}


@dataclass(frozen=True, slots=True)
class JobChange:
    """A job that became another value, as announced to whoever shows it."""

    before: Job | None
    job: Job
