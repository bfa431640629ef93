"""What a command or a form asks for, before it becomes a request."""

from dataclasses import dataclass

import discord

from bot.jobs.models import Render, Verb
from bot.videos.spec import VideoSpec


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command or a form asks for."""

    spec: VideoSpec
    image: discord.Attachment | None = None
    """What they uploaded or picked."""
    verb: Verb = Verb.NEW
    parent: Render | None = None
    """The render that this one is made from."""
    parent_video_id: str | None = None
    """The server's id of the video that a remix changes."""

    @property
    def typed(self) -> VideoSpec:
        """What the person typed: a remix asks for words only."""
        return VideoSpec(prompt=self.spec.prompt) if self.verb is Verb.REMIX else self.spec
