"""Discord's file store: what was uploaded, at addresses that expire after a day.

Source: Discord, reference, signed attachment CDN URLs.
"""

import mimetypes
from typing import Final
from urllib.parse import quote

from bot.simulator.clock import Clock
from bot.simulator.components import Attachment
from bot.simulator.uploads import NewFile

_LIFE: Final = 24 * 3600


class Cdn:
    """All files, by their ids."""

    def __init__(self, clock: Clock) -> None:
        self.base_url = ""
        self._clock = clock
        self._files: dict[int, Attachment] = {}

    def keep(self, file: NewFile, *, channel: int, description: str | None = None) -> Attachment:
        """Take a file and give it an id and an address."""
        guessed = mimetypes.guess_type(file.name)[0] or file.content_type
        number = self._clock.snowflake()
        return self.add(number, NewFile(file.name, file.data, guessed), channel, description)

    def add(self, number: int, file: NewFile, channel: int, description: str | None) -> Attachment:
        """Take a file that has an id, and give it an address that is valid from now on."""
        now = int(self._clock.now())
        signed = f"ex={now + _LIFE:x}&is={now:x}&hm={number:x}"
        url = f"{self.base_url}/attachments/{channel}/{number}/{quote(file.name)}?{signed}"
        kept = Attachment(number, file.name, file.data, file.content_type, url, description)
        self._files[number] = kept
        return kept

    def file(self, number: int) -> Attachment | None:
        """Return a file, None for an unknown id."""
        return self._files.get(number)

    def expired(self, ends: str) -> bool:
        """Whether the `ex` of an address is over."""
        return not ends or int(ends, 16) < self._clock.now()
