"""What a create sends, in the form and under the names that a dialect takes.

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
    """Encode a create as multipart fields, the form that nearly every living server takes.

    The image is a file part: it is the one shape vLLM-Omni, SGLang, LiteLLM, New API and the SDKs
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
    """Encode a create as JSON, for the servers that take nothing else; the image is a data URL."""
    body: dict[str, object] = _fields(request, dialect)
    if (image := request.input_reference) is not None:
        url = f"data:{image.content_type};base64,{b64encode(image.data).decode()}"
        if dialect.image is ImageAs.FIRST_FRAME:
            frame = {"type": "image_url", "image_url": {"url": url}, "frame_type": "first_frame"}
            body["frame_images"] = [frame]
        elif dialect.image is ImageAs.MEDIA:
            body["media"] = {"frame_images": [{"input_image": url, "frame": "first"}]}
        elif dialect.image is ImageAs.IMAGE:
            body["image"] = {"url": url}
        else:
            body["input_reference"] = url
    return body


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
"""What xAI makes."""


def _frame(size: str, form: Frame) -> dict[str, object]:
    """Name a frame of width x height pixels; xAI takes a ratio and `480p` or `720p`."""
    width, height = (int(pixels) for pixels in size.split("x"))
    if form is Frame.TWO_NUMBERS:
        return {"width": width, "height": height}
    if form is Frame.SHAPE:
        nearest = min(_SHAPES, key=lambda shape: abs(log(shape[0] * height / shape[1] / width)))
        lines = min(_LINES, key=lambda lines: abs(lines - min(width, height)))
        return {"aspect_ratio": f"{nearest[0]}:{nearest[1]}", "resolution": f"{lines}p"}
    return {"size": size}
