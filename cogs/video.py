"""/video: the words somebody types."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import app_commands
from discord.ext import commands

from bot.cards.i18n import N_
from bot.requests.admission import Offer
from bot.videos.models import PROMPT_LIMIT
from bot.videos.spec import VideoSpec
from cogs.asked import Asked
from cogs.requests import Interaction, Requests

SUGGESTIONS: Final = 25
"""Choices that are suggested, at the most. Source: Discord, application-commands."""
Prompt = app_commands.Range[str, 1, PROMPT_LIMIT]

DESCRIPTION = N_("Make a video from text")
PROMPT = N_("Describe your video")
SIZE = N_("Width x height in pixels")
SECONDS = N_("Length in seconds")
MODEL = N_("The model to use")
IMAGE = N_("A PNG, JPEG or WebP image to guide the video")


@dataclass(eq=False, repr=False, kw_only=True)
class VideoCog(commands.Cog):
    """Offers /video."""

    tree: app_commands.CommandTree[Any]
    offer: Callable[[], Offer]
    requests: Requests

    async def cog_load(self) -> None:
        """Offer the command with the choices of this bot."""
        self.tree.add_command(video_command(self, self.offer()))

    async def suggest_model(
        self, _interaction: Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        """Suggest the server's models that hold what is typed."""
        typed = current.strip().lower()
        found = [model for model in self.offer().listed if typed in model.lower()]
        return _choices(tuple(found[:SUGGESTIONS]))


def video_command(cog: VideoCog, offer: Offer) -> app_commands.Command[Any, ..., None]:
    """Build /video with the choices that are offered; `model` only where there are several.

    Those of the configuration are choices; the server's own are suggested while somebody types,
    since they may change, or not be known yet.
    """
    options = {"prompt": PROMPT, "size": SIZE, "seconds": SECONDS, "image": IMAGE}
    choices = {"size": _choices(offer.sizes), "seconds": _choices(offer.seconds)}
    if len(offer.models) > 1 or offer.may_list:
        options["model"] = MODEL
        callback = _with_model(cog)
    else:
        callback = _without_model(cog)
    if len(offer.models) > 1:
        choices["model"] = _choices(offer.models)
    app_commands.describe(**options)(callback)
    app_commands.choices(**choices)(callback)
    app_commands.allowed_installs(guilds=True, users=True)(callback)
    app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)(callback)
    command = app_commands.Command[Any, ..., None](
        name="video", description=DESCRIPTION, callback=callback
    )
    if offer.may_list:
        command.autocomplete("model")(cog.suggest_model)
    return command


# discord.py reads a command's options from its callback's signature, hence two of them.


def _without_model(cog: VideoCog) -> Any:  # noqa: ANN401
    async def video(
        interaction: Interaction,
        prompt: Prompt,
        size: str | None = None,
        seconds: str | None = None,
        image: discord.Attachment | None = None,
    ) -> None:
        asked = Asked(
            spec=VideoSpec(prompt=prompt, size=size or "", seconds=seconds or ""), image=image
        )
        await cog.requests.start(interaction, asked)

    return video


def _with_model(cog: VideoCog) -> Any:  # noqa: ANN401
    async def video(  # noqa: PLR0917
        interaction: Interaction,
        prompt: Prompt,
        size: str | None = None,
        seconds: str | None = None,
        model: str | None = None,
        image: discord.Attachment | None = None,
    ) -> None:
        asked = Asked(
            spec=VideoSpec(
                prompt=prompt, size=size or "", seconds=seconds or "", model=model or None
            ),
            image=image,
        )
        await cog.requests.start(interaction, asked)

    return video


def _choices(values: tuple[str, ...]) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=value, value=value) for value in values]
