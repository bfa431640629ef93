"""Single calls that show a card: an edit through the token or the channel, a reply, a new message.

Each returns what came of it as a PutResult. Sources: Discord, resources/message and
interactions/receiving-and-responding.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import discord
from discord import ui

from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import film_in, is_card_of, sent_before
from bot.transport.errors import reading
from bot.transport.rate_limits import EditLimitReached
from bot.transport.result import (
    UNREACHED,
    Outcome,
    PutResult,
    is_dead_token,
    is_unknown_webhook,
    result_of,
)
from bot.transport.webhook import interaction_webhook

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

Editor = Callable[..., Awaitable[discord.Message]]
"""Edits a message; takes the fields of discord.Message.edit."""


async def edit_through_token(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | KeptFilm | None
) -> PutResult:
    """Edit the card as the interaction's own webhook.

    A webhook can answer 404 within its 15 minutes (discord-api-docs#7220): only the channel knows
    whether the message is really gone or closed, where the bot can ask there.
    """
    webhook = interaction_webhook(client, render)

    async def edit(**fields: Any) -> discord.Message:  # noqa: ANN401 - as discord.py's own
        return await webhook.edit_message(_ORIGINAL, **fields)

    try:
        return await _edit(edit, view, film)
    except _FAILURES as error:
        result = result_of(error, with_film=isinstance(film, Film))
        if not isinstance(error, discord.HTTPException):
            return result
        knows_message = render.card.message_id is not None and render.request.is_member
        if is_dead_token(error) and knows_message:
            return replace(result, outcome=Outcome.TOKEN_DEAD)
        return replace(result, outcome=Outcome.NO_ACCESS) if is_unknown_webhook(error) else result


async def edit_through_channel(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | KeptFilm | None
) -> PutResult:
    """Edit the card as a message of the bot."""
    if render.card.message_id is None:
        return PutResult(outcome=Outcome.NO_ACCESS, cause="it is not known where the card stands")
    message = _channel(client, render).get_partial_message(render.card.message_id)
    try:
        return await _edit(message.edit, view, film)
    except _FAILURES as error:
        return result_of(error, with_film=isinstance(film, Film))


async def _edit(edit: Editor, view: ui.LayoutView, film: Film | KeptFilm | None) -> PutResult:
    fields: dict[str, Any] = {"view": view, "allowed_mentions": discord.AllowedMentions.none()}
    if isinstance(film, Film):
        fields["attachments"] = [discord.File(film.path, filename=film.name)]
    elif film is not None:
        fields["attachments"] = [film]
    with reading():
        message = await edit(**fields)
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
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | None
) -> PutResult:
    """Send the card as a new message that refers to the old one, which accepts no more edits."""
    channel = _channel(client, render)
    old = channel.get_partial_message(cast("int", render.card.message_id))
    reference = old.to_reference(fail_if_not_exists=False)
    try:
        sent = await _send(client, channel, render, view, film, reference=reference)
    except _FAILURES as error:
        return result_of(error, with_film=film is not None)
    return replace(sent, fallback=Fallback.REPLY)


async def send_directly(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | None
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
    film: Film | None,
    **fields: Any,  # noqa: ANN401 - as discord.py's own
) -> PutResult:
    """Send a new message, once: by its nonce, and by looking where it was tried before."""
    before = None if render.card.fallback is None else await sent_before(client, render, place)
    if before is not None:
        shown = film_in(before)
        if film is None or shown is None:
            return await _edit(before.edit, view, film)
        return PutResult(outcome=Outcome.SHOWN, message_id=before.id, attachment_id=shown)
    if film is not None:
        fields["file"] = discord.File(film.path, filename=film.name)
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
    reply = await _channel(client, render).get_partial_message(render.card.message_id).fetch()
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


def _channel(client: discord.Client, render: Render) -> discord.PartialMessageable:
    request = render.request
    return client.get_partial_messageable(request.channel_id, guild_id=request.guild_id)
