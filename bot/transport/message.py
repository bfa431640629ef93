"""Single calls that show a card: an edit through the token or the channel, a reply, a new message.

Each returns what came of it as a PutResult. Sources: Discord, resources/message and
interactions/receiving-and-responding.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import discord
from discord import ui

from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import film_in, is_card_of, sent_before
from bot.transport.errors import reading
from bot.transport.places import channel_of, interaction_webhook
from bot.transport.rate_limits import EditLimitReached
from bot.transport.result import (
    UNREACHED,
    Outcome,
    PutResult,
    is_dead_token,
    is_unknown_webhook,
    result_of,
)

_FAILURES: Final = (EditLimitReached, *UNREACHED)


@dataclass(frozen=True)
class Film:
    """A file to show in the card, and the name it gets there."""

    path: Path
    name: str
    size: int
    """Bytes."""


@dataclass(frozen=True)
class KeptFilm:
    """A film that the message holds already and goes on to show.

    A PATCH's `attachments` names every file to keep (Discord, resources/message).
    """

    attachment_id: int
    name: str

    def to_dict(self) -> dict[str, object]:
        """Name it as discord.py names what stays."""
        return {"id": self.attachment_id, "filename": self.name}


class _Original:
    """Discord's own name for the first answer of an interaction.

    No str, since discord.py would send the "@" percent-encoded.
    """

    def __str__(self) -> str:
        return "@original"


_ORIGINAL: Final = cast("int", _Original())

Shown = Film | KeptFilm | None
"""The film of a card."""


async def edit_through_token(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Shown
) -> PutResult:
    """Edit the card as the interaction's own webhook.

    A webhook can answer 404 within its 15 minutes (discord-api-docs#7220): only the channel knows
    whether the message is really gone or closed, where the bot can ask there.
    """
    webhook = interaction_webhook(client, render)
    try:
        with reading():
            message = await webhook.edit_message(_ORIGINAL, **_fields(view, film))
    except _FAILURES as error:
        result = result_of(error, with_film=isinstance(film, Film))
        if not isinstance(error, discord.HTTPException):
            return result
        knows_message = render.card.message_id is not None and render.request.is_member
        if is_dead_token(error) and knows_message:
            return replace(result, outcome=Outcome.TOKEN_DEAD)
        return replace(result, outcome=Outcome.NO_ACCESS) if is_unknown_webhook(error) else result
    return _shown(message, film)


async def edit_through_channel(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Shown
) -> PutResult:
    """Edit the card as a message of the bot."""
    if render.card.message_id is None:
        return PutResult(outcome=Outcome.NO_ACCESS, cause="the message of the card is not known")
    card = channel_of(client, render).get_partial_message(render.card.message_id)
    try:
        with reading():
            message = await card.edit(**_fields(view, film))
    except _FAILURES as error:
        return result_of(error, with_film=isinstance(film, Film))
    return _shown(message, film)


def _fields(view: ui.LayoutView, film: Shown) -> dict[str, Any]:
    """Return the fields of discord.Message.edit that show a card."""
    fields: dict[str, Any] = {"view": view, "allowed_mentions": discord.AllowedMentions.none()}
    if film is not None:
        fields["attachments"] = [_file(film) if isinstance(film, Film) else film]
    return fields


def _file(film: Film) -> discord.File:
    return discord.File(film.path, filename=film.name)


def _shown(message: discord.Message, film: Shown) -> PutResult:
    attachment_id = None if film is None else film_in(message)
    return PutResult(outcome=Outcome.SHOWN, message_id=message.id, attachment_id=attachment_id)


async def unarchive(client: discord.Client, render: Render) -> PutResult:
    """Open an archived thread again; SHOWN where it is open."""
    try:
        thread = await client.fetch_channel(render.request.channel_id)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)
    except UNREACHED as error:
        result = result_of(error)
        refused = result.outcome in {Outcome.CONTENT_REFUSED, Outcome.REFUSED}
        return replace(result, outcome=Outcome.NO_ACCESS) if refused else result
    return PutResult(outcome=Outcome.SHOWN)


async def reply_card(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Shown
) -> PutResult:
    """Send the card as a new message that refers to the old one, which accepts no more edits."""
    channel = channel_of(client, render)
    old = channel.get_partial_message(cast("int", render.card.message_id))
    reference = old.to_reference(fail_if_not_exists=False)
    try:
        sent = await _send(client, channel, render, view, film, reference=reference)
    except _FAILURES as error:
        result = result_of(error, with_film=film is not None)
        # A thread that stays archived is closed to the bot.
        is_archived = result.outcome is Outcome.ARCHIVED
        return replace(result, outcome=Outcome.NO_ACCESS) if is_archived else result
    return replace(sent, fallback=Fallback.REPLY)


async def send_directly(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Shown
) -> PutResult:
    """Send the card to its requester."""
    try:
        requester = await client.create_dm(discord.Object(render.request.requester_id))
        await _send(client, requester, render, view, film)
    except _FAILURES as error:
        return result_of(error, with_film=film is not None)
    return PutResult(outcome=Outcome.SHOWN, fallback=Fallback.DIRECT)


async def _send(
    client: discord.Client,
    place: discord.abc.Messageable,
    render: Render,
    view: ui.LayoutView,
    film: Shown,
    **fields: Any,  # noqa: ANN401 - as discord.py's own
) -> PutResult:
    """Send a new message, once: by its nonce, and by looking where it was tried before."""
    before = None if render.card.fallback is None else await sent_before(client, render, place)
    if before is not None:
        if film is not None and film_in(before) is not None:
            return _shown(before, film)
        with reading():
            return _shown(await before.edit(**_fields(view, film)), film)
    if isinstance(film, Film):
        fields["file"] = _file(film)
    with reading():
        message = await place.send(
            view=view,
            nonce=f"{render.status[:4]}{render.id[:21]}",
            allowed_mentions=discord.AllowedMentions.none(),
            **fields,
        )
    return PutResult(outcome=Outcome.SHOWN, message_id=message.id, attachment_id=film_in(message))


async def find_outdated_card(client: discord.Client, render: Render) -> int | None:
    """Return the message of the card whose end is shown elsewhere; a reply names it.

    Raises discord.HTTPException.
    """
    if render.card.fallback is not Fallback.REPLY or render.card.message_id is None:
        return render.card.message_id
    reply = await channel_of(client, render).get_partial_message(render.card.message_id).fetch()
    return None if reply.reference is None else reply.reference.message_id


async def find_card(client: discord.Client, render: Render) -> int | None:
    """Return the id of the message that holds this render's card, or None where there is none.

    An interaction that was answered with something else, a private sentence, has none. Raises
    UNREACHED.
    """
    if render.card.message_id is not None:
        return render.card.message_id
    webhook = interaction_webhook(client, render)
    try:
        message = await webhook.fetch_message(_ORIGINAL)
    except discord.NotFound:
        return None
    return message.id if is_card_of(message, render) else None
