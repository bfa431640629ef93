"""Request and Render: what somebody asked for, and each film that is rendered for it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self

from bot.jobs.reasons import Reason
from bot.videos.spec import VideoSpec

TOKEN_LIFE: Final = 14.5 * 60
"""Seconds an interaction token is used for: Discord's 15 minutes less time for the last edit.
Source: Discord, interactions/receiving-and-responding."""
FRESH: Final = 180.0
"""Seconds. A request found unsent after a restart is sent while its requester still waits for it;
an older one is not bought without being asked for again."""
DEFAULT_SERVER: Final = "default"
"""The name of the only Videos server where the operator names none."""


class RequestState(StrEnum):
    """How far a request has come before its renders are sent."""

    ADMITTED = "admitted"
    """Its renders may be sent."""


class Verb(StrEnum):
    """What a request does with the one it comes from."""

    NEW = "new"
    AGAIN = "again"
    EDIT = "edit"
    REMIX = "remix"


class RenderStatus(StrEnum):
    """The states of a render; docs/architecture.md says what a restart does with each."""

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
    """The message that replaces an edit of the card, once it was tried."""

    REPLY = "reply"
    """A message in the same channel that refers to the card."""
    DIRECT = "direct"
    """A direct message to the requester."""


RUNNING: Final = frozenset({RenderStatus.QUEUED, RenderStatus.IN_PROGRESS})
"""The server works on it."""

TRACKED: Final = RUNNING | {RenderStatus.COMPLETED}
"""The poller looks after it: the first two are polled, the third is delivered."""

ACTIVE: Final = TRACKED | {RenderStatus.REQUESTED, RenderStatus.SENDING}
"""It counts against the limits of renders at once."""

INTERRUPTED: Final = frozenset({RenderStatus.REQUESTED, RenderStatus.SENDING})
"""Only a running process leaves this state; at a start it means a process that was killed."""

WITHOUT_VIDEO: Final = frozenset(RenderStatus) - ACTIVE - {RenderStatus.DELIVERED}
"""Nothing moves, and the card says why in words. It is shown again until Discord accepts it; the
card of a delivered render is the edit that brought the video."""

ENDED: Final = frozenset(RenderStatus) - ACTIVE - {RenderStatus.UNCONFIRMED}
"""Nothing more is awaited: subscribers are notified."""

STOPPED: Final = WITHOUT_VIDEO | {RenderStatus.DELIVERED}
"""Nothing moves. The end may be in another message while the card shows an earlier state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The one message of a request: how it is reached, and what it shows."""

    message_id: int | None = None
    interaction_token: str | None = field(repr=False)
    token_expires_at: float
    upload_limit: int
    """Bytes the requester may upload here, as long as the interaction's token works."""
    bot_upload_limit: int
    """Bytes the bot itself may upload here, ever after."""
    shown: RenderStatus | None = None
    """The last state that Discord accepted an edit of."""
    fallback: Fallback | None = None
    """The message that was begun instead of an edit. Nothing is sent to any other then, since this
    one may have arrived."""
    fallback_at: float | None = None
    """When it was begun."""
    retry_at: float | None = None
    """When the card that shows an earlier state than its end is edited again."""

    def token_works(self, now: float) -> bool:
        """Whether the interaction's own webhook may still be used."""
        return self.interaction_token is not None and now < self.token_expires_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Who asked for what, where, and the card that answers. Times are Unix seconds."""

    id: str
    interaction_id: int | None = None
    """Discord's id of the interaction, unique; None for requests of the first releases."""
    state: RequestState = RequestState.ADMITTED
    requester_id: int
    guild_id: int | None
    channel_id: int
    application_id: int
    is_member: bool = True
    """Whether the bot is in the channel; if not, only the token reaches the card."""
    locale: str = "en-US"
    """Language of the card: the community's, as Discord names it."""
    spec: VideoSpec
    verb: Verb = Verb.NEW
    parent_render_id: str | None = None
    parent_video_id: str | None = None
    """The server's id of the video that a remix changes."""
    parent_link: str | None = None
    """Address of the card this request came from."""
    card: Card
    created_at: float

    def is_fresh(self, now: float) -> bool:
        """Whether a request that was never sent is so young that its requester still waits for it.

        One from ahead of now was written by a clock that was ahead: nobody knows how old it is.
        """
        return 0 <= now - self.created_at <= FRESH

    @property
    def link(self) -> str:
        """The address of the card. Source: Discord, reference, "Message links"."""
        place = self.guild_id or "@me"
        return f"https://discord.com/channels/{place}/{self.channel_id}/{self.card.message_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Render:
    """One film asked of one server, with the request it belongs to. Times are Unix seconds."""

    id: str
    """The first render of a request has the request's id."""
    request: Request
    position: int = 0
    """Among the renders of its request."""
    server: str = DEFAULT_SERVER
    status: RenderStatus = RenderStatus.REQUESTED
    reason: Reason | None = None
    """Why it is in this state, or what it waits for."""
    server_code: str | None = None
    """The server's own code for that."""
    server_message: str | None = None
    """The server's own sentence."""

    video_id: str | None = None
    """The id that the create answered, verbatim, for ever."""
    video_model: str | None = None
    progress: int | None = None
    made_size: str | None = None
    """The frame that the server says it made, where it says so."""
    made_seconds: float | None = None
    made_cost: float | None = None
    """What the server says that it charged, in `made_currency`."""
    made_currency: str | None = None
    film_url: str | None = field(default=None, repr=False)
    """Where the create's own answer said that the film is: Dynamo has no other way to ask."""
    film: str | None = None
    """Name of the downloaded film in the film store."""
    transcoded: bool = False
    """What was delivered is a transcoded copy."""
    converted: bool = False
    """It is one because not every client plays the film itself."""
    attachment_id: int | None = None
    """Discord's id of the film in the message."""
    link_expires_at: float | None = None
    """Until when the link to a film that is too large for its message works."""

    sent_at: float | None = None
    completed_at: float | None = None
    ended_at: float | None = None
    next_poll_at: float | None = None
    """When the poller asks the server next."""
    failed_polls: int = 0
    """Polls in a row without an answer; they only delay the next."""
    missing_polls: int = 0
    """Polls in a row that were answered with "no such job"."""
    unreachable_since: float | None = None
    """When the server stopped answering."""
    next_delivery_at: float | None = None
    """When the delivery of a completed render is tried next."""
    failed_deliveries: int = 0
    """Deliveries in a row that got no answer; they only delay the next."""
    download_attempts: int = 0
    """Downloads that brought no whole film although the server answered."""
    delivery_attempts: int = 0
    """Uploads that Discord refused, and deliveries that failed by a fault of ours."""
    film_late_since: float | None = None
    """When the first download brought no whole film."""

    @classmethod
    def first(cls, request: Request) -> Self:
        """Return the first render of a request."""
        return cls(id=request.id, request=request)

    @property
    def spec(self) -> VideoSpec:
        """What the video is to be."""
        return self.request.spec

    @property
    def card(self) -> Card:
        """The request's card."""
        return self.request.card

    def evolve(self, **changes: Any) -> Self:  # noqa: ANN401 - a field of this class each
        """Return a copy with `changes`."""
        return replace(self, **changes)

    def with_card(self, **changes: Any) -> Self:  # noqa: ANN401 - a field of Card each
        """Return a copy whose request's card has `changes`."""
        card = replace(self.request.card, **changes)
        return replace(self, request=replace(self.request, card=card))

    def with_spec(self, **changes: Any) -> Self:  # noqa: ANN401 - a field of VideoSpec each
        """Return a copy whose request's spec has `changes`."""
        spec = replace(self.request.spec, **changes)
        return replace(self, request=replace(self.request, spec=spec))

    @property
    def transcoded_name(self) -> str:
        """Name of the transcoded copy in the film store."""
        return f"{self.id}.fit.mp4"

    def log_context(self) -> dict[str, object]:
        """Name the render in a log record, without anything secret or typed by a person."""
        return {"job": self.id, "status": self.status.value, "video": self.video_id}


@dataclass(frozen=True, slots=True)
class RenderChange:
    """A render that changed, as JobEvents announces it; equal values ask to show it again."""

    before: Render | None
    after: Render
