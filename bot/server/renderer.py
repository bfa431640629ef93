"""The preview renderer: a film from a prompt without any model, in a process of its own.

``python -m bot.server.renderer`` takes one JSON object on stdin and prints each new percent.
Only rendering itself loads the picture libraries, so importing this module costs nothing.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple, NoReturn

FPS: Final = 24
FONT_FOLDERS: Final = tuple(
    folder
    for folder in map(
        Path,
        (
            "/usr/share/fonts",
            "/usr/local/share/fonts",
            "/run/current-system/sw/share/X11/fonts",
            "/Library/Fonts",
            "/System/Library/Fonts",
            "C:/Windows/Fonts",
        ),
    )
    # Elsewhere, another system's path would count from the current folder.
    if folder.is_absolute()
)
"""Where this system may keep the fonts of all users."""


@dataclass(frozen=True, kw_only=True)
class RenderRequest:
    """What to render: a size in even pixels, whole seconds, and perhaps a reference picture."""

    prompt: str
    width: int
    height: int
    seconds: int
    image: Path | None = None


class FilmFiles(NamedTuple):
    """Where a film and its pictures go; each appears whole or not at all."""

    thumbnail: Path
    """A JPEG whose longest side is 512 pixels."""
    spritesheet: Path
    """A JPEG of sixteen moments, four by four in reading order."""
    film: Path
    """An H.264 mp4 of 24 frames a second. It comes last: where it is, the others are."""

    @classmethod
    def within(cls, folder: Path) -> "FilmFiles":
        """Return the places in a folder."""
        return cls(folder / "thumbnail.jpg", folder / "spritesheet.jpg", folder / "film.mp4")


def render(request: RenderRequest, files: FilmFiles, report: Callable[[int], None]) -> None:
    """Write a film and its pictures.

    ``report`` gets each new percent, 0 to 100. Whatever ends the rendering early, an error raised
    by ``report`` included, leaves no file. A picture that cannot be read raises ``ValueError``.
    """
    # The server imports this module for its types and must stay small.
    from bot.server.preview.film import shoot  # noqa: PLC0415

    shoot(request, files, report)


def main() -> None:
    """Render what stdin asks for; exit 0, or 1 with one sentence on stderr."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        order = json.load(sys.stdin)
        files = FilmFiles(*(Path(order.pop(name)) for name in FilmFiles._fields))
        image = order.pop("image")
        request = RenderRequest(**order, image=Path(image) if image else None)
        render(request, files, _print_percent)
    except BrokenPipeError:
        # Nobody is listening any more; without this the interpreter complains on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (OSError, ValueError, ImportError, MemoryError) as error:
        sys.stderr.write(f"{_sentence(error)}\n")
        sys.exit(1)


def _print_percent(percent: int) -> None:
    sys.stdout.write(f"{percent}\n")
    sys.stdout.flush()


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    # As an exception it unwinds the rendering, which removes its unfinished files.
    sys.exit(128 + number)


def _sentence(error: Exception) -> str:
    said = " ".join(str(error).split()) or type(error).__name__
    return said if said.endswith(".") else f"{said}."


if __name__ == "__main__":
    main()
