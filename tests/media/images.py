"""Ordinary images, to ask for a video with."""

import io

from PIL import Image


def png(width: int = 720, height: int = 1280, colour: str = "teal") -> bytes:
    return picture(width, height, colour)


def picture(width: int = 72, height: int = 128, colour: str = "teal", kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()
