"""What may be asked for, and why a request is not admitted."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.jobs.meters import Cost, Denied
from bot.jobs.models import Render
from bot.videos.catalog import Catalog, Entry
from bot.videos.models import PROMPT_LIMIT
from bot.videos.spec import VideoSpec


class Place(StrEnum):
    """Kinds of places that the owner may close."""

    GUILD = "guild"
    DIRECT = "direct"
    USER_INSTALL = "user_install"


class NotAdmitted(Exception):
    """A request is refused, and nothing was written; each kind has its own sentence."""


class PromptProblem(NotAdmitted):
    """The prompt is blank, or longer than PROMPT_LIMIT characters."""


class NotOffered(NotAdmitted):
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


class OverLimit(NotAdmitted):
    """The spend guard is reached; `own` are the jobs this requester has running."""

    def __init__(
        self,
        own: list[Render],
        beside: Beside,
        *,
        most_of_user: int,
        most_of_community: int | None = None,
    ) -> None:
        """Keep what counts, so that the sentence can say it."""
        super().__init__(f"{len(own)} of {most_of_user} running, {beside}")
        self.own = own
        self.beside = beside
        self.most_of_user = most_of_user
        self.most_of_community = most_of_community


class LimitReached(NotAdmitted):
    """A limit in the course of time leaves no room."""

    def __init__(self, denied: Denied, cost: Cost, currency: str) -> None:
        """Keep which one, and what the request costs."""
        self.cost = cost
        self.currency = currency
        super().__init__(f"{denied.limit.key}: {denied.usage.used} of {denied.limit.most}")
        self.denied = denied


class PriceUnknown(NotAdmitted):
    """Money is limited, and this model has no price: it is refused rather than taken for free."""


class NotAllowedHere(NotAdmitted):
    """The owner allows no requests from this place."""

    def __init__(self, place: Place) -> None:
        """Keep which kind of place it is."""
        super().__init__(place)
        self.place = place


class Paused(NotAdmitted):
    """The community's administrators have paused it."""

    def __init__(self, reason: str) -> None:
        """Keep their reason, which may be empty."""
        super().__init__(reason)
        self.reason = reason


class Blocked(NotAdmitted):
    """The community's administrators have blocked this person."""


class RoleNeeded(NotAdmitted):
    """The community allows only people with certain roles; `roles` are their ids."""

    def __init__(self, roles: tuple[int, ...]) -> None:
        """Keep them."""
        super().__init__(roles)
        self.roles = roles


class ChannelClosed(NotAdmitted):
    """The community allows only certain channels; `channels` are their ids."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        """Keep them."""
        super().__init__(channels)
        self.channels = channels


class NotConfirmed(NotAdmitted):
    """The community wants its people to say yes to such a price first; amounts in millionths."""

    def __init__(self, cost: int, left: int | None, currency: str) -> None:
        """Keep the price, and what the tightest limit of money leaves; None for no limit."""
        super().__init__(f"{cost} is not confirmed")
        self.cost = cost
        self.left = left
        self.currency = currency


class NothingAllowed(NotAdmitted):
    """The community allows none of the models, sizes or lengths that the bot offers now."""


class DiskFull(NotAdmitted):
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


def complete(spec: VideoSpec, offer: Offer) -> VideoSpec:
    """Fill in what was left to the bot. Raises PromptProblem, NotOffered and NothingAllowed."""
    prompt = spec.prompt.strip()
    if not 1 <= len(prompt) <= PROMPT_LIMIT:
        raise PromptProblem
    model = _choose("model", spec.model or "", offer.models) if offer.models else spec.model
    if not offer.models and model is not None and model not in offer.listed:
        raise NotOffered("model", model, offer.listed)
    offered = offer.of(model)
    size = _choose("size", spec.size, offered.sizes)
    seconds = _choose("seconds", spec.seconds, offered.seconds)
    return replace(spec, prompt=prompt, model=model, size=size, seconds=seconds)


def _choose(field: str, value: str, offered: tuple[str, ...]) -> str:
    if not offered:
        raise NothingAllowed
    if not value:
        return offered[0]
    if value not in offered:
        raise NotOffered(field, value, offered)
    return value
