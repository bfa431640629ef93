"""What was sent already, and nobody knows: its answer was lost, or the process died before it came.

Source: Discord, resources/message. A nonce counts for a few minutes; later only the
history shows it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final, cast

import discord
from yarl import URL

from bot.jobs.models import Render
from bot.transport.places import channel_of

LOOKED_THROUGH: Final = 300
"""Messages of a place that are read, from a little before the fallback was begun."""
MARGIN: Final = 2 * 3600.0
"""Seconds that our clock may have been ahead of Discord's when the fallback was begun."""


async def sent_before(
    client: discord.Client, render: Render, place: discord.abc.Messageable
) -> discord.Message | None:
    """Find the message with this job's card that was sent to a place since its fallback was begun.

    None where there is none, and where the bot may not read the place's history: then it may be
    sent twice, which is better than never. Raises discord.HTTPException.
    """
    began = datetime.fromtimestamp((render.card.fallback_at or 0.0) - MARGIN, UTC)
    after = max(discord.utils.time_snowflake(began), render.card.message_id or 0)
    history = place.history(limit=LOOKED_THROUGH, after=discord.Object(after), oldest_first=True)
    async for message in history:
        if message.author == client.user and is_card_of(message, render):
            return message
    return None


async def shown_film(client: discord.Client, render: Render) -> int | None:
    """Return the film's attachment where the card shows it already.

    None also where the bot cannot look. Raises discord.HTTPException for what may pass by itself.
    """
    message = await _fetched(client, render)
    return None if message is None else film_in(message)


async def shown_name(client: discord.Client, render: Render) -> str | None:
    """Return the name of the file that the card shows; as `shown_film`.

    Discord's address of a file ends in its name (Discord, reference, "CDN Endpoints").
    """
    message = await _fetched(client, render)
    for item in () if message is None else _gallery(message):
        return URL(item.media.url).name
    return None


async def _fetched(client: discord.Client, render: Render) -> discord.Message | None:
    card = channel_of(client, render).get_partial_message(cast("int", render.card.message_id))
    try:
        return await card.fetch()
    except (discord.Forbidden, discord.NotFound):
        return None


def film_in(message: discord.Message) -> int | None:
    """Find the film's attachment in a message that Discord answers.

    A file that a component shows is absent from `attachments` (discord-api-docs#8277), so the
    gallery is asked first.
    """
    for item in _gallery(message):
        if item.media.attachment_id is not None:
            return item.media.attachment_id
    return message.attachments[0].id if message.attachments else None


def shows_film(message: discord.Message) -> bool:
    """Whether a card holds a film; an interaction's message need not name attachments' ids."""
    kinds = (isinstance(part, discord.MediaGalleryComponent) for part in _parts(message.components))
    return bool(message.attachments) or any(kinds)


def is_card_of(message: discord.Message, render: Render) -> bool:
    """Whether a message has one of the job's buttons."""
    buttons = (getattr(part, "custom_id", None) or "" for part in _parts(message.components))
    return any(custom_id.endswith(render.id) for custom_id in buttons)


def _gallery(message: discord.Message) -> Iterator[discord.MediaGalleryItem]:
    for part in _parts(message.components):
        if isinstance(part, discord.MediaGalleryComponent):
            yield from part.items


def _parts(components: Iterable[object]) -> Iterator[object]:
    for component in components:
        yield component
        yield from _parts(getattr(component, "children", ()))
