"""The card's way into its message: through the interaction while its token lives, then the channel.

Sources: Discord, interactions/receiving-and-responding (a token lives 15 minutes and has its own
rate limit) and topics/opcodes-and-status-codes.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import discord
from discord import ui

from bot.cards.renderer import CardRenderer
from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import film_in, is_card_of, sent_before
from bot.transport.errors import is_temporary, reading, told
from bot.transport.rate_limits import RateLimited, RateLimits
from bot.transport.webhook import interaction_webhook

_log = logging.getLogger(__name__)

_UNKNOWN_CHANNEL: Final = 10003
_UNKNOWN_MESSAGE: Final = 10008
_TOO_LARGE: Final = 40005
_MALFORMED: Final = frozenset({50006, 50035})
"""An empty message, an invalid form body."""
_EXPLICIT: Final = 20009
"""Explicit content: what Discord's own filter says of a file."""
_ARCHIVED: Final = 50083
_NO_ACCESS: Final = frozenset({_UNKNOWN_CHANNEL, 10004, 10013, 50001, 50013, 50007, 50278})
"""No such channel, server or user, missing access or permissions, and direct messages that somebody
does not take."""
_TOKEN_DEAD: Final = frozenset({401, 403, 404})
_TOKEN_DEAD_CODES: Final = frozenset({10015, 50027})
"""Unknown webhook, invalid webhook token."""
_HTTP_TOO_LARGE: Final = 413
_NOT_ANSWERABLE: Final = frozenset({10015, 10062, 40060, 50027})
"""Of an interaction: its token is dead, it is over, or was answered already."""
_CLIENT_ERROR: Final = 4
_UNAUTHORIZED: Final = 401
"""A refusal of the bot's token as a whole."""


Result = TypeVar("Result")


class CardGone(Exception):
    """Somebody deleted the message: the wish was to be rid of it."""


class NoAccess(Exception):
    """The bot may not (any more) see or write in the channel."""


class TokenDead(Exception):
    """The interaction's token reaches the card no more; the channel still may."""


class Archived(NoAccess):
    """The thread is archived; it may be possible to open it again."""


class TooLarge(Exception):
    """Discord does not take a file of this size here."""


class FilmRefused(Exception):
    """Discord does not take this film, whatever is written around it."""


@dataclass(frozen=True)
class Posted:
    """Where a picture stands now."""

    message_id: int | None
    """In the job's channel; None for a direct message instead."""
    attachment_id: int | None
    """The film's, as Discord shows it there."""
    road: Fallback | None = None
    """The road that was taken instead of an edit of the card."""


@dataclass(frozen=True)
class Film:
    """A file to show in the card, and the name it gets there."""

    path: Path
    name: str
    size: int
    """Bytes."""


class _Original:
    """Discord's own name for the first answer of an interaction.

    No str, since discord.py would send the "@" percent-encoded.
    """

    def __str__(self) -> str:
        return "@original"


_ORIGINAL: Final = cast("int", _Original())


Editor = Callable[..., Awaitable[discord.Message]]
"""What a message is edited through: takes the fields of discord.Message.edit."""


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


def takes_token(render: Render, limits: RateLimits, now: float, *, size: int = 0) -> bool:
    """Whether an edit goes through the interaction's token now, or through the channel.

    The token is taken while it lives, unless Discord has closed it for a while and the channel is
    open, or open again earlier. `size` are the bytes of a film, for which the channel may have no
    room.
    """
    if not render.card.token_works(now):
        return False
    if (
        render.card.message_id is None
        or not render.request.is_member
        or size > render.card.bot_upload_limit
    ):
        return True
    return limits.closed_for(render.card.interaction_token) <= limits.closed_for(
        render.request.channel_id
    )


async def edit_card(
    client: discord.Client,
    render: Render,
    view: ui.LayoutView,
    *,
    now: float,
    limits: RateLimits | None = None,
    film: Film | KeptFilm | None = None,
) -> Posted:
    """Replace the card, with the film in it if one is given.

    `limits` know which way is closed for a while; None where nothing was sent before. Where one
    turns out to be closed, the other is taken. Raises RateLimited where both are, TokenDead,
    CardGone, NoAccess, TooLarge, FilmRefused, EditLimitReached, and discord.HTTPException where
    is_temporary or refuses_content.
    """
    limits = limits or RateLimits()
    size = film.size if isinstance(film, Film) else 0
    by_token = takes_token(render, limits, now, size=size)
    try:
        return await _edit_on(client, render, view, film, limits, by_token=by_token)
    except RateLimited:
        if takes_token(render, limits, now, size=size) == by_token:
            raise
        return await _edit_on(client, render, view, film, limits, by_token=not by_token)
    except NoAccess:
        if by_token or not render.card.token_works(now):
            raise
        # The token takes it as soon as it may; until then the channel is not asked again.
        wait = limits.closed_for(render.card.interaction_token)
        limits.close(render.request.channel_id, wait)
        raise RateLimited(wait) from None


async def _edit_on(
    client: discord.Client,
    render: Render,
    view: ui.LayoutView,
    film: Film | KeptFilm | None,
    limits: RateLimits,
    *,
    by_token: bool,
) -> Posted:
    way = render.card.interaction_token if by_token else render.request.channel_id
    if wait := limits.closed_for(way):
        raise RateLimited(wait)
    edit = _edit_through_token if by_token else _edit_through_channel
    try:
        return await edit(client, render, view, film)
    except Archived:
        await _unarchive(client, render)
        return await edit(client, render, view, film)


async def _edit_through_token(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | KeptFilm | None
) -> Posted:
    """Edit the card as the interaction's own webhook.

    A webhook can answer 404 within its 15 minutes (discord-api-docs#7220): only the channel knows
    whether the message is really gone or closed, where the bot can ask there.
    """
    try:
        return await _edit(_through_token(client, render), view, film)
    except discord.HTTPException as error:
        dead = error.status in _TOKEN_DEAD and not (refuses_content(error) or is_temporary(error))
        if dead and render.card.message_id is not None and render.request.is_member:
            raise TokenDead(error.text) from error
        if error.code in _TOKEN_DEAD_CODES:
            raise NoAccess(error.text) from error
        raise _named(error, film) from error


async def _edit_through_channel(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | KeptFilm | None
) -> Posted:
    if render.card.message_id is None:
        raise NoAccess("it is not known where the card stands")
    try:
        return await _edit(_through_channel(client, render), view, film)
    except discord.HTTPException as error:
        raise _named(error, film) from error


async def _unarchive(client: discord.Client, render: Render) -> None:
    """Open an archived thread again; raises NoAccess where that is not allowed."""
    try:
        thread = await client.fetch_channel(render.request.channel_id)
        if isinstance(thread, discord.Thread):
            await thread.edit(archived=False)
    except discord.HTTPException as error:
        raise (NoAccess(error.text) if is_refusal(error) else _named(error)) from error


async def find_left_card(client: discord.Client, render: Render) -> int | None:
    """Return the message of the card whose end stands elsewhere; a reply names it.

    Raises CardGone, NoAccess, and discord.HTTPException for what may pass by itself.
    """
    if render.card.fallback is not Fallback.REPLY or render.card.message_id is None:
        return render.card.message_id
    channel = client.get_partial_messageable(
        render.request.channel_id, guild_id=render.request.guild_id
    )
    try:
        reply = await channel.get_partial_message(render.card.message_id).fetch()
    except discord.HTTPException as error:
        raise _named(error) from error
    return None if reply.reference is None else reply.reference.message_id


async def find_card(client: discord.Client, render: Render) -> int | None:
    """Return the id of the message that holds this job's card, or None where there is none.

    An interaction that was answered with something else, a private sentence, has none.
    """
    if render.card.message_id is not None:
        return render.card.message_id
    webhook = interaction_webhook(client, render)
    try:
        message = await webhook.fetch_message(_ORIGINAL)
    except discord.NotFound:
        return None
    return message.id if is_card_of(message, render) else None


def _through_token(client: discord.Client, render: Render) -> Editor:
    webhook = interaction_webhook(client, render)

    async def edit(**fields: Any) -> discord.Message:  # noqa: ANN401
        return await webhook.edit_message(_ORIGINAL, **fields)

    return edit


def _through_channel(client: discord.Client, render: Render) -> Editor:
    channel = client.get_partial_messageable(
        render.request.channel_id, guild_id=render.request.guild_id
    )
    return channel.get_partial_message(cast("int", render.card.message_id)).edit


async def reply_card(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | None
) -> Posted:
    """Send the card as a new message that refers to the old one, which takes no more edits.

    Raises NoAccess, TooLarge, and discord.HTTPException for what may pass by itself.
    """
    channel = client.get_partial_messageable(
        render.request.channel_id, guild_id=render.request.guild_id
    )
    old = channel.get_partial_message(cast("int", render.card.message_id))
    reference = old.to_reference(fail_if_not_exists=False)
    sent = await _send(client, channel, render, view, film, reference=reference)
    return replace(sent, road=Fallback.REPLY)


async def send_directly(
    client: discord.Client, render: Render, view: ui.LayoutView, film: Film | None
) -> Posted:
    """Send the card to its requester; raises as reply_card."""
    try:
        requester = await client.create_dm(discord.Object(render.request.requester_id))
    except discord.HTTPException as error:
        raise _named(error) from error
    await _send(client, requester, render, view, film)
    return Posted(None, None, Fallback.DIRECT)


async def _send(
    client: discord.Client,
    place: discord.abc.Messageable,
    render: Render,
    view: ui.LayoutView,
    film: Film | None,
    **fields: Any,  # noqa: ANN401
) -> Posted:
    """Send a message of its own, once: by its nonce, and by looking where it was tried before."""
    try:
        before = None if render.card.fallback is None else await sent_before(client, render, place)
        if before is not None:
            shown = film_in(before)
            if film is not None and shown is not None:
                return Posted(before.id, shown)
            return await _edit(before.edit, view, film)
        if film is not None:
            fields["file"] = discord.File(film.path, filename=film.name)
        with reading():
            message = await place.send(
                view=view,
                nonce=f"{render.status[:4]}{render.id[:21]}",
                allowed_mentions=discord.AllowedMentions.none(),
                **fields,
            )
    except discord.HTTPException as error:
        raise _named(error, film) from error
    return Posted(message.id, film_in(message))


async def _edit(edit: Editor, view: ui.LayoutView, film: Film | KeptFilm | None) -> Posted:
    fields: dict[str, Any] = {"view": view, "allowed_mentions": discord.AllowedMentions.none()}
    if isinstance(film, Film):
        fields["attachments"] = [discord.File(film.path, filename=film.name)]
    elif film is not None:
        fields["attachments"] = [film]
    with reading():
        message = await edit(**fields)
    return Posted(message.id, None if film is None else film_in(message))


async def plainly_if_refused(
    cards: CardRenderer, render: Render, send: Callable[[], Awaitable[Result]]
) -> Result:
    """Await `send`, which sends the job's card; raises what it raises.

    Where Discord refuses the content of what was sent, `send` is awaited once more: the card is
    rendered plainly then.
    """
    was_plain = cards.is_plain(render)
    try:
        return await send()
    except discord.HTTPException as error:
        if was_plain or not refuses_content(error):
            raise
        _log.warning(
            "Discord refuses a card, a plain one takes its place: %s",
            told(error),
            extra=render.log_context(),
        )
    cards.refused(render)
    return await send()


def is_refusal(error: BaseException) -> bool:
    """Whether Discord says no to the message itself, so that time alone will not help.

    Its own refusals have a code; a 4xx without one comes from what stands in front of it.
    """
    if not isinstance(error, discord.HTTPException) or not error.code or is_temporary(error):
        return False
    return error.status // 100 == _CLIENT_ERROR and error.status != _UNAUTHORIZED


def is_malformed(error: BaseException | None) -> bool:
    """Whether Discord refuses the form of what was sent, which is ours, not its words."""
    return isinstance(error, discord.HTTPException) and error.code in _MALFORMED


def refuses_content(error: BaseException) -> bool:
    """Whether Discord refuses what a message says, shows or is made of, not where it stands.

    AutoMod (200000, 200001), the filter of links (240000), an explicit film (20009), a thread that
    takes nothing (160005, 160006), a form that is invalid (50035, 50006), and whatever code comes
    to these: other words may be taken, or other places.
    """
    if not isinstance(error, discord.HTTPException) or not is_refusal(error):
        return False
    elsewhere = _NO_ACCESS | _NOT_ANSWERABLE | {_UNKNOWN_MESSAGE, _ARCHIVED, _TOO_LARGE}
    return error.code not in elsewhere and error.status != _HTTP_TOO_LARGE


def _named(error: discord.HTTPException, film: object = None) -> Exception:
    """Give the answers that have a road of their own a name; `film` is what was sent along."""
    if error.code == _UNKNOWN_MESSAGE:
        return CardGone(error.text)
    if error.code == _ARCHIVED:
        return Archived(error.text)
    if error.code in _NO_ACCESS:
        return NoAccess(error.text)
    if error.code == _TOO_LARGE or error.status == _HTTP_TOO_LARGE:
        return TooLarge(error.text)
    if error.code == _EXPLICIT and isinstance(film, Film):
        return FilmRefused(error.text)
    return error
