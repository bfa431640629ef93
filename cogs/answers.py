"""Private answers: one sentence to who used a command, pressed a button or sent a form."""

import io
import logging
from typing import Final

import discord

from bot.cards import limits, modals, words
from bot.cards.i18n import Language, language
from bot.cards.text import plain
from bot.client import VideoBot, tell
from bot.requests.admission import (
    DiskFull,
    NotAdmitted,
    NotOffered,
    OverLimit,
    PromptProblem,
)
from bot.transport.errors import told
from bot.transport.notifications import say_directly
from bot.transport.result import UNREACHED, refuses_content
from bot.videos.spec import VideoSpec

_log = logging.getLogger(__name__)

SHOWN: Final = 100
"""Characters of one choice that are returned; a select menu's value holds no more."""

Interaction = discord.Interaction[VideoBot]


def own_language(interaction: Interaction) -> Language:
    """Return the language of the person, for private answers."""
    return language(interaction.locale.value)


async def refuse(interaction: Interaction, sentence: str) -> None:
    """Answer with one private sentence, also after an earlier answer.

    If Discord refuses its content, answer with a sentence that quotes nobody.
    """
    try:
        await tell(interaction, sentence)
    except discord.HTTPException as error:
        if not refuses_content(error):
            raise
        await tell(interaction, own_language(interaction)(words.ANSWER_REFUSED))


async def tell_surely(interaction: Interaction, sentence: str) -> None:
    """Answer with one private sentence of ours, or send it as a direct message."""
    try:
        try:
            await tell(interaction, sentence)
        except discord.HTTPException:
            await say_directly(interaction.client, interaction.user.id, sentence)
    except UNREACHED as error:
        _log.warning("an answer could not be sent: %s", told(error))


def is_form(interaction: Interaction) -> bool:
    """Whether it is a submitted form."""
    return interaction.type is discord.InteractionType.modal_submit


async def give_back(interaction: Interaction, sentence: str, filled: VideoSpec) -> None:
    """Refuse in private, and return what was filled into the form, which has closed by now."""
    if not is_form(interaction):
        await refuse(interaction, sentence)
        return
    chosen = _chosen(filled, own_language(interaction))
    file = discord.File(io.BytesIO(filled.prompt.encode()), filename="prompt.txt")
    said = f"{sentence}\n-# {chosen}" if chosen else sentence
    await tell(interaction, said, file)


def _chosen(filled: VideoSpec, t: Language) -> str:
    """List the choices other than the prompt."""
    choices = (
        (modals.SIZE, filled.size),
        (modals.SECONDS, filled.seconds),
        (modals.MODEL, filled.model),
    )
    return " · ".join(f"{t(label)}: {plain(value, SHOWN)}" for label, value in choices if value)


def refusal(problem: Exception, t: Language) -> str:
    """Say why a request was refused."""
    match problem:
        case NotOffered():
            return words.not_offered(problem.value, problem.offered, t)
        case OverLimit():
            return words.over_limit(
                problem.own,
                problem.most_of_user,
                t,
                problem.beside,
                most_of_community=problem.most_of_community,
            )
        case DiskFull():
            return t(words.DISK_FULL)
        case PromptProblem():
            return t(words.EMPTY_PROMPT)
        case NotAdmitted() if (sentence := limits.refused(problem, t)) is not None:
            return sentence
        case _:
            _log.error("a request could not be saved: %s", problem)
            return t(words.NOT_WRITTEN)


def not_now(interaction: Interaction) -> str | None:
    """Say why nothing is done now: the bot is about to end, or it came too fast; else None."""
    if interaction.client.stopping:
        return own_language(interaction)(words.STOPPING)
    return too_fast(interaction)


def too_fast(interaction: Interaction) -> str | None:
    """Count a press or a submitted form; return the refusal if it came too early, else None."""
    bot = interaction.client
    wait = bot.presses.wait(interaction.user.id, bot.clock())
    return words.too_fast(wait, own_language(interaction)) if wait else None
