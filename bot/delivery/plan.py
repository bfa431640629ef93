"""How a film is delivered: as it is, as a transcoded copy, as a link; else it is kept.

What is aimed at is what Discord named when the film was asked for: `attachment_size_limit` while
the interaction's token lives, the bot's own limit after. Source: Discord,
interactions/receiving-and-responding.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bot.cards.view import film_name
from bot.jobs.film_store import FilmStore
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.media.container import is_over_4k
from bot.media.errors import BrokenFile
from bot.media.probe import probe_film
from bot.media.transcode import TranscodeFailed
from bot.requests.forecast import Phase
from bot.transport.message import Film

_log = logging.getLogger(__name__)

SLOW_LINE: Final = 1_000_000
"""Bytes per second of a slow upload: no film is sent with a token that may die on the way."""

LEAST_COPY: Final = 512 * 1024
"""Bytes that a copy may have however small its film is: more than it needs to look as good."""


def upload_time(render: Render, size: int) -> float:
    """Return the seconds that an upload may take; none where only the token reaches the card."""
    return size / SLOW_LINE if render.request.is_member else 0.0


class Fit(Protocol):
    """Transcodes a film into less than `limit` bytes; raises TranscodeFailed and NoRoom.

    With `quality` the copy is as large as it takes to look like the film, if that fits.
    """

    def __call__(
        self, film: Path, copy: Path, limit: int, *, quality: bool = False
    ) -> Awaitable[None]:
        """Encode."""
        ...


@dataclass(frozen=True)
class Plan:
    """One way to deliver a film."""

    as_shown: Render
    """The render as its card shows it once Discord has accepted this."""
    film: Film | None
    """None for a link, which is part of the card."""

    @property
    def size(self) -> int:
        """The bytes to upload."""
        return 0 if self.film is None else self.film.size

    @property
    def lead(self) -> float:
        """The seconds that an upload takes, for which the token has to be valid."""
        return upload_time(self.as_shown, self.size)


@dataclass(frozen=True)
class Kept:
    """No way is left: the film is kept, and its card says why."""

    reason: Reason


@dataclass(eq=False, repr=False, kw_only=True)
class DeliveryPlanner:
    """Chooses how a film is delivered; transcodes one at a time, each once per size."""

    films: FilmStore
    fit: Fit
    link_life: float | None
    """Seconds for which a link works, None where there are no links."""
    clock: Callable[[], float]

    def __post_init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()

    async def plan(self, render: Render, *, say: Callable[[Phase], None]) -> Plan | Kept:
        """Return how to deliver now: the film as it is, a transcoded copy, a link, or not at all.

        `say` is called before a film is transcoded, which takes minutes. Raises NoRoom, and OSError
        where the film cannot be read.
        """
        done = render.evolve(status=RenderStatus.DELIVERED, transcoded=False, converted=False)
        film = self.films.open(str(render.film))
        try:
            probed = await probe_film(film)
        except BrokenFile:
            return Kept(Reason.FILM_BROKEN)
        if is_over_4k(probed.width, probed.height):
            return Kept(Reason.FRAMES_TOO_LARGE)
        size = await self.films.size(str(render.film))
        if probed.plays and size <= self._limit(render, size):
            return Plan(done, Film(film, film_name(done), size))
        try:
            copy, size = await self._copy(render, film, say, converts=not probed.plays)
        except TranscodeFailed as error:
            _log.warning("a film cannot be transcoded: %s", error, extra=render.log_context())
            return self.link(render) if probed.plays else Kept(Reason.CANNOT_TRANSCODE)
        done = done.evolve(transcoded=True, converted=not probed.plays)
        return Plan(done, Film(copy, film_name(done), size))

    def link(self, render: Render) -> Plan | Kept:
        """Return the last way, a link to the film, where there are links."""
        if self.link_life is None:
            return Kept(Reason.TOO_LARGE)
        expires = self.clock() + self.link_life
        return Plan(render.evolve(status=RenderStatus.DELIVERED, link_expires_at=expires), None)

    async def remove_copy(self, render: Render) -> None:
        """Remove the converted or compressed copy, if there is one."""
        await self.films.remove([render.transcoded_name])

    def _limit(self, render: Render, size: int) -> int:
        lives = render.card.token_works(self.clock() + upload_time(render, size))
        return render.card.upload_limit if lives else render.card.bot_upload_limit

    async def _copy(
        self, render: Render, film: Path, say: Callable[[Phase], None], *, converts: bool
    ) -> tuple[Path, int]:
        """Return a copy that fits and its bytes; one from before a restart is used again."""
        copy = self.films.workspace(render.transcoded_name)
        enough = max(LEAST_COPY, await self.films.size(str(render.film)))
        while True:
            size = await self.films.size(render.transcoded_name)
            # The limit may have shrunk while it was encoded: the token's life is over.
            limit = self._limit(render, size)
            if 0 < size <= limit:
                return copy, size
            say(Phase.CONVERTING if converts else Phase.RESIZING)
            async with self._one_at_a_time:
                most = limit if converts else min(limit, enough)
                await self.fit(film, copy, most, quality=converts)
