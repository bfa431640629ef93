"""Films of any size: a small rendered one, and a `free` box behind it."""

import json
import struct
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_LARGE: int = 1


@cache
def _rendered() -> bytes:
    """Have the preview renderer make one small film."""
    with TemporaryDirectory() as folder:
        film = Path(folder, "film.mp4")
        order = {
            "prompt": "a cat", "width": 160, "height": 120, "seconds": 1, "image": None,
            "film": str(film), "thumbnail": str(film.with_suffix(".jpg")),
            "spritesheet": str(film.with_suffix(".sheet.jpg")),
        }  # fmt: skip
        subprocess.run(
            [sys.executable, "-m", "bot.server.renderer"],
            input=json.dumps(order), text=True, check=True, stdout=subprocess.PIPE, timeout=60,
        )  # fmt: skip
        return film.read_bytes()


def film_of(size: int, folder: Path) -> Path:
    """Write a film of so many bytes into a folder. Source: ISO/IEC 14496-12, 4.2 and 8.1.2."""
    rendered = _rendered()
    path = folder / f"film-{size}.mp4"
    with path.open("wb") as file:
        file.write(rendered)
        file.write(struct.pack(">I4sQ", _LARGE, b"free", size - len(rendered)))
        file.truncate(size)
    return path
