"""The message command "Make a video": a message's text as the prompt, its image as the image."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.i18n import N_
from bot.cards.modals import Filled, VideoForm
from bot.media.image import IMAGE_TYPES
from bot.requests.admission import Offer
from bot.videos.models import PROMPT_LIMIT
from bot.videos.spec import VideoSpec
from cogs.asked import Asked
from cogs.requests import Interaction, Requests, own_language

NAME: Final = N_("Make a video")


@dataclass(eq=False, repr=False, kw_only=True)
class Make(commands.Cog):
    """Offers the command in every message's menu."""

    tree: app_commands.CommandTree[Any]
    offer: Callable[[], Offer]
    requests: Requests

    async def cog_load(self) -> None:
        """Offer the command."""
        callback = self._make
        command = app_commands.ContextMenu(
            name=NAME,
            callback=callback,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
        )
        self.tree.add_command(command)

    async def _make(self, interaction: Interaction, message: discord.Message) -> None:
        images = [image for image in message.attachments if _is_image(image)]

        async def submitted(interaction: Interaction, filled: Filled) -> None:
            image = filled.upload if filled.picked is None else images[filled.picked]
            await self.requests.start(interaction, Asked(spec=filled.spec, image=image))

        t = own_language(interaction)
        start = VideoSpec(prompt=message.content[:PROMPT_LIMIT])
        form = VideoForm(t(NAME), t, self.offer(), submitted, start=start)
        form.ask_for_image(t, [image.filename for image in images])
        await interaction.response.send_modal(form)


def _is_image(attachment: discord.Attachment) -> bool:
    return (attachment.content_type or "").split(";")[0].strip().lower() in IMAGE_TYPES
