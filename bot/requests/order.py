"""What somebody asks for, what may be asked for, and the job that comes of both."""

from dataclasses import dataclass, field
from uuid import uuid4

from bot.jobs.models import TOKEN_LIFE, Job
from bot.videos.catalog import Catalog, Entry
from bot.videos.models import PROMPT_LIMIT


class PromptProblem(Exception):
    """The prompt is blank, or longer than PROMPT_LIMIT characters."""


class NotOffered(Exception):
    """A size, duration or model that this bot does not offer."""

    def __init__(self, field: str, value: str, offered: tuple[str, ...]) -> None:
        """Keep what was asked for and what may be."""
        super().__init__(f"{field}={value}")
        self.field = field
        self.value = value
        self.offered = offered


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What counts against a person's limit beside the jobs they have running."""

    cancelled: int = 0
    """Cancelled jobs that the server still renders."""
    unknown: int = 0
    """Creates of unknown outcome, which may be rendering."""


class OverLimit(Exception):
    """The spend guard is reached; `own` are the jobs this requester has running."""

    def __init__(self, own: list[Job], beside: Beside, *, most_of_user: int) -> None:
        """Keep what counts, so that the sentence can say it."""
        super().__init__(f"{len(own)} of {most_of_user} running, {beside}")
        self.own = own
        self.beside = beside
        self.most_of_user = most_of_user


class DiskFull(Exception):
    """Films that must be kept take all the room there is: another could not be kept."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What may be chosen; the first of each is the default. No models: the server decides."""

    models: tuple[str, ...]
    listed: tuple[str, ...] = ()
    """Without `models`, what the server lists: any of them may be chosen, none has to be."""
    may_list: bool = False
    """Whether several are listed, or may be once the server is there to be asked."""
    sizes: tuple[str, ...]
    seconds: tuple[str, ...]
    remix: bool = False
    """Whether the server changes a film it made (`POST /videos/{id}/remix`)."""
    catalog: Catalog = field(default_factory=dict[str, Entry])
    """What single models offer instead of `sizes` and `seconds`, which then name all there are."""

    def of(self, model: str | None) -> Entry:
        """Return what goes with a model."""
        everything = Entry(sizes=self.sizes, seconds=self.seconds, price=None)
        return self.catalog.get(model or "", everything)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The spend guard: how many jobs may be active at once."""

    per_user: int
    all_together: int


@dataclass(frozen=True, kw_only=True)
class Order:
    """What somebody asked for and where; ids are Discord snowflakes, limits are bytes."""

    prompt: str
    size: str | None
    seconds: str | None
    model: str | None
    image_url: str | None
    image_name: str | None
    requester_id: int
    guild_id: int | None
    channel_id: int
    application_id: int
    interaction_token: str
    upload_limit: int
    bot_upload_limit: int
    is_member: bool = True
    locale: str = "en-US"
    image_of: str | None = None
    remix_of: str | None = None
    parent_link: str | None = None


def job_of(order: Order, offer: Offer, now: float) -> Job:
    """Return the job, its defaults filled in; `now` in Unix seconds.

    Raises PromptProblem and NotOffered.
    """
    prompt = order.prompt.strip()
    if not 1 <= len(prompt) <= PROMPT_LIMIT:
        raise PromptProblem
    model = _choose("model", order.model, offer.models) if offer.models else order.model
    if not offer.models and model is not None and model not in offer.listed:
        raise NotOffered("model", model, offer.listed)
    offered = offer.of(model)
    return Job(
        id=uuid4().hex,
        prompt=prompt,
        size=_choose("size", order.size, offered.sizes),
        seconds=_choose("seconds", order.seconds, offered.seconds),
        model=model,
        image_url=order.image_url,
        image_name=order.image_name,
        requester_id=order.requester_id,
        guild_id=order.guild_id,
        channel_id=order.channel_id,
        application_id=order.application_id,
        interaction_token=order.interaction_token,
        token_expires_at=now + TOKEN_LIFE,
        upload_limit=order.upload_limit,
        bot_upload_limit=order.bot_upload_limit,
        is_member=order.is_member,
        locale=order.locale,
        image_of=order.image_of,
        remix_of=order.remix_of,
        parent_link=order.parent_link,
        created_at=now,
    )


def _choose(field: str, value: str | None, offered: tuple[str, ...]) -> str:
    if value is None:
        return offered[0]
    if value not in offered:
        raise NotOffered(field, value, offered)
    return value
