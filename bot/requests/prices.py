"""What a second of film costs, by model; amounts are millionths of the operator's currency."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.jobs.meters import MILLIONTHS
from bot.videos.spec import VideoSpec

OTHERS = ""
"""Stands for every model that has no price of its own."""


@dataclass(frozen=True)
class Prices:
    """Prices of a second of film, in the operator's currency."""

    by_model: Mapping[str, float] = field(default_factory=dict[str, float])

    def cost(self, spec: VideoSpec) -> int | None:
        """Return what one video costs, in millionths; None where no price is known.

        A price is rounded before it is multiplied, so that 3 seconds at 0.10 cost 0.30.
        """
        price = self.by_model.get(spec.model or OTHERS, self.by_model.get(OTHERS))
        return None if price is None else round(price * MILLIONTHS) * int(spec.seconds)
