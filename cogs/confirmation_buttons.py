"""The buttons of the question whether a video is worth its price."""

import logging
from dataclasses import dataclass

from discord.ext import commands

from bot.cards import confirm, words
from bot.transport.errors import told
from bot.transport.result import UNREACHED
from cogs.answers import Interaction, not_now, own_language, refuse
from cogs.confirmations import Confirmations, Question
from cogs.requests import Requests

_log = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, kw_only=True)
class ConfirmationButtons(commands.Cog):
    """Answers the presses."""

    confirmations: Confirmations
    requests: Requests

    @commands.Cog.listener()
    async def on_interaction(self, interaction: Interaction) -> None:
        """Make the video, or leave it."""
        if (press := confirm.press_in(interaction)) is None:
            return
        t = own_language(interaction)
        if (sentence := not_now(interaction)) is not None:
            await refuse(interaction, sentence)
            return
        question = self.confirmations.take(press.key, interaction.user.id)
        if question is None:
            # The question stays: its prompt may be nowhere else.
            await refuse(interaction, t(confirm.TOO_OLD))
        elif not press.yes:
            await interaction.response.edit_message(view=confirm.said(t(words.NOTHING_STARTED)))
        elif await self.requests.start(interaction, question.asked, confirmed=True):
            await self._remove(question)
        else:
            self.confirmations.put_back(press.key, question)

    async def _remove(self, question: Question) -> None:
        """Delete a question that was answered."""
        try:
            await question.interaction.delete_original_response()
        except UNREACHED as error:
            _log.info("an answered question could not be deleted: %s", told(error))
