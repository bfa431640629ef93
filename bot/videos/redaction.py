"""Redacts the operator's key in whatever a server says in its own words."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from bot.videos.errors import Refused, VideosError
from bot.videos.protocol import Reading

SHORTEST_SECRET: Final = 8
"""Characters. A shorter key is a placeholder (`-`, `0`, `none`), which occurs in other words."""
_STARS: Final = "***"


class Redactor:
    """Redacts a key in error texts. Ids, statuses and addresses of an answer stay as they are."""

    def __init__(self, key: str | None) -> None:
        self._spellings = _spellings(key) if key and len(key) >= SHORTEST_SECRET else ()

    def text(self, text: str) -> str:
        """Return a text without the key, and without the beginning of a key that was cut off."""
        for secret in self._spellings:
            text = text.replace(secret, _STARS)
            for length in range(len(secret) - 1, SHORTEST_SECRET - 1, -1):
                if text.endswith(secret[:length]):
                    text = text[:-length] + _STARS
                    break
        return text

    @contextmanager
    def errors(self) -> Generator[None]:
        """Redact the key in every VideosError that is raised inside."""
        try:
            yield
        except VideosError as error:
            error.args = tuple(self.text(a) if isinstance(a, str) else a for a in error.args)
            if isinstance(error, Refused):
                error.server_code = self._maybe(error.server_code)
                error.message = self._maybe(error.message)
            raise

    def reading(self, reading: Reading) -> Reading:
        """Return the result of a poll without the key in the job's error."""
        if (error := reading.video.error) is None:
            return reading
        words = {"code": self._maybe(error.code), "message": self._maybe(error.message)}
        clean = error.model_copy(update=words)
        return replace(reading, video=reading.video.model_copy(update={"error": clean}))

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self.text(text)


def _spellings(key: str) -> tuple[str, ...]:
    """Return the spellings of a key in text and inside JSON."""
    quoted = json.dumps(key)[1:-1]
    return tuple(dict.fromkeys((key, quoted, quoted.replace("/", "\\/"))))
