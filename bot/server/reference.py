"""The image that guides a generation: taken out of whatever form it arrived in, and checked."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn, cast

from bot.server.answers import ApiError

IMAGE_LIMIT: Final = 20 * 2**20
"""Bytes of one image; a PNG straight from a camera stays below."""

PARAM: Final = "input_reference"
_PIECE: Final = 2**20
"""Characters decoded at a time; a multiple of four."""
_BASE64_LIMIT: Final = IMAGE_LIMIT * 4 // 3 + 4


@dataclass(frozen=True, kw_only=True)
class ReferenceImage:
    """The bytes of an image and the file name suffix of what they are."""

    data: bytes = field(repr=False)
    suffix: str


def read_reference(value: object) -> ReferenceImage:
    """Read a file's bytes, a data URL, or `{"image_url": <data URL>}` (object or its JSON).

    Raises ApiError with the param `input_reference`. An address elsewhere is refused: fetching
    what a stranger names would let them reach into this machine's network.
    """
    if isinstance(value, bytes | bytearray):
        return _image(bytes(value))
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = _object(value)
    if isinstance(value, Mapping):
        value = _image_url(cast("Mapping[str, object]", value))
    if not isinstance(value, str):
        _refuse("input_reference must be an image file or an object with an image_url.")
    return _image(_decode_data_url(value.strip()))


def _object(text: str) -> object:
    try:
        return cast("object", json.loads(text))
    except (ValueError, RecursionError):
        _refuse("input_reference is neither an image nor valid JSON.")


def _image_url(reference: Mapping[str, object]) -> object:
    if reference.get("file_id") is not None:
        _refuse("This server keeps no files: send the image itself instead of a file_id.")
    return reference.get("image_url")


def _decode_data_url(url: str) -> bytes:
    """Decode `data:<media type>;base64,<data>` (RFC 2397)."""
    if url[:8].lower().startswith(("http://", "https://")):
        _refuse("This server fetches nothing from elsewhere: send the image as a file or data URL.")
    head, comma, encoded = url.partition(",")
    if not (comma and head[:5].lower() == "data:" and head.lower().endswith(";base64")):
        _refuse("input_reference must be an image file or a base64 data URL.")
    if len(encoded) > _BASE64_LIMIT:
        _too_large()
    try:
        return _decode_base64(encoded)
    except (binascii.Error, ValueError):
        _refuse("The data URL in input_reference is not valid base64.")


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
        _too_large()
    # By its first bytes: names and declared types are whatever the sender made of them.
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return ReferenceImage(data=data, suffix=".png")
    if data.startswith(b"\xff\xd8\xff"):
        return ReferenceImage(data=data, suffix=".jpg")
    if not (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        _refuse("input_reference must be a PNG, JPEG or WebP image.")
    return ReferenceImage(data=data, suffix=".webp")


def _too_large() -> NoReturn:
    _refuse(f"The image in input_reference is larger than {IMAGE_LIMIT // 2**20} MiB.")


def _refuse(message: str) -> NoReturn:
    raise ApiError(message, param=PARAM)
