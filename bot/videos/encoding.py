"""The body of a create, in the form and with the field names of a dialect.

Sources: the API reference ("Create video") and the dialects' own documents.
"""

from base64 import b64encode
from dataclasses import dataclass
from math import log
from typing import Final

from bot.videos.dialects import OPENAI, Dialect, Frame, ImageAs
from bot.videos.models import CreateVideo


@dataclass(frozen=True, kw_only=True)
class Part:
    """One field of a multipart/form-data body; with a file name it is a file part."""

    name: str
    value: str | bytes
    filename: str | None = None
    content_type: str | None = None


def create_parts(request: CreateVideo, dialect: Dialect = OPENAI) -> tuple[Part, ...]:
    """Encode a create as multipart fields, the form that nearly every living server accepts.

    The image is a file part, the one form that vLLM-Omni, SGLang, LiteLLM, New API and the SDKs
    share. Fields that were not chosen are left out, so that the server's defaults hold.
    """
    fields = _fields(request, dialect)
    parts = [Part(name=name, value=str(value)) for name, value in fields.items()]
    if (image := request.input_reference) is not None:
        parts.append(
            Part(
                name="input_reference",
                value=image.data,
                filename=image.filename,
                content_type=image.content_type,
            )
        )
    return tuple(parts)


def create_json(request: CreateVideo, dialect: Dialect) -> dict[str, object]:
    """Encode a create as JSON, for servers that accept nothing else; the image is a data URL."""
    body = _fields(request, dialect)
    if (image := request.input_reference) is not None:
        url = f"data:{image.content_type};base64,{b64encode(image.data).decode()}"
        body |= _image_fields(url, dialect.image)
    return body


def _image_fields(url: str, form: ImageAs) -> dict[str, object]:
    if form is ImageAs.FIRST_FRAME:
        frame = {"type": "image_url", "image_url": {"url": url}, "frame_type": "first_frame"}
        return {"frame_images": [frame]}
    if form is ImageAs.MEDIA:
        return {"media": {"frame_images": [{"input_image": url, "frame": "first"}]}}
    if form is ImageAs.IMAGE:
        return {"image": {"url": url}}
    return {"input_reference": url}


def _fields(request: CreateVideo, dialect: Dialect) -> dict[str, object]:
    """Return the chosen fields under the names and in the types of a dialect."""
    seconds: object = request.seconds
    if request.seconds is not None and dialect.seconds_is_number:
        seconds = int(request.seconds)
    frame = {} if request.size is None else _frame(request.size, dialect.frame)
    fields: dict[str, object] = {
        "prompt": request.prompt,
        "model": request.model,
        **frame,
        dialect.seconds: seconds,
        **request.extra,
    }
    return {name: value for name, value in fields.items() if value is not None}


_SHAPES: Final = ((1, 1), (16, 9), (9, 16), (4, 3), (3, 4), (3, 2), (2, 3))
_LINES: Final = (480, 720)
"""Lines of the frames that xAI makes."""


def _frame(size: str, form: Frame) -> dict[str, object]:
    """Return the fields that name a frame; xAI's are a ratio and `480p` or `720p`."""
    width, height = (int(pixels) for pixels in size.split("x"))
    if form is Frame.TWO_NUMBERS:
        return {"width": width, "height": height}
    if form is Frame.SHAPE:
        nearest = min(_SHAPES, key=lambda shape: abs(log(shape[0] * height / shape[1] / width)))
        lines = min(_LINES, key=lambda lines: abs(lines - min(width, height)))
        return {"aspect_ratio": f"{nearest[0]}:{nearest[1]}", "resolution": f"{lines}p"}
    return {"size": size}
