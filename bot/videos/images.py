"""Reference images: what is taken, and the process that brings one to the exact frame."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.videos.models import InputReference

IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
"""Media types that every living server with image input takes."""
TIME_LIMIT: Final = 30.0
"""Seconds. A 50-megapixel JPEG takes about two on a slow core."""
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
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_FRAME), width, height,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME_LIMIT):
            out, sentence = await process.communicate(data)
    except TimeoutError as error:
        raise BadImage("it takes too long to open") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = sentence.decode("utf-8", "replace").strip().splitlines()
        raise BadImage(lines[-1] if lines else "it cannot be opened")
    stem = name.rsplit(".", 1)[0] or "image"
    image = InputReference(data=out[1:], filename=f"{stem}.png", content_type="image/png")
    return Fitted(image=image, changed=out[:1] == FITTED)
