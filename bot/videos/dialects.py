"""How each family of Videos servers departs from the contract: one entry per family.

A new server is one more entry here, and its recorded answers in tests/videos/families.py.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ImageAs(StrEnum):
    """Where a create carries its image."""

    FILE = "file"
    """`input_reference` as a file part: vLLM-Omni, SGLang, LiteLLM, New API and the SDKs."""
    TEXT = "text"
    """`input_reference` as a data URL: Dynamo's JSON."""
    FIRST_FRAME = "first_frame"
    """An entry of `frame_images`: OpenRouter."""
    MEDIA = "media"
    """An entry of `media.frame_images`: Together."""
    IMAGE = "image"
    """`image.url` as a data URL: xAI."""


class Frame(StrEnum):
    """How a create names the frame."""

    SIZE = "size"
    """`size`, width x height."""
    TWO_NUMBERS = "two numbers"
    """`width` and `height`: Together."""
    SHAPE = "shape"
    """`aspect_ratio` and `resolution`, the pixels of the shorter side: xAI."""


class Lists(StrEnum):
    """What a family's list of models holds."""

    FILM_MODELS = "film models"
    """Film models only: the server makes nothing else, or has a list of its own for them."""
    ANY_MODELS = "any models"
    """A gateway's list has chat models too, so only an entry that says so makes films."""
    UNKNOWN_MODELS = "unknown models"
    """An entry or its name may say what it makes; a short list that does not counts as films'."""
    NO_MODELS = "no models"
    """Names that a create does not accept: at Azure a deployment has a name of its own."""


@dataclass(frozen=True, kw_only=True)
class Signs:
    """How a family is recognised: any one of these is enough."""

    hosts: tuple[str, ...] = ()
    """Endings of the base URL's host."""
    headers: tuple[str, ...] = ()
    """Beginnings of header names in any answer, in lower case."""
    owners: tuple[str, ...] = ()
    """Beginnings of `owned_by` in its list of models, in lower case."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How one family speaks; the defaults are the contract itself."""

    name: str
    signs: Signs = Signs()
    json: bool = False
    """Whether a create is JSON; else it is multipart/form-data, which all but these few accept."""
    image: ImageAs = ImageAs.FILE
    seconds: str = "seconds"
    """The field of a create that holds the film's length."""
    seconds_is_number: bool = False
    frame: Frame = Frame.SIZE
    create: str = "/videos"
    """Where a create is sent."""
    idempotent: bool = False
    """Whether a create with the same `Idempotency-Key` is answered again, not made again."""
    bare_key: bool = False
    """Whether the key goes alone in an `api-key` header, not after `Authorization: Bearer`."""
    content: bool = True
    """`GET /videos/{id}/content` serves the film; else it lies at an address that the job names."""
    content_query: str = ""
    """What that asks along, with its question mark."""
    lists: bool = True
    deletes: bool = True
    stops: bool = False
    """A delete ends the render of a job that runs; else it only forgets it."""
    remixes: bool = False
    models: str = "/models"
    """Where its models are listed."""
    models_are: Lists = Lists.UNKNOWN_MODELS
    refuses_empty_prompts: bool = False
    """Whether a create without a prompt is surely refused, so that it tests creates for free."""


OPENAI: Final = Dialect(name="openai", remixes=True)
"""The contract as published; a delete is promised there for what has ended only."""
RUSHES: Final = Dialect(
    name="rushes", signs=Signs(owners=("rushes",)), stops=True, remixes=True,
    models_are=Lists.FILM_MODELS, refuses_empty_prompts=True, idempotent=True,
)  # fmt: skip
"""The embedded server."""

DIALECTS: Final = (
    OPENAI,
    RUSHES,
    Dialect(
        name="vllm-omni", signs=Signs(owners=("vllm",)), stops=True,
        models_are=Lists.FILM_MODELS, refuses_empty_prompts=True,
    ),
    Dialect(
        name="sglang", signs=Signs(owners=("sglang",)), models_are=Lists.FILM_MODELS,
    ),
    Dialect(
        name="fastvideo", signs=Signs(owners=("fastvideo",)), models_are=Lists.FILM_MODELS,
    ),
    Dialect(
        name="tensorrt-llm", signs=Signs(owners=("tensorrt",)), models_are=Lists.FILM_MODELS,
    ),
    Dialect(
        name="dynamo", signs=Signs(owners=("nvidia",)), json=True, image=ImageAs.TEXT,
        seconds_is_number=True, content=False, lists=False, deletes=False,
    ),
    Dialect(
        name="litellm", signs=Signs(headers=("x-litellm-",)),
        lists=False, deletes=False, remixes=True,
        models="/model/info", models_are=Lists.ANY_MODELS,
    ),
    Dialect(
        name="new-api", signs=Signs(headers=("x-oneapi-", "x-new-api-")),
        lists=False, deletes=False, remixes=True, models_are=Lists.ANY_MODELS,
    ),
    Dialect(
        name="azure", signs=Signs(hosts=(".openai.azure.com", ".services.ai.azure.com")),
        bare_key=True, remixes=True, models_are=Lists.NO_MODELS,
    ),
    Dialect(
        name="openrouter", signs=Signs(hosts=("openrouter.ai",)), json=True,
        image=ImageAs.FIRST_FRAME, seconds="duration", seconds_is_number=True,
        content_query="?index=0", lists=False, deletes=False,
        models="/videos/models", models_are=Lists.FILM_MODELS,
    ),
    Dialect(
        name="together", signs=Signs(hosts=("api.together.xyz", "api.together.ai")), json=True,
        image=ImageAs.MEDIA, frame=Frame.TWO_NUMBERS, content=False, lists=False, deletes=False,
    ),
    Dialect(
        name="xai", signs=Signs(hosts=("api.x.ai",)), json=True, create="/videos/generations",
        image=ImageAs.IMAGE, seconds="duration", seconds_is_number=True, frame=Frame.SHAPE,
        content=False, lists=False, deletes=False, models_are=Lists.ANY_MODELS,
    ),
    Dialect(name="reseller", lists=False, deletes=False),
)  # fmt: skip
"""`reseller`: the contract's create and retrieve, and the film at an address in the job."""

BY_NAME: Final = {dialect.name: dialect for dialect in DIALECTS}


def by_host(host: str) -> Dialect | None:
    """Return the family that serves at this host; None where the name does not tell."""
    for dialect in DIALECTS:
        if any(host == end.lstrip(".") or host.endswith(end) for end in dialect.signs.hosts):
            return dialect
    return None


def by_header(names: frozenset[str]) -> tuple[Dialect, str] | None:
    """Return the family that sends one of these headers (lower case), and which one it was."""
    for dialect in DIALECTS:
        for name in sorted(names):
            if name.startswith(dialect.signs.headers or ("\0",)):
                return dialect, name
    return None


def by_owner(owners: frozenset[str]) -> tuple[Dialect, str] | None:
    """Return the family that owns the models in a list, and the owner's name there."""
    for dialect in DIALECTS:
        for owner in sorted(owners):
            if owner.lower().startswith(dialect.signs.owners or ("\0",)):
                return dialect, owner
    return None
