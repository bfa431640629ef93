"""Reference images: the accepted media types, and an image cut to the exact frame of a film."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from bot.media.child import FAILURES, SCRIPTS, reason
from bot.media.input_reference import InputReference
from bot.runtime.child import run_script

IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Media types that every living server with image input accepts."""
TIME_LIMIT: Final = 10.0
"""Seconds. 16 megapixels take about one on a slow core."""
AT_ONCE: Final = ThreadPoolExecutor(2, thread_name_prefix="image")
"""Two images are opened at the same time; others wait for one of these threads."""
FITTED: Final = b"~"
"""The first byte of the script's output where the image was cut or scaled."""


class BadImage(Exception):
    """The bytes cannot be used as a reference image; the message completes "because ..."."""


@dataclass(frozen=True)
class Fitted:
    """An image of the exact frame, and whether it had another shape before."""

    image: InputReference
    changed: bool


async def fit_image(data: bytes, *, name: str, size: str) -> Fitted:
    """Cut and scale an image to `size` ("width x height" in pixels).

    Raises BadImage with the reason as words.
    """
    script = SCRIPTS / "frame.py"
    try:
        out = await run_script(script, *size.split("x"), data=data, within=TIME_LIMIT, pool=AT_ONCE)
    except FAILURES as error:
        raise BadImage(reason(error)) from error
    stem = name.rsplit(".", 1)[0] or "image"
    image = InputReference(data=out[1:], filename=f"{stem}.png", content_type="image/png")
    return Fitted(image=image, changed=out[:1] == FITTED)
