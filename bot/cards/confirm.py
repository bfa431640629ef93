"""The question whether a video is worth its price, and the buttons that answer it."""

import re
from dataclasses import dataclass
from typing import Final

import discord
from discord import ui

from bot.cards.buttons import LABELS, Action, StatelessButton
from bot.cards.i18n import N_, Language
from bot.cards.limits import LEFT
from bot.cards.text import plain
from bot.jobs.meters import MILLIONTHS
from bot.requests.admission import NotConfirmed

COSTS: Final = N_("This video costs {cost}.")
RENDER: Final = N_("Render for {cost}")
TOO_OLD: Final = N_("This question is too old or was answered. Ask for the video again.")
PROMPT_SHOWN: Final = 3500
_TEMPLATE: Final = r"rushes-confirm:(?P<answer>yes|no):(?P<key>[0-9a-f]{32})"


@dataclass(frozen=True)
class Press:
    """The answer to a question."""

    yes: bool
    key: str


def question(key: str, prompt: str, problem: NotConfirmed, t: Language) -> ui.LayoutView:
    """Draw the question. Its prompt is shown, so that it can be copied where it is too old."""
    cost = t.money(problem.cost / MILLIONTHS, problem.currency)
    facts = [t(COSTS, cost=cost)]
    if problem.left is not None:
        facts.append(t(LEFT, left=t.money(problem.left / MILLIONTHS, problem.currency)))
    view = said(f"> {plain(prompt, PROMPT_SHOWN)}\n{' '.join(facts)}")
    row = ui.ActionRow[ui.LayoutView]()
    style = discord.ButtonStyle.primary
    for label, name in ((t(RENDER, cost=cost), "yes"), (t(LABELS[Action.CANCEL]), "no")):
        custom_id = f"rushes-confirm:{name}:{key}"
        row.add_item(StatelessButton(label=label[:80], style=style, custom_id=custom_id))
        style = discord.ButtonStyle.secondary
    return view.add_item(row)


def said(text: str) -> ui.LayoutView:
    """Draw one text."""
    return ui.LayoutView(timeout=None).add_item(ui.TextDisplay(text))


def press_in(interaction: discord.Interaction[discord.Client]) -> Press | None:
    """Return the answer that was pressed; None for another button."""
    match = re.fullmatch(_TEMPLATE, str((interaction.data or {}).get("custom_id", "")))
    return None if match is None else Press(match["answer"] == "yes", match["key"])
