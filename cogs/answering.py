"""Private answers: one sentence to who used a command, pressed a button or sent a form."""

import logging
from typing import Final

import aiohttp
import discord

from bot.client import VideoBot
from bot.discord_errors import told
from bot.status import words
from bot.status.language import Language, language
from bot.status.message import refuses_content
from bot.status.pings import say_directly

_log = logging.getLogger(__name__)

UNREACHED: Final = (discord.HTTPException, aiohttp.ClientError, OSError)
"""What a call to Discord raises when it does not do what was asked."""

Interaction = discord.Interaction[VideoBot]


def own_language(interaction: Interaction) -> Language:
    """Return the language of the person, for private answers."""
    return language(interaction.locale.value)


async def refuse(interaction: Interaction, sentence: str) -> None:
    """Answer with one private sentence, also where something was answered before.

    Where Discord refuses it for what somebody wrote in it, with one that holds nothing of that.
    """
    try:
        await _tell(interaction, sentence)
    except discord.HTTPException as error:
        if not refuses_content(error):
            raise
        await _tell(interaction, own_language(interaction)(words.ANSWER_REFUSED))


async def tell_surely(interaction: Interaction, sentence: str) -> None:
    """Answer with one private sentence of ours, or else write it in a direct message."""
    try:
        try:
            await _tell(interaction, sentence)
        except discord.HTTPException:
            await say_directly(interaction.client, interaction.user.id, sentence)
    except UNREACHED as error:
        _log.warning("nobody could be told: %s", told(error))


async def _tell(interaction: Interaction, sentence: str) -> None:
    if interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True)
    else:
        await interaction.response.send_message(sentence, ephemeral=True)
