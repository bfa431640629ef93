"""CardRenderer: a job's card, and a plain one in its place where that cannot be shown."""

import logging
from collections import defaultdict
from typing import Protocol

from discord import ui

from bot.cards.view import CardOptions, card, film_name, plain_card
from bot.jobs.models import Render, RenderStatus
from bot.requests.forecast import Forecast

_log = logging.getLogger(__name__)


class Draw(Protocol):
    """Renders the card, with words where it stands in a direct message instead of the channel.

    `elsewhere` are those, of bot.cards.words. `left` says where the film is, for a card that is
    outdated.
    """

    def __call__(self, *, elsewhere: str | None = None, left: str | None = None) -> ui.LayoutView:
        """Return the rendered card."""
        ...


class CardRenderer:
    """Renders cards; one that failed, or that Discord refused for its content, is rendered plainly.

    A failure holds for one state of a job: the next one's card is tried anew. What Discord refuses
    are words, which are the same in every state: it is not asked to take them again. Each is logged
    once.
    """

    def __init__(self) -> None:
        self._failed: defaultdict[str, set[RenderStatus]] = defaultdict(set)
        self._refused: set[str] = set()

    def draw(self, render: Render, forecast: Forecast, options: CardOptions) -> Draw:
        """Return what renders this job."""

        def draw(*, elsewhere: str | None = None, left: str | None = None) -> ui.LayoutView:
            if not self.is_plain(render):
                try:
                    return card(render, forecast, options, elsewhere=elsewhere, left=left)
                except Exception:  # noqa: BLE001 - whatever it was, somebody waits for the film
                    self._failed[render.id].add(render.status)
                    _log.exception(
                        "a card cannot be drawn, a plain one takes its place",
                        extra=render.log_context(),
                    )
            return plain_card(_wordless(render), options, elsewhere=elsewhere, left=left)

        return draw

    def film_name(self, render: Render) -> str:
        """Return the file name by which this job's card shows its film."""
        return film_name(_wordless(render) if self.is_plain(render) else render)

    def refused(self, render: Render) -> None:
        """Discord refused what the job's usual card says: it is rendered plainly from here."""
        self._refused.add(render.id)

    def was_refused(self, render: Render) -> bool:
        """Whether Discord refused what the job's usual card says."""
        return render.id in self._refused

    def forget(self, render: Render) -> None:
        """Nothing more is shown of this job for now."""
        self._failed.pop(render.id, None)
        self._refused.discard(render.id)

    def is_plain(self, render: Render) -> bool:
        """Whether the job's card is rendered plainly."""
        return render.id in self._refused or render.status in self._failed.get(render.id, ())


def _wordless(render: Render) -> Render:
    """Return the job without its prompt, which names its film, too."""
    return render.with_spec(prompt="")
