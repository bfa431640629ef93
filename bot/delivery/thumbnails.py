"""A thumbnail of each delivered film, for the list; it outlives the film on our disk."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bot.jobs.database import StoreError
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render
from bot.jobs.store import JobStore
from bot.media.thumbnail import NoThumbnail

_log = logging.getLogger(__name__)

Take = Callable[[Path], Awaitable[bytes]]
"""Takes the thumbnail of a film on disk; raises NoThumbnail."""

NONE_TO_BE_HAD: Final = b""
"""Stored for a film without a picture that can be taken: it is not tried again."""
AT_ONCE: Final = 20
"""Films looked up at the same time, newest first: those of a busy hour wait behind later ones."""


@dataclass(eq=False, repr=False, kw_only=True)
class Thumbnails:
    """Stores one thumbnail of each film, taken one after the other.

    A film is whole without its thumbnail: where none can be taken, the log says so, and the list
    shows none. What is still to do stands in the database alone, however many films come.
    """

    store: JobStore
    films: FilmStore
    take: Take | None
    """None: no thumbnails are taken."""

    def __post_init__(self) -> None:
        self._wanted = False
        self._at_it = False

    async def catch_up(self, *, pause: Callable[[], Awaitable[None]]) -> None:
        """Take the thumbnail of every delivered film that has none, each after a `pause`.

        Returns at once if another call is running: that one also handles what came since.
        """
        self._wanted = True
        if self.take is None or self._at_it:
            return
        self._at_it = True
        try:
            while self._wanted:
                self._wanted = False
                while without := await self.store.thumbnails.missing(limit=AT_ONCE):
                    for render in without:
                        await pause()
                        await self._take_one(render, self.take)
        except StoreError as error:
            _log.warning("no more thumbnails for now: %s", error)
        finally:
            self._at_it = False

    async def _take_one(self, render: Render, take: Take) -> None:
        try:
            jpeg = await take(self.films.open(render.film or ""))
        except NoThumbnail as error:
            _log.warning("no thumbnail of a film: %s", error, extra=render.log_context())
            jpeg = NONE_TO_BE_HAD
        await self.store.thumbnails.put(render, jpeg)
