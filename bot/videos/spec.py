"""VideoSpec: what a video is to be, as a person chooses it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Option = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """Where the reference image of a video comes from."""

    name: str
    """The file name that its owner gave it; empty where its owner deleted or erased it since."""
    url: str | None = None
    """Discord's address of it, until the bytes are stored with the request."""
    request_id: str | None = None
    """The request whose stored image is copied before this one is sent."""
    resized: bool = False
    """The image had another shape than the video and was cut and scaled to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSpec:
    """The fields of a create that people choose. Source: Videos API, POST /v1/videos."""

    prompt: str
    """Empty where its author deleted or erased it since."""
    size: str = ""
    """Width x height in pixels; empty leaves the choice to the bot."""
    seconds: str = ""
    """Length of the video, a string in the contract; empty leaves the choice to the bot."""
    model: str | None = None
    """None leaves the choice to the bot, or else to the server."""
    image: ImageSource | None = None
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])
    """Fields beyond these by their name in the API, like `negative_prompt`."""

    @property
    def shown_prompt(self) -> str:
        """The prompt as people read it."""
        return self.prompt or "…"

    @property
    def is_incomplete(self) -> bool:
        """Whether its prompt or its image is gone, so that it can be used no more."""
        return not self.prompt or (self.image is not None and not self.image.name)
