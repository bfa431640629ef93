"""Reference images: what is taken, and the process that brings one to the exact frame."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.media.input_reference import InputReference
from bot.runtime.child import ChildFailed, run_script

IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Media types that every living server with image input takes."""
TIME_LIMIT: Final = 10.0
"""Seconds. 16 megapixels take about one on a slow core."""
AT_ONCE: Final = ThreadPoolExecutor(2, thread_name_prefix="image")
"""Images opened at the same time: two. Others wait for one of these threads."""
FITTED: Final = b"~"
_FRAME: Final = Path(__file__).with_name("frame.py")


class BadImage(Exception):
    """The bytes cannot be used as a reference image; the message completes "because ..."."""


@dataclass(frozen=True)
class Fitted:
    """An image of the exact frame, and whether it had another shape before."""

    image: InputReference
    changed: bool


async def fit_image(data: bytes, *, name: str, size: str) -> Fitted:
    """Bring an image to `size` ("width x height" in pixels) in a process of its own.

    Raises BadImage with the reason as words.
    """
    width, height = size.split("x")
    try:
        out = await run_script(_FRAME, width, height, data=data, within=TIME_LIMIT, pool=AT_ONCE)
    except TimeoutError as error:
        raise BadImage("it takes too long to open") from error
    except (ChildFailed, OSError) as error:
        raise BadImage(str(error) or "it cannot be opened") from error
    stem = name.rsplit(".", 1)[0] or "image"
    image = InputReference(data=out[1:], filename=f"{stem}.png", content_type="image/png")
    return Fitted(image=image, changed=out[:1] == FITTED)
