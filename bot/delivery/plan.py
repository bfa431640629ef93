"""The size ladder: a film as it is, a copy encoded anew to fit, a link; else it is kept.

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
from bot.transport.message import Film, NoAccess, TooLarge

_log = logging.getLogger(__name__)

SLOW_LINE: Final = 1_000_000
"""Bytes per second of a slow upload: no film is sent with a token that may die on the way."""

LEAST_COPY: Final = 512 * 1024
"""Bytes that a copy may have however small its film is: more than it needs to look as good."""


class Fit(Protocol):
    """Transcodes a film into less than `limit` bytes; raises TranscodeFailed and NoRoom.

    With `quality` the copy is as large as it takes to look like the film, if that fits.
    """

    def __call__(
        self, film: Path, copy: Path, limit: int, *, quality: bool = False
    ) -> Awaitable[None]:
        """Encode."""
        ...


class FramesTooLarge(Exception):
    """The film's frames are larger than 4K."""


class CannotConvert(Exception):
    """Not every client plays the film, and it cannot be encoded anew."""


LASTING: Final = (TooLarge, FramesTooLarge, CannotConvert, BrokenFile, NoAccess)
"""Why a film is kept instead of being handed over."""


def why_kept(
    error: TooLarge | FramesTooLarge | CannotConvert | BrokenFile | NoAccess,
) -> Reason:
    """Return why a film is kept, for its card."""
    match error:
        case CannotConvert():
            return Reason.CANNOT_TRANSCODE
        case TooLarge():
            return Reason.TOO_LARGE
        case FramesTooLarge():
            return Reason.FRAMES_TOO_LARGE
        case BrokenFile():
            return Reason.FILM_BROKEN
        case NoAccess():
            return Reason.NO_ACCESS


@dataclass(frozen=True)
class Step:
    """One way to hand a film over."""

    as_shown: Render
    """The job as its card shows it when Discord has taken this step."""
    film: Film | None
    """None for a link, which the card holds by itself."""


class DeliveryPlanner:
    """Finds the highest step that holds; films are encoded one at a time, each once per size."""

    def __init__(
        self, *, films: FilmStore, fit: Fit, link_life: float | None, clock: Callable[[], float]
    ) -> None:
        """`link_life` are the seconds a link lives, None where there are no links."""
        self._films = films
        self._fit = fit
        self._link_life = link_life
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()

    async def step(self, render: Render, *, encoding: Callable[[bool], None]) -> Step:
        """Return the step to take now.

        `encoding` is called before an encode, which takes minutes: with whether it is for a film
        that not every client plays, and not for its size. Raises TooLarge where no step is left,
        BrokenFile, FramesTooLarge, CannotConvert, NoRoom, and OSError where no film can be looked
        into.
        """
        done = render.evolve(status=RenderStatus.DELIVERED, transcoded=False, converted=False)
        film = self._films.open(str(render.film))
        probed = await probe_film(film)
        if is_over_4k(probed.width, probed.height):
            raise FramesTooLarge(f"{probed.width}x{probed.height}")
        size = await self._films.size(str(render.film))
        fits = size <= self._limit(render, size)
        if fits and probed.plays:
            return Step(done, Film(film, film_name(done), size))
        try:
            copy, size = await self._copy(render, film, encoding, converts=not probed.plays)
        except TranscodeFailed as error:
            _log.warning("a film cannot be encoded anew: %s", error, extra=render.log_context())
            if probed.plays:
                return self.link(render)
            raise CannotConvert(str(error)) from error
        done = done.evolve(transcoded=True, converted=not probed.plays)
        return Step(done, Film(copy, film_name(done), size))

    def link(self, render: Render) -> Step:
        """Return the last step, a link to the film; raises TooLarge where there are no links."""
        if self._link_life is None:
            raise TooLarge("there is no address for links")
        expires = self._clock() + self._link_life
        return Step(render.evolve(status=RenderStatus.DELIVERED, link_expires_at=expires), None)

    async def remove_copy(self, render: Render) -> None:
        """Remove the copy that was encoded anew, if there is one."""
        await self._films.remove([render.transcoded_name])

    def lead(self, render: Render, size: int) -> float:
        """Seconds that the token has to live for an upload; where nothing else reaches, none."""
        return size / SLOW_LINE if render.request.is_member else 0.0

    def _limit(self, render: Render, size: int) -> int:
        lives = render.card.token_works(self._clock() + self.lead(render, size))
        return render.card.upload_limit if lives else render.card.bot_upload_limit

    async def _copy(
        self, render: Render, film: Path, encoding: Callable[[bool], None], *, converts: bool
    ) -> tuple[Path, int]:
        """Return a copy that fits and its bytes; one from before a restart is used again."""
        copy = self._films.workspace(render.transcoded_name)
        enough = max(LEAST_COPY, await self._films.size(str(render.film)))
        while True:
            size = await self._films.size(render.transcoded_name)
            # The limit may have shrunk while it was encoded: the token's life is over.
            limit = self._limit(render, size)
            if 0 < size <= limit:
                return copy, size
            encoding(converts)
            async with self._one_at_a_time:
                most = limit if converts else min(limit, enough)
                await self._fit(film, copy, most, quality=converts)
