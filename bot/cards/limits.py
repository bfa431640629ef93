"""What people read about limits: which one is reached, what is left, and when it resets."""

from collections.abc import Iterable, Sequence
from typing import Final

from bot.cards.i18n import N_, NN_, Language
from bot.cards.text import plain
from bot.jobs.meters import MILLIONTHS, Cost, Denied, Limit, Period, Scope, Unit, Usage
from bot.requests.admission import (
    Blocked,
    ChannelClosed,
    LimitReached,
    NotAdmitted,
    NotAllowedHere,
    NothingAllowed,
    Paused,
    Place,
    PriceUnknown,
    RoleNeeded,
)

VIDEOS: Final = NN_("1 video", "{number} videos")
SECONDS: Final = NN_("1 second of video", "{number} seconds of video")
PERIODS: Final = {
    Period.HOUR: N_("per hour"),
    Period.DAY: N_("per day"),
    Period.WEEK: N_("per week"),
    Period.MONTH: N_("per month"),
    Period.EVER: N_("in total"),
}
REACHED: Final = {
    Scope.PERSON: N_("You have reached your limit: {most} {period}."),
    Scope.CHANNEL: N_("This channel has reached its limit: {most} {period}."),
    Scope.COMMUNITY: N_("This server has reached its limit: {most} {period}."),
    Scope.EVERYONE: N_("This bot has reached its limit: {most} {period}."),
}
LEFT_TOO_LITTLE: Final = N_("This video needs {needed}, and {left} is left.")
RESETS: Final = N_("It resets {when}.")
PRICE_UNKNOWN: Final = N_(
    "This model has no price yet, so nothing was started. Ask the bot's owner to set one."
)
NOT_HERE: Final = {
    Place.GUILD: N_("The bot's owner doesn't allow videos in this server."),
    Place.DIRECT: N_("The bot's owner doesn't allow videos in direct messages."),
    Place.USER_INSTALL: N_("The bot's owner allows videos only in servers that have the bot."),
}
WHOSE: Final = {
    Scope.PERSON: N_("You"),
    Scope.CHANNEL: N_("This channel"),
    Scope.COMMUNITY: N_("This server"),
    Scope.EVERYONE: N_("The whole bot"),
}
PAUSED: Final = N_("Videos are paused in this server. Try again later.")
PAUSED_WITH_REASON: Final = N_("Videos are paused in this server: {reason}")
BLOCKED: Final = N_("You can't make videos in this server.")
ROLE_NEEDED: Final = N_("To make videos in this server you need one of these roles: {roles}")
CHANNEL_CLOSED: Final = N_("Videos aren't allowed in this channel. Try {channels}.")
NOTHING_ALLOWED: Final = N_(
    "This server allows none of the sizes, lengths or models there are now. "
    "Ask an admin to check /video-admin."
)
PEOPLE_NEEDED: Final = N_("Only some people can make videos in this server.")
_REFUSED: Final[dict[type[NotAdmitted], str]] = {
    PriceUnknown: PRICE_UNKNOWN,
    Paused: PAUSED,
    Blocked: BLOCKED,
    RoleNeeded: PEOPLE_NEEDED,
    NothingAllowed: NOTHING_ALLOWED,
}
REASON_SHOWN: Final = 200
"""Characters of the reason of a pause."""
MENTIONED: Final = 10
"""Roles or channels that one sentence names."""
QUOTA: Final = N_("**{whose}: {most} {period}**")
LEFT: Final = N_("{left} left")
HELD: Final = N_("{held} held for videos in progress")
AT_ONCE: Final = NN_("You can make 1 video at a time.", "You can make {number} videos at a time.")
UNLIMITED: Final = N_("There is no limit per day or month.")
NOTHING_LEFT: Final = N_("Nothing left")


def refused(problem: NotAdmitted, t: Language) -> str | None:
    """Say what the limits of the owner or the community do not allow; None for another problem."""
    match problem:
        case LimitReached():
            return _reached(problem.denied, problem.cost, problem.currency, t)
        case NotAllowedHere():
            return t(NOT_HERE[problem.place])
        case Paused() if reason := plain(problem.reason, REASON_SHOWN):
            return t(PAUSED_WITH_REASON, reason=reason)
        case RoleNeeded() if problem.roles:
            return t(ROLE_NEEDED, roles=_mentions("<@&{}>", problem.roles))
        case ChannelClosed():
            return t(CHANNEL_CLOSED, channels=_mentions("<#{}>", problem.channels))
        case _:
            return t(_REFUSED[type(problem)]) if type(problem) in _REFUSED else None


def _mentions(form: str, ids: Sequence[int]) -> str:
    named = ", ".join(form.format(each) for each in ids[:MENTIONED])
    return named + ("…" if len(ids) > MENTIONED else "")


def _reached(denied: Denied, cost: Cost, currency: str, t: Language) -> str:
    """Say which limit leaves no room, what is left of it, and when it resets."""
    limit, unit = denied.limit, denied.limit.key.unit
    words = [t(REACHED[limit.key.scope], most=_most(limit, t, currency), period=_period(limit, t))]
    if (left := _left(limit, denied.usage)) > 0:
        needed = amount(cost.of(unit), unit, t, currency)
        words.append(t(LEFT_TOO_LITTLE, needed=needed, left=amount(left, unit, t, currency)))
    return " ".join([*words, *_reset(limit, t)])


def quota(usages: Iterable[tuple[Limit, Usage]], at_once: int, currency: str, t: Language) -> str:
    """List every limit that applies to a person here, with what is left and held of it."""
    return f"{t.count(AT_ONCE, at_once)}\n{counted(usages, currency, t)}"


def counted(
    usages: Iterable[tuple[Limit, Usage]], currency: str, t: Language, person: str | None = None
) -> str:
    """List limits with what is left and held; `person` names whose they are to somebody else."""
    listed = [_listed(limit, usage, currency, t, person) for limit, usage in usages]
    return "\n".join(listed) or t(UNLIMITED)


def amount(value: int, unit: Unit, t: Language, currency: str) -> str:
    """Write an amount of a unit; money is in millionths."""
    match unit:
        case Unit.VIDEOS:
            return t.count(VIDEOS, value)
        case Unit.SECONDS:
            return t.count(SECONDS, value)
        case Unit.MONEY:
            return t.money(value / MILLIONTHS, currency)


def _listed(limit: Limit, usage: Usage, currency: str, t: Language, person: str | None) -> str:
    unit, whose = limit.key.unit, t(WHOSE[limit.key.scope])
    if person is not None and limit.key.scope is Scope.PERSON:
        whose = person
    head = t(QUOTA, whose=whose, most=_most(limit, t, currency), period=_period(limit, t))
    left = _left(limit, usage)
    facts = [t(LEFT, left=amount(left, unit, t, currency)) if left else t(NOTHING_LEFT)]
    if usage.held:
        facts.append(t(HELD, held=amount(usage.held, unit, t, currency)))
    return f"{head}\n{' · '.join(facts)}. {' '.join(_reset(limit, t))}".rstrip()


def _left(limit: Limit, usage: Usage) -> int:
    return max(0, limit.most + usage.granted - usage.used)


def _most(limit: Limit, t: Language, currency: str) -> str:
    return amount(limit.most, limit.key.unit, t, currency)


def _period(limit: Limit, t: Language) -> str:
    return t(PERIODS[limit.key.period])


def _reset(limit: Limit, t: Language) -> list[str]:
    return [] if limit.ends_at is None else [t(RESETS, when=f"<t:{int(limit.ends_at)}:R>")]
