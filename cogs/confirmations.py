"""Asks in private whether a video is worth its price; nothing is written or held before the yes."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from bot.cards import confirm
from bot.requests.admission import NotConfirmed
from cogs.answers import Interaction, own_language
from cogs.asked import Asked

LIFE: Final = 14 * 60.0
"""Seconds for which a question can be answered: its token can then still delete it."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked for, by the interaction whose answer is the question."""

    asked: Asked
    interaction: Interaction
    at: float


@dataclass(eq=False, repr=False, kw_only=True)
class Confirmations:
    """The questions that are open. A restart forgets them: then the video is asked for again."""

    clock: Callable[[], float] = time.time
    _open: dict[str, Question] = field(default_factory=dict[str, Question])

    async def ask(self, interaction: Interaction, asked: Asked, problem: NotConfirmed) -> None:
        """Answer with the price, what is left, and two buttons."""
        key, now = uuid4().hex, self.clock()
        self._open = {name: each for name, each in self._open.items() if now - each.at < LIFE}
        self._open[key] = Question(asked=asked, interaction=interaction, at=now)
        view = confirm.question(key, asked.spec.prompt, problem, own_language(interaction))
        await interaction.response.send_message(view=view, ephemeral=True)

    def take(self, key: str, person: int) -> Question | None:
        """Return an open question of a person once; None where it is too old or answered."""
        found = self._open.get(key)
        if found is None or found.interaction.user.id != person:
            return None
        del self._open[key]
        return found if self.clock() - found.at < LIFE else None

    def put_back(self, key: str, question: Question) -> None:
        """Let a question be answered once more."""
        self._open[key] = question
