"""The words that tell somebody of a job's end: under its card, or in a direct message.

The same words to the same people carry the same nonce, which Discord remembers for some minutes:
what is sent again because its answer was lost does not appear twice.
"""

import logging
from collections.abc import Sequence
from hashlib import blake2s
from secrets import token_hex
from typing import Final

import discord

from bot.cards import words
from bot.cards.i18n import N_, language
from bot.cards.text import plain
from bot.jobs.models import Render
from bot.transport.errors import is_temporary
from bot.transport.errors import told as told_of
from bot.transport.places import channel_of, interaction_webhook
from bot.transport.result import UNREACHED, refuses_content

_log = logging.getLogger(__name__)

NAMED_AT_ONCE: Final = 80
"""People named in one message: its 2000 characters hold some 85 mentions."""
_PROMPT_SHOWN: Final = 120
_UNAUTHORIZED: Final = 401
"""A refusal that is about neither the place nor the person."""


def notice(render: Render, people: Sequence[int]) -> str:
    """Name people and say how the job ended; the card above shows what it was."""
    return f"{' '.join(f'<@{person}>' for person in people)} {_title(render)}"


def direct_notice(render: Render) -> str:
    """Say how a render ended, and link to its card."""
    lines = [f"{_title(render)} · {plain(render.spec.shown_prompt, _PROMPT_SHOWN)}"]
    if render.card.message_id is not None:
        lines.append(render.request.link)
    return "\n".join(lines)


ENDED: Final = N_("A video you were waiting for has finished.")


class Refused(Exception):
    """Discord does not take it there, however often it is asked."""


async def ping(
    client: discord.Client, render: Render, people: Sequence[int], *, now: float
) -> None:
    """Name `people`, NAMED_AT_ONCE at the most, and nobody else, in the card's channel.

    Raises Refused, and discord.HTTPException, aiohttp.ClientError or OSError for what may pass.
    """
    content = notice(render, people)
    named = discord.AllowedMentions(
        everyone=False,
        roles=False,
        users=[discord.Object(person) for person in people],
        replied_user=False,
    )
    try:
        await _under_card(client, render, content, _nonce(render, people), named, now=now)
    except discord.HTTPException as error:
        raise _judged(error) from error


async def _under_card(
    client: discord.Client,
    render: Render,
    content: str,
    nonce: str,
    named: discord.AllowedMentions,
    *,
    now: float,
) -> None:
    """Send words to the card's channel. Raises Refused where nothing reaches that."""
    if render.request.is_member:
        channel = channel_of(client, render)
        if render.card.message_id is None:
            await channel.send(content, nonce=nonce, allowed_mentions=named)
            return
        card = channel.get_partial_message(render.card.message_id)
        card = card.to_reference(fail_if_not_exists=False)
        await channel.send(content, reference=card, nonce=nonce, allowed_mentions=named)
    elif render.card.token_works(now):
        # Nothing else reaches a place where the bot is no member; Discord knows no nonce here.
        webhook = interaction_webhook(client, render)
        await webhook.send(content, allowed_mentions=named)
    else:
        raise Refused("only the interaction's token reached this channel")


async def write_to(client: discord.Client, render: Render, person: int, *, sees: bool) -> None:
    """Tell one person in a direct message, with a link to the card; raises as `ping`.

    Who cannot see the card any more is told of the end alone.
    """
    plainly = _title(render) if sees else language(render.request.locale)(ENDED)
    nonce = _nonce(render, [person])
    try:
        try:
            told = direct_notice(render) if sees else plainly
            await say_directly(client, person, told, nonce=nonce)
        except discord.HTTPException as error:
            if not refuses_content(error):
                raise
            await say_directly(client, person, plainly, nonce=nonce)
    except discord.HTTPException as error:
        raise _judged(error) from error


async def say_directly(
    client: discord.Client, person: int, content: str, *, nonce: str = ""
) -> None:
    """Write one sentence of ours to a person. Raises UNREACHED."""
    channel = await client.create_dm(discord.Object(person))
    nonce = nonce or token_hex(12)
    await channel.send(content, nonce=nonce, allowed_mentions=discord.AllowedMentions.none())


async def say_it_stands_still(client: discord.Client, render: Render, *, now: float) -> None:
    """Say under a card that Discord lets it change no more, or else to its requester.

    If Discord accepts neither, nothing more can be done.
    """
    told = language(render.request.locale)(words.STANDS_STILL)
    person, nobody = render.request.requester_id, discord.AllowedMentions.none()
    nonce = _nonce(render, [person])
    try:
        try:
            await _under_card(client, render, told, nonce, nobody, now=now)
        except (Refused, discord.HTTPException):
            await say_directly(client, person, told, nonce=nonce)
    except UNREACHED as error:
        _log.warning("a card that stands still: %s", told_of(error), extra=render.log_context())


def _title(render: Render) -> str:
    return words.title(render, language(render.request.locale))


def _nonce(render: Render, people: Sequence[int]) -> str:
    """Return a nonce for these words to these people; Discord accepts 25 characters."""
    told = f"{render.id} {render.ended_at} {' '.join(map(str, people))}"
    return blake2s(told.encode(), digest_size=12).hexdigest()


def _judged(error: discord.HTTPException) -> Exception:
    """Give an answer that will stay the same a name."""
    if error.status == _UNAUTHORIZED or is_temporary(error):
        return error
    return Refused(error.text)
