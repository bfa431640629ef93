"""What may be sent, as schemas: the words and bounds that `intake` and `reference` check by.

They describe and do not parse; a test holds the server to them in both directions.
"""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from bot.server.intake import MODEL_PATTERN
from bot.server.objects import Seconds, Size
from bot.videos.models import PROMPT_LIMIT

Prompt = Annotated[
    str,
    Field(
        min_length=1,
        max_length=PROMPT_LIMIT,
        pattern=r"\S",
        description="What the video shows; not blank.",
    ),
]
Model = Annotated[
    str, Field(pattern=f"^({MODEL_PATTERN})?$", description="Answered as asked; all draw alike.")
]
_DIGIT = "[A-Za-z0-9+/]"
_SIGNATURES = (
    f"iVBORw0KGg[o-r]{_DIGIT}",  # PNG
    "/9j/",  # JPEG
    f"UklGR[g-v]{_DIGIT}{{4}}[BFJNRVZdhlptx159]XRUJQ",  # WebP: RIFF, four bytes, WEBP
)
DATA_URL_PATTERN: Final = (
    f"^data:[a-z]+/[a-z]+;base64,({'|'.join(_SIGNATURES)})"
    f"({_DIGIT}{{4}})*({_DIGIT}{{2}}==|{_DIGIT}{{3}}=)?$"
)
"""A data URL whose first bytes are an image's; more cannot be said of it by a pattern."""

DataUrl = Annotated[
    str,
    WithJsonSchema(
        {
            "type": "string",
            "pattern": DATA_URL_PATTERN,
            "description": "`data:<media type>;base64,<data>` of a PNG, JPEG or WebP up to 20 MiB.",
        }
    ),
]
ImageFile = Annotated[
    bytes,
    # OpenAPI 3.1 describes bytes that are sent as they are without a type.
    WithJsonSchema(
        {
            "contentMediaType": "image/png",
            "description": "A PNG, JPEG or WebP file up to 20 MiB, told by its first bytes.",
        }
    ),
]
Left = Literal[""]
"""An empty field counts as one that was left out."""


class _Asked(BaseModel):
    # What this server does not know, it leaves unread: every server has fields of its own.
    model_config = ConfigDict(extra="allow")


_OF_PARTS: Final = ConfigDict(
    # A part's name stands in a header, where control characters are not allowed (RFC 9110, 5.5).
    json_schema_extra={"propertyNames": {"pattern": r"^[^\x00-\x1f\x7f]*$"}}
)


class ReferenceObject(_Asked):
    """An image by its data URL; addresses elsewhere and file ids are refused."""

    image_url: DataUrl
    file_id: None = None


class CreateJson(_Asked):
    """`POST /v1/videos` as JSON."""

    prompt: Prompt
    model: Model | None = None
    seconds: Seconds | Literal[4, 8, 12] | Left | None = None
    size: Size | Left | None = None
    input_reference: ReferenceObject | DataUrl | Left | None = None


class CreateForm(_Asked):
    """`POST /v1/videos` as a form; with several fields of one name, the first counts."""

    prompt: Prompt
    model: Model = ""
    seconds: Seconds | Left = ""
    size: Size | Left = ""
    input_reference_image_url: DataUrl | Left = Field(
        default="", alias="input_reference[image_url]"
    )


class CreateUrlencoded(CreateForm):
    """`POST /v1/videos` as an urlencoded form."""

    input_reference: DataUrl | Left = ""


class CreateMultipart(CreateForm):
    """`POST /v1/videos` as multipart/form-data; a text part may hold a data URL."""

    model_config = _OF_PARTS

    input_reference: ImageFile = b""


class RemixFields(_Asked):
    """`POST /v1/videos/{id}/remix` as JSON or as an urlencoded form."""

    prompt: Prompt


class RemixMultipart(RemixFields):
    """`POST /v1/videos/{id}/remix` as multipart/form-data."""

    model_config = _OF_PARTS
