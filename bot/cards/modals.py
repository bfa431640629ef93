"""The forms (modals): a film's prompt and options, and the change that a remix asks for.

Limits (Discord, components/reference): five fields, a title of 45 characters, 4000 in a text.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import discord
from discord import ui

from bot.cards.i18n import N_, Language
from bot.requests.admission import Offer
from bot.videos.models import PROMPT_LIMIT
from bot.videos.spec import VideoSpec

FORM_MINUTES: Final = 30
"""How long a form may lie open; Discord itself sets no limit."""

PROMPT: Final = N_("Prompt")
CHANGE: Final = N_("What to change")
SIZE: Final = N_("Size")
SECONDS: Final = N_("Seconds")
MODEL: Final = N_("Model")
IMAGE: Final = N_("Image")
WHICH_IMAGE: Final = N_("Which image should it use?")
NO_IMAGE: Final = N_("No image")


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What somebody filled in."""

    spec: VideoSpec
    upload: discord.Attachment | None = None
    picked: int | None = None
    """Which of the images of a message was picked, counted from 0."""


Submitted = Callable[[discord.Interaction[Any], Filled], Awaitable[None]]


class VideoForm(ui.Modal):
    """Prompt, size, seconds, model where there is a choice, and an image where one is asked for."""

    def __init__(
        self, title: str, t: Language, offer: Offer, submitted: Submitted, *, start: VideoSpec
    ) -> None:
        super().__init__(title=title[:45], timeout=FORM_MINUTES * 60)
        self._submitted = submitted
        self._start = start
        self._prompt = ui.TextInput[ui.Modal](
            style=discord.TextStyle.paragraph,
            default=start.prompt[:PROMPT_LIMIT],
            min_length=1,
            max_length=PROMPT_LIMIT,
        )
        self._size = _choice(offer.sizes, start.size)
        self._seconds = _choice(offer.seconds, start.seconds)
        self._model = _choice(offer.models, start.model) if len(offer.models) > 1 else None
        self._image: ui.FileUpload[ui.Modal] | ui.Select[ui.Modal] | None = None
        self.add_item(ui.Label(text=t(PROMPT), component=self._prompt))
        self.add_item(ui.Label(text=t(SIZE), component=self._size))
        self.add_item(ui.Label(text=t(SECONDS), component=self._seconds))
        if self._model is not None:
            self.add_item(ui.Label(text=t(MODEL), component=self._model))

    def ask_for_image(self, t: Language, names: list[str]) -> None:
        """Ask which of a message's images to take, or for an upload where it has none."""
        if names:
            options = [
                discord.SelectOption(label=name[:100], value=str(at), default=at == 0)
                for at, name in enumerate(names[:24])
            ]
            options.append(discord.SelectOption(label=t(NO_IMAGE), value="-"))
            self._image = ui.Select[ui.Modal](options=options)
            self.add_item(ui.Label(text=t(WHICH_IMAGE), component=self._image))
        else:
            self._image = ui.FileUpload[ui.Modal](required=False)
            self.add_item(ui.Label(text=t(IMAGE), component=self._image))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Hand over what was filled in."""
        upload = picked = None
        if isinstance(self._image, ui.FileUpload):
            upload = self._image.values[0] if self._image.values else None
        elif self._image is not None and self._image.values[0] != "-":
            picked = int(self._image.values[0])
        filled = Filled(
            spec=replace(
                self._start,
                prompt=self._prompt.value,
                size=self._size.values[0],
                seconds=self._seconds.values[0],
                model=self._start.model if self._model is None else self._model.values[0],
            ),
            upload=upload,
            picked=picked,
        )
        await self._submitted(interaction, filled)


class ChangeForm(ui.Modal):
    """The one sentence that a remix needs."""

    def __init__(self, title: str, t: Language, submitted: Submitted) -> None:
        super().__init__(title=title[:45], timeout=FORM_MINUTES * 60)
        self._submitted = submitted
        self._change = ui.TextInput[ui.Modal](
            style=discord.TextStyle.paragraph, min_length=1, max_length=PROMPT_LIMIT
        )
        self.add_item(ui.Label(text=t(CHANGE), component=self._change))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Hand over what was filled in."""
        await self._submitted(interaction, Filled(spec=VideoSpec(prompt=self._change.value)))


def _choice(values: tuple[str, ...], chosen: str | None) -> ui.Select[ui.Modal]:
    start = chosen if chosen in values else values[0]
    options = [discord.SelectOption(label=value, default=value == start) for value in values]
    return ui.Select[ui.Modal](options=options)
