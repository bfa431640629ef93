"""What comes of sending a card: a value for each answer of Discord that we act on.

Source: Discord, topics/opcodes-and-status-codes.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import aiohttp
import discord

from bot.jobs.models import Fallback
from bot.transport.errors import is_temporary, told
from bot.transport.rate_limits import EditLimitReached, RateLimited

UNREACHED: Final = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it does not do what was asked."""

_UNKNOWN_CHANNEL: Final = 10003
_UNKNOWN_MESSAGE: Final = 10008
_TOO_LARGE: Final = 40005
_MALFORMED: Final = frozenset({50006, 50035})
"""An empty message, an invalid form body."""
_EXPLICIT: Final = 20009
"""Explicit content: what Discord's own filter says of a file."""
_ARCHIVED: Final = 50083
_NO_ACCESS: Final = frozenset({_UNKNOWN_CHANNEL, 10004, 10013, 50001, 50013, 50007, 50278})
"""No such channel, server or user, missing access or permissions, and direct messages that somebody
does not accept."""
_HTTP_TOO_LARGE: Final = 413
_NOT_ANSWERABLE: Final = frozenset({10015, 10062, 40060, 50027})
"""Of an interaction: its token is dead, it is over, or was answered already."""
_CLIENT_ERROR: Final = 4
_UNAUTHORIZED: Final = 401
"""A refusal of the bot's token as a whole."""
_TOKEN_DEAD: Final = frozenset({401, 403, 404})
_TOKEN_DEAD_CODES: Final = frozenset({10015, 50027})
"""Unknown webhook, invalid webhook token."""


class Outcome(StrEnum):
    """Discord's answer to a message that was sent or edited."""

    SHOWN = "shown"
    GONE = "gone"
    """Somebody deleted the message: the wish was to be rid of it."""
    NO_ACCESS = "no_access"
    """The bot may not see or write in the channel."""
    ARCHIVED = "archived"
    """The thread is archived; it may be possible to open it again."""
    TOKEN_DEAD = "token_dead"  # noqa: S105 - no password
    """The interaction's token no longer reaches the card; the channel still may."""
    TOO_LARGE = "too_large"
    """Discord does not accept a file of this size here."""
    FILM_REFUSED = "film_refused"
    """Discord does not accept this film, whatever is written around it."""
    CONTENT_REFUSED = "content_refused"
    """Discord refuses what the message says, shows or is made of: other words may be accepted."""
    REFUSED = "refused"
    """Any other no to the message itself, which time alone does not change."""
    EDITS_SPENT = "edits_spent"
    """The message is older than an hour and has had the few edits that it may have then."""
    RATE_LIMITED = "rate_limited"
    """Discord accepts no edit here for `wait` seconds."""
    UNREACHED = "unreached"
    """No answer, or one of the moment: it may be accepted the next time."""


@dataclass(frozen=True, kw_only=True)
class PutResult:
    """What came of showing a card."""

    outcome: Outcome
    message_id: int | None = None
    """The message in the request's channel that shows it; None for a direct message instead."""
    attachment_id: int | None = None
    """The film's, as Discord shows it there."""
    fallback: Fallback | None = None
    """The message that was sent instead of an edit of the card."""
    wait: float = 0.0
    """Seconds for which Discord accepts nothing here."""
    cause: str = ""
    """Discord's words, for the log."""

    @property
    def is_shown(self) -> bool:
        """Whether the requester sees it."""
        return self.outcome is Outcome.SHOWN


_BY_CODE: Final = {
    _UNKNOWN_MESSAGE: Outcome.GONE,
    _ARCHIVED: Outcome.ARCHIVED,
    _TOO_LARGE: Outcome.TOO_LARGE,
    **dict.fromkeys(_NO_ACCESS, Outcome.NO_ACCESS),
}


def result_of(error: BaseException, *, with_film: bool = False) -> PutResult:
    """Return the value that stands for what a call to Discord raised.

    `with_film` says whether a film was sent along. Re-raises what is none of UNREACHED.
    """
    if isinstance(error, EditLimitReached):
        return PutResult(outcome=Outcome.EDITS_SPENT, cause=told(error))
    if isinstance(error, RateLimited):
        return PutResult(outcome=Outcome.RATE_LIMITED, wait=error.seconds, cause=told(error))
    if not isinstance(error, UNREACHED):
        raise error
    outcome = Outcome.UNREACHED
    if isinstance(error, discord.HTTPException):
        outcome = _outcome_of(error, with_film=with_film)
    return PutResult(outcome=outcome, cause=told(error))


def _outcome_of(error: discord.HTTPException, *, with_film: bool) -> Outcome:
    if (known := _BY_CODE.get(error.code)) is not None:
        return known
    if error.status == _HTTP_TOO_LARGE:
        return Outcome.TOO_LARGE
    if error.code == _EXPLICIT and with_film:
        return Outcome.FILM_REFUSED
    if refuses_content(error):
        return Outcome.CONTENT_REFUSED
    return Outcome.REFUSED if is_refusal(error) else Outcome.UNREACHED


def is_dead_token(error: discord.HTTPException) -> bool:
    """Whether the interaction's webhook is over, or its message is not found through it."""
    return error.status in _TOKEN_DEAD and not (refuses_content(error) or is_temporary(error))


def is_unknown_webhook(error: discord.HTTPException) -> bool:
    """Whether Discord does not know the interaction's webhook at all."""
    return error.code in _TOKEN_DEAD_CODES


def is_refusal(error: BaseException) -> bool:
    """Whether Discord says no to the message itself, so that time alone will not help.

    Its own refusals have a code; a 4xx without one comes from a proxy in front of it.
    """
    if not isinstance(error, discord.HTTPException) or not error.code or is_temporary(error):
        return False
    return error.status // 100 == _CLIENT_ERROR and error.status != _UNAUTHORIZED


def is_malformed(error: BaseException | None) -> bool:
    """Whether Discord refuses the form of what was sent, which is ours, not its words."""
    return isinstance(error, discord.HTTPException) and error.code in _MALFORMED


def refuses_content(error: BaseException) -> bool:
    """Whether Discord refuses what a message says, shows or is made of, not where it is.

    AutoMod (200000, 200001), the filter of links (240000), an explicit film (20009), a thread that
    accepts nothing (160005, 160006), and an invalid form (50035, 50006), and whatever code comes
    beside these: other words may be accepted, or other places.
    """
    if not isinstance(error, discord.HTTPException) or not is_refusal(error):
        return False
    elsewhere = _NO_ACCESS | _NOT_ANSWERABLE | {_UNKNOWN_MESSAGE, _ARCHIVED, _TOO_LARGE}
    return error.code not in elsewhere and error.status != _HTTP_TOO_LARGE
