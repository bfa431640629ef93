"""The reference image of a request: decoded from each form that it may have, and checked."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

IMAGE_LIMIT: Final = 20 * 2**20
"""Bytes of one image; a PNG straight from a camera stays below."""

PARAM: Final = "input_reference"
_PIECE: Final = 2**20
"""Characters decoded at a time; a multiple of four."""
_BASE64_LIMIT: Final = IMAGE_LIMIT * 4 // 3 + 4

_TOO_LARGE: Final = f"The image in input_reference is larger than {IMAGE_LIMIT // 2**20} MiB."
_FORMATS: Final = {b"\x89PNG\r\n\x1a\n": ".png", b"\xff\xd8\xff": ".jpg", b"RIFF": ".webp"}
_DIGIT: Final = "[A-Za-z0-9+/]"
_SIGNATURES: Final = (
    f"iVBORw0KGg[o-r]{_DIGIT}",  # PNG
    "/9j/",  # JPEG
    f"UklGR[g-v]{_DIGIT}{{4}}[BFJNRVZdhlptx159]XRUJQ",  # WebP: RIFF, four bytes, WEBP
)
_DATA_URL: Final = (
    f"^data:[a-z]+/[a-z]+;base64,({'|'.join(_SIGNATURES)})"
    f"({_DIGIT}{{4}})*({_DIGIT}{{2}}==|{_DIGIT}{{3}}=)?$"
)
"""A data URL whose first bytes are an image's, which is all that a pattern can check."""

_URL_FORMAT: Final = "`data:<media type>;base64,<data>` of a PNG, JPEG or WebP up to 20 MiB."
_FILE_FORMAT: Final = "A PNG, JPEG or WebP file up to 20 MiB, told by its first bytes."
# OpenAPI 3.1 describes bytes that are sent as they are without a type.
_FILE_SCHEMA: Final[JsonDict] = {"contentMediaType": "image/png", "description": _FILE_FORMAT}
DataUrl = Annotated[str, Field(pattern=_DATA_URL, description=_URL_FORMAT)]
Empty = Literal[""]
"""An empty field counts as one that was left out."""


class ReferenceObject(BaseModel):
    """An image by its data URL; addresses elsewhere and file ids are refused."""

    model_config = ConfigDict(extra="allow")

    image_url: DataUrl
    file_id: None = None


class ReferenceImage:
    """The bytes of an image, and the file name suffix of its format."""

    def __init__(self, data: bytes, suffix: str) -> None:
        self.data = data
        self.suffix = suffix


def read_reference(value: object) -> ReferenceImage | None:
    """Read a file's bytes, a data URL, or `{"image_url": <data URL>}` (object or its JSON).

    None and an empty text are no image. Raises PydanticCustomError, so that pydantic reports the
    fault of an earlier field first. An address elsewhere is refused: fetching what a stranger
    names would let them reach into this machine's network.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bytes | bytearray):
        return _image(bytes(value))
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _object(value)
    if isinstance(value, Mapping):
        value = _image_url(cast("Mapping[str, object]", value))
    if not isinstance(value, str):
        raise _refusal("input_reference must be an image file or an object with an image_url.")
    return _image(_decode_data_url(value.strip()))


def _object(text: str) -> object:
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        raise _refusal("input_reference is neither an image nor valid JSON.") from None


def _image_url(reference: Mapping[str, object]) -> object:
    if reference.get("file_id") is not None:
        raise _refusal("This server keeps no files: send the image itself instead of a file_id.")
    return reference.get("image_url")


def _decode_data_url(url: str) -> bytes:
    """Decode `data:<media type>;base64,<data>` (RFC 2397)."""
    if url[:8].lower().startswith(("http://", "https://")):
        raise _refusal(
            "This server fetches nothing from elsewhere: send the image as a file or data URL."
        )
    head, comma, encoded = url.partition(",")
    head = head.lower()
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise _refusal("input_reference must be an image file or a base64 data URL.")
    if len(encoded) > _BASE64_LIMIT:
        raise _refusal(_TOO_LARGE)
    try:
        return _decode_base64(encoded)
    except (binascii.Error, ValueError):
        raise _refusal("The data URL in input_reference is not valid base64.") from None


def _decode_base64(encoded: str) -> bytes:
    """Decode in pieces: in one go, twenty megabytes keep every other thread waiting for 90 ms."""
    pieces = [
        base64.b64decode(encoded[start : start + _PIECE], validate=True)
        for start in range(0, len(encoded), _PIECE)
    ]
    if any(len(piece) < _PIECE // 4 * 3 for piece in pieces[:-1]):
        raise binascii.Error("padding before the end")
    return b"".join(pieces)


def _image(data: bytes) -> ReferenceImage:
    if len(data) > IMAGE_LIMIT:
        raise _refusal(_TOO_LARGE)
    # By its first bytes: names and declared types are whatever the sender made of them.
    for signature, suffix in _FORMATS.items():
        if data.startswith(signature) and (suffix != ".webp" or data[8:12] == b"WEBP"):
            return ReferenceImage(data, suffix)
    raise _refusal("input_reference must be a PNG, JPEG or WebP image.")


def _refusal(message: str) -> PydanticCustomError:
    return PydanticCustomError("invalid_image", "{message}", {"message": message})


# What a request may send as its image, as JSON, as a text field and as a file.
_AsJson: TypeAlias = ReferenceObject | DataUrl | Empty | None
_AsText: TypeAlias = DataUrl | Empty
_AsFile: TypeAlias = Annotated[bytes, WithJsonSchema(_FILE_SCHEMA)]
_FORM_DEFAULT: Final = Field(json_schema_extra={"default": ""})
_JSON: Final = PlainValidator(read_reference, json_schema_input_type=_AsJson)
_TEXT: Final = PlainValidator(read_reference, json_schema_input_type=_AsText)
_FILE: Final = PlainValidator(read_reference, json_schema_input_type=_AsFile)

JsonImage = Annotated[ReferenceImage | None, _JSON]
TextImage = Annotated[ReferenceImage | None, _TEXT, _FORM_DEFAULT]
FileImage = Annotated[ReferenceImage | None, _FILE, _FORM_DEFAULT]
