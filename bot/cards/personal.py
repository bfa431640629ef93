"""What /video-data says: the question before an erasure, and what came of it."""

import re
from typing import Final

import discord
from discord import ui

from bot.cards.buttons import StatelessButton
from bot.cards.i18n import N_, NN_, Language
from bot.requests.erasure import Erased

ERASE: Final = "rushes-data:erase"
"""The custom_id of the button that erases: it erases the data of whoever presses it."""
LINKS_SHOWN: Final = 10

YOUR_DATA: Final = N_("Here is everything the bot has about you.")
TOO_LARGE: Final = N_(
    "Your data is too large for one file. Ask the people who run this bot for it."
)
REALLY: Final = N_(
    "Erase your prompts, images and videos everywhere, with their messages? Videos in progress are "
    "cancelled. Others can no longer reuse your prompts. What your limits have counted and blocks "
    "stay. You can't undo this."
)
ERASE_LABEL: Final = N_("Erase my data")
BEGUN: Final = N_("Your data is being erased. This can take a few minutes.")
ERASED: Final = NN_(
    "Your data is erased, with 1 video.", "Your data is erased, with {number} videos."
)
NO_VIDEOS: Final = N_("Your data is erased.")
ON_SERVER: Final = NN_(
    "The video server kept its copy of 1 video.",
    "The video server kept its copies of {number} videos.",
)
ON_THE_WAY: Final = NN_(
    "1 video is still on its way. Erase again when it's there.",
    "{number} videos are still on their way. Erase again when they're there.",
)
MESSAGES: Final = NN_(
    "The bot can't remove 1 message. A moderator can:",
    "The bot can't remove {number} messages. A moderator can:",
)
NOT_ERASED: Final = N_("Not everything could be erased. Try again later.")
NOT_EXPORTED: Final = N_("Your data couldn't be read. Try again later.")


def question(t: Language) -> ui.LayoutView:
    """Ask once, with the button that erases."""
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay(t(REALLY)))
    style = discord.ButtonStyle.danger
    row = ui.ActionRow[ui.LayoutView]()
    row.add_item(StatelessButton(label=t(ERASE_LABEL), style=style, custom_id=ERASE))
    return view.add_item(row)


def is_confirmed(interaction: discord.Interaction[discord.Client]) -> bool:
    """Whether the button of the question was pressed."""
    custom_id = str((interaction.data or {}).get("custom_id", ""))
    return re.fullmatch(re.escape(ERASE), custom_id) is not None


def erased(done: Erased, t: Language) -> str:
    """Say what was erased, and what is left and where."""
    lines = [t.count(ERASED, done.number) if done.number else t(NO_VIDEOS)]
    for sentence, number in ((ON_THE_WAY, done.on_the_way), (ON_SERVER, done.on_server)):
        if number:
            lines.append(t.count(sentence, number))
    if done.messages:
        lines.append(t.count(MESSAGES, len(done.messages)))
        lines += [f"- {render.request.link}" for render in done.messages[:LINKS_SHOWN]]
    return "\n".join(lines)
