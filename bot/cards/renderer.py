"""CardRenderer: a render's card, or a plain one where that cannot be shown."""

import logging
from collections import defaultdict
from typing import Protocol

from discord import ui

from bot.cards.view import CardOptions, card, film_name, plain_card
from bot.jobs.models import Render, RenderStatus
from bot.requests.forecast import Forecast

_log = logging.getLogger(__name__)


class Draw(Protocol):
    """Renders the card.

    `elsewhere` (of bot.cards.words) says why it is in a direct message instead of the channel.
    `left` says, on an outdated card, where the film is.
    """

    def __call__(self, *, elsewhere: str | None = None, left: str | None = None) -> ui.LayoutView:
        """Return the rendered card."""
        ...


class CardRenderer:
    """Renders cards; one that failed, or whose content Discord refused, is rendered plainly.

    A failure counts for one state of a render: the next state's card is tried again. Discord
    refuses words, which are the same in every state, so they are not sent again. Each is logged
    once.
    """

    def __init__(self) -> None:
        self._failed: defaultdict[str, set[RenderStatus]] = defaultdict(set)
        self._refused: set[str] = set()

    def draw(self, render: Render, forecast: Forecast, options: CardOptions) -> Draw:
        """Return the function that renders this card."""

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
        """Return the file name by which this card shows its film."""
        return film_name(_wordless(render) if self.is_plain(render) else render)

    def refused(self, render: Render) -> None:
        """Record that Discord refused the content of the usual card: it is plain from now on."""
        self._refused.add(render.id)

    def was_refused(self, render: Render) -> bool:
        """Whether Discord refused the content of the usual card."""
        return render.id in self._refused

    def forget(self, render: Render) -> None:
        """Forget a render whose card will not change for now."""
        self._failed.pop(render.id, None)
        self._refused.discard(render.id)

    def is_plain(self, render: Render) -> bool:
        """Whether the card is rendered plainly."""
        return render.id in self._refused or render.status in self._failed.get(render.id, ())


def _wordless(render: Render) -> Render:
    """Return the render without its prompt, which also names its film."""
    return render.with_spec(prompt="")
