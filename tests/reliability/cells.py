"""The fault table: what goes wrong, at which step of a request, and what comes of it.

videos_cells.py and discord_cells.py hold its rows, test_fault_table.py plays every cell of them,
and document.py writes docs/reliability.md from them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from bot.jobs.models import RenderStatus
from bot.simulator.interactions import Interaction
from bot.simulator.world import Channel
from tests.loopback import faults
from tests.loopback.driver import Loopback
from tests.videos_server import faults as faulty
from tests.videos_server.server import Kind

SIGNATURE: Final = "X-Amz-Signature=5ec2e75160a7u2e0fafi1m"
"""What makes an address a key to a film; it belongs in no log and on no card."""
TIMEOUT: Final = 4.0
"""Seconds the bot of the table waits for a JSON answer (VIDEOS_TIMEOUT)."""


class Scene(Protocol):
    """Where a cell is played: its own channel, and who asks there."""

    @property
    def discord(self) -> Loopback: ...
    @property
    def channel(self) -> Channel: ...
    @property
    def interaction(self) -> Interaction: ...


DiscordFault = Callable[[Scene], faults.Fault]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What comes of a request: what people see, and what there is in the end."""

    told: str
    """For the document."""
    status: RenderStatus | None
    """None: the request is forgotten, since nobody saw its card."""
    says: str
    """Words of what people see last."""
    bought: int = 1
    """Films that the Videos server makes for it."""
    films: int = 0
    """Films in the chat, in all messages that can be seen."""
    messages: int = 1
    """Messages in the channel."""
    private: int = 0
    """Direct messages to the requester."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One fault at one step."""

    fault: str
    step: str
    outcome: Outcome
    logs: str | None
    """Words of a log line about the job; None where nothing is worth a line."""
    creates: int = 1
    """Requests to create that reach the server."""
    videos: tuple[tuple[Kind, faulty.Fault], ...] = ()
    discord: tuple[tuple[str, DiscordFault], ...] = ()
    in_thread: bool = False
    away: bool = False
    """The server refuses every connection while this step is due."""
    broken: str | None = None
    """Why the bot does not keep this yet."""

    @property
    def name(self) -> str:
        return f"{self.fault} at {self.step}"


# -------------------------------------------------------------------- what comes of it

FILM: Final = Outcome(
    told="the video comes", status=RenderStatus.DELIVERED, says="Completed", films=1
)
FOUND: Final = Outcome(
    told="*Not sure it was sent* until it is found in the server's list; the video comes",
    status=RenderStatus.DELIVERED,
    says="Completed",
    films=1,
)
UNCONFIRMED: Final = Outcome(
    told="*Not sure it was sent*: its requester decides whether to send it again",
    status=RenderStatus.UNCONFIRMED,
    says="Sending it again may cost twice",
    bought=0,
)
FORGOTTEN: Final = Outcome(
    told="*Failed*: “The video server lost this video”",
    status=RenderStatus.FAILED,
    says="lost this video",
)
NOT_HANDED_OVER: Final = Outcome(
    told="*Not delivered*: *Post again* tries once more",
    status=RenderStatus.UNDELIVERED,
    says="couldn't be downloaded",
)
FAILED_THERE: Final = Outcome(
    told="*Failed*, with the server's reason",
    status=RenderStatus.FAILED,
    says="The video server said",
)
UNSEEN: Final = Outcome(
    told="nobody sees a card, so nothing is sent", status=None, says="", bought=0, messages=0
)
REPLIED: Final = Outcome(
    told="the video comes in a reply to the card",
    status=RenderStatus.DELIVERED,
    says="Completed",
    films=1,
    messages=2,
)
IN_PRIVATE: Final = Outcome(
    told="the video comes to its requester by direct message, which says why",
    status=RenderStatus.DELIVERED,
    says="can't post in",
    films=1,
    private=1,
)
FILM_PLAINLY: Final = replace(
    FILM, told="the card says it plainly, without anybody's words; the video comes into it"
)
FILM_AND_NOTE: Final = replace(
    FILM,
    told="a reply says that the card no longer changes; the video still comes into the card",
    says="blocks updates to the message",
    messages=2,
)
REPLIED_PLAINLY: Final = replace(REPLIED, told="the video comes in a plain reply to the card")
IN_PRIVATE_REFUSED: Final = replace(IN_PRIVATE, says="because Discord blocked it in")
REFUSED_EVERYWHERE: Final = Outcome(
    told="*Not delivered*: the film is kept, and the card says so",
    status=RenderStatus.UNDELIVERED,
    says="Discord refused it several times",
)
REFUSED_ITSELF: Final = Outcome(
    told="*Not delivered*: “Discord doesn't allow it here”; it is kept",
    status=RenderStatus.UNDELIVERED,
    says="Discord doesn't allow it here",
)
UNSEEN_TOLD: Final = Outcome(
    told="a private sentence says that Discord blocked the card; nothing is sent",
    status=None,
    says="",
    bought=0,
    messages=0,
)
IN_PRIVATE_ALONE: Final = replace(IN_PRIVATE, messages=0)
AWAY_WITH_IT: Final = Outcome(
    told="somebody deleted it: nothing is posted, the film stays in the history",
    status=RenderStatus.DELIVERED,
    says="",
    messages=0,
)
TOO_LARGE: Final = Outcome(
    told="*Not delivered*: the film is kept, and the card says why",
    status=RenderStatus.UNDELIVERED,
    says="too large to upload",
)


def refused(says: str) -> Outcome:
    """The request ends with this sentence, and nothing was bought."""
    return Outcome(
        told=f"*Failed*: “{says} Nothing was charged.”",
        status=RenderStatus.FAILED,
        says=f"{says} Nothing was charged.",
        bought=0,
    )
