"""What administrators read: limits with what is counted, usage, changes and what is running."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

import discord
from discord import ui

from bot.cards import words
from bot.cards.admin import LABELS, PREFIX, Menu
from bot.cards.i18n import N_, NN_, Language
from bot.cards.limits import PERIODS, amount
from bot.cards.text import plain, shorten
from bot.jobs.guild_settings import AuditEntry
from bot.jobs.meters import MILLIONTHS, Limit, Unit, Usage
from bot.jobs.models import Render
from bot.jobs.usage import Total
from bot.requests.community import CommunityLimit, Subject

CANCEL: Final = "cancel"
TEXT: Final = 3900
"""Characters of one text; Discord accepts 4000 in all texts of a message."""
CANCEL_ONE: Final = N_("Cancel a video")
BAR: Final = 10
"""Blocks of a bar."""
SHOWN: Final = 10
"""Rows of a report; the file that comes with it holds all."""

WHOSE: Final = {
    Subject.EACH: N_("Each person"),
    Subject.ROLE: N_("Each person with {name}"),
    Subject.PERSON: N_("{name}"),
    Subject.CHANNEL: N_("{name}"),
    Subject.ALL: N_("This server"),
}
NO_LIMITS: Final = N_("This server has no limits of its own. Set one with {command}.")
NOTHING_MADE: Final = N_("No videos in this time.")
MADE: Final = NN_("1 video", "{number} videos")
OPEN: Final = NN_("1 still running", "{number} still running")
OTHERS: Final = NN_("and 1 more in the file", "and {number} more in the file")
NO_CHANGES: Final = N_("Nobody has changed anything yet.")
NOTHING_RUNS: Final = N_("Nothing is running in this server.")
USAGE: Final = N_("Usage since {when}")
TOTAL: Final = N_("Total")
NO_MODEL: Final = N_("The video server's own model")
NOTHING: Final = N_("nothing")
ERASED: Final = N_("somebody who erased their data")
DID: Final = {
    "cancel": N_("cancelled a video"),
    "delete": N_("deleted a video"),
    "send": N_("sent a video again"),
    "grant": N_("granted {after} to {before}"),
}


def bar(share: float) -> str:
    """Draw a share of a whole, 0 to 1."""
    full = round(min(1.0, max(0.0, share)) * BAR)
    return "▰" * full + "▱" * (BAR - full)


def mention(subject: Subject, number: int) -> str:
    """Name a role, person or channel as Discord shows it."""
    signs = {Subject.ROLE: "@&", Subject.PERSON: "@", Subject.CHANNEL: "#"}
    return f"<{signs[subject]}{number}>" if subject in signs else ""


def person(number: int, t: Language) -> str:
    """Name somebody; a negative number is the pseudonym of who erased their data."""
    return mention(Subject.PERSON, number) if number > 0 else t(ERASED)


def limit_line(limit: CommunityLimit, t: Language, currency: str, name: str | None = None) -> str:
    """Say one limit in words; `name` stands for a mention where none can be shown."""
    whose = t(WHOSE[limit.subject], name=name or mention(limit.subject, limit.id))
    most = amount(limit.most, limit.unit, t, currency)
    return f"{whose}: {most} {t(PERIODS[limit.period])}"


def counted_line(limit: Limit, usage: Usage, t: Language, currency: str) -> str:
    """Draw what a limit has counted, with what is held."""
    most = limit.most + usage.granted
    unit = limit.key.unit
    used = t.number(usage.used / (MILLIONTHS if unit is Unit.MONEY else 1))
    share = usage.used / most if most else 1.0
    return f"{bar(share)} {used} / {amount(most, unit, t, currency)}"


def usage_report(
    rows: Sequence[tuple[str, Total]], since: float, t: Language, currency: str
) -> str:
    """List what each group made, and all of them together."""
    head = f"### {t(USAGE, when=f'<t:{int(since)}:f>')}"
    if not rows:
        return f"{head}\n{t(NOTHING_MADE)}"
    most = max(1, *(total.videos for _, total in rows))
    lines = [
        f"{bar(total.videos / most)} **{name or t(NO_MODEL)}** · {_facts(total, t, currency)}"
        for name, total in rows[:SHOWN]
    ]
    if len(rows) > SHOWN:
        lines.append(f"-# {t.count(OTHERS, len(rows) - SHOWN)}")
    every = Total(
        sum(each.videos for _, each in rows),
        sum(each.seconds for _, each in rows),
        sum(each.money for _, each in rows),
        sum(each.held for _, each in rows),
    )
    return "\n".join([head, *lines, f"**{t(TOTAL)}** · {_facts(every, t, currency)}"])


def _facts(total: Total, t: Language, currency: str) -> str:
    facts = [t.count(MADE, total.videos), amount(total.seconds, Unit.SECONDS, t, currency)]
    if total.money:
        facts.append(t.money(total.money / MILLIONTHS, currency))
    if total.held:
        facts.append(t.count(OPEN, total.held))
    return " · ".join(facts)


def queue_card(renders: Sequence[Render], t: Language) -> ui.LayoutView:
    """List what runs, with whose it is and a link to its card, and a menu that cancels one."""
    view = ui.LayoutView(timeout=None)
    lines = [
        f"- {words.title(each, t)} · <@{each.request.requester_id}> · "
        f"[{plain(each.spec.shown_prompt, 40)}]({each.request.link})"
        for each in renders
    ]
    view.add_item(ui.TextDisplay(_within(lines, TEXT) or t(NOTHING_RUNS)))
    if renders:
        options = [discord.SelectOption(label=_label(each), value=each.id) for each in renders]
        menu = Menu(custom_id=PREFIX + CANCEL, placeholder=t(CANCEL_ONE), options=options)
        view.add_item(ui.ActionRow(menu))
    return view


def _within(lines: Iterable[str], most: int) -> str:
    """Join as many lines as fit."""
    text = ""
    for line in lines:
        if len(text) + len(line) >= most:
            return f"{text}\n…"
        text = f"{text}\n{line}" if text else line
    return text


def _label(render: Render) -> str:
    """Name a render in a menu: a label has to hold something that can be seen."""
    prompt = shorten(" ".join(render.spec.shown_prompt.split()), 100)
    return prompt if any(sign.isalnum() for sign in prompt) else f"… {render.id[:6]}"


def changes(entries: Iterable[AuditEntry], t: Language, currency: str) -> str:
    """List who changed what, newest first."""
    lines = [change_line(each, t, currency) for each in entries]
    return "\n".join(lines) or t(NO_CHANGES)


def change_line(entry: AuditEntry, t: Language, currency: str) -> str:
    """Say one change: who, when, what, from what, to what."""
    head = f"<t:{int(entry.at)}:R> {person(entry.actor_id, t)}"
    if (did := DID.get(entry.action)) is not None:
        return f"{head} {t(did, before=entry.before, after=entry.after)}"
    before, after = _fields(entry.before), _fields(entry.after)
    parts = [
        f"**{t(LABELS[name])}**: {_difference(name, before.get(name), after[name], t, currency)}"
        for name in after
        if name in LABELS
    ]
    return f"{head} {'; '.join(parts)}"


def _difference(name: str, before: Any, after: Any, t: Language, currency: str) -> str:  # noqa: ANN401 - JSON
    """Say what came and went of a list; of anything else what was and what is."""
    if not isinstance(before, list) or not isinstance(after, list):
        return f"{_said(name, before, t, currency)} → {_said(name, after, t, currency)}"
    old, new = cast("list[Any]", before), cast("list[Any]", after)
    signed = {
        "+": [each for each in new if each not in old],
        "-": [each for each in old if each not in new],
    }
    return " ".join(
        f"{sign} {_said(name, each, t, currency)}" for sign, each in signed.items() if each
    )


def _fields(stored: str | None) -> Mapping[str, Any]:
    return json.loads(stored) if stored else {}


_MENTIONS: Final = {
    "roles": Subject.ROLE,
    "people": Subject.PERSON,
    "blocked": Subject.PERSON,
    "channels": Subject.CHANNEL,
    "audit_channel": Subject.CHANNEL,
}


def _said(name: str, value: Any, t: Language, currency: str) -> str:  # noqa: ANN401 - JSON
    if value in (None, []):
        return t(NOTHING)
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    if name == "limits":
        found = (limit_line(CommunityLimit.model_validate(each), t, currency) for each in values)
    elif name == "confirm_above":
        found = (t.money(each / MILLIONTHS, currency) for each in values)
    elif name in _MENTIONS:
        found = (mention(_MENTIONS[name], each) for each in values)
    else:
        found = (plain(str(each), 100) or "…" for each in values)
    return ", ".join(found)
