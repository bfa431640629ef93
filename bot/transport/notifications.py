"""The words that tell somebody of a job's end: under its card, or in a direct message.

The same words to the same people carry the same nonce, which Discord remembers for some minutes:
what is sent again because its answer was lost does not appear twice.
"""

import logging
from collections.abc import Sequence
from hashlib import blake2s
from typing import Final

import aiohttp
import discord

from bot.cards import words
from bot.cards.i18n import N_, language
from bot.cards.text import plain
from bot.jobs.models import Job
from bot.transport.errors import is_temporary
from bot.transport.errors import told as told_of
from bot.transport.message import refuses_content
from bot.transport.webhook import interaction_webhook

_log = logging.getLogger(__name__)

NAMED_AT_ONCE: Final = 80
"""People named in one message: its 2000 characters hold some 85 mentions."""
_PROMPT_SHOWN: Final = 120
_UNAUTHORIZED: Final = 401
"""A refusal that is about neither the place nor the person."""


def notice(job: Job, people: Sequence[int]) -> str:
    """Name people and say how the job ended; the card above shows what it was."""
    return f"{' '.join(f'<@{person}>' for person in people)} {_title(job)}"


def letter(job: Job) -> str:
    """Say how which job ended, and where its card stands."""
    lines = [f"{_title(job)} · {plain(job.prompt, _PROMPT_SHOWN)}"]
    if job.message_id is not None:
        lines.append(words.message_link(job, job.guild_id))
    return "\n".join(lines)


ENDED: Final = N_("A video you were waiting for has ended.")


class Refused(Exception):
    """Discord does not take it there, however often it is asked."""


async def ping(client: discord.Client, job: Job, people: Sequence[int], *, now: float) -> None:
    """Name `people`, NAMED_AT_ONCE at the most, and nobody else, where the card stands.

    Raises Refused, and discord.HTTPException, aiohttp.ClientError or OSError for what may pass.
    """
    content = notice(job, people)
    named = discord.AllowedMentions(
        everyone=False,
        roles=False,
        users=[discord.Object(person) for person in people],
        replied_user=False,
    )
    try:
        await _under_card(client, job, content, _nonce(job, people), named, now=now)
    except discord.HTTPException as error:
        raise _judged(error) from error


async def _under_card(
    client: discord.Client,
    job: Job,
    content: str,
    nonce: str,
    named: discord.AllowedMentions,
    *,
    now: float,
) -> None:
    """Send words to where the card stands. Raises Refused where nothing reaches that."""
    if job.is_member:
        await _reply(client, job, content, nonce, named)
    elif job.token_lives(now):
        # Nothing else reaches a place where the bot is no member; Discord knows no nonce here.
        webhook = interaction_webhook(client, job)
        await webhook.send(content, allowed_mentions=named)
    else:
        raise Refused("only the interaction's token reached this channel")


async def write_to(client: discord.Client, job: Job, person: int, *, sees: bool) -> None:
    """Tell one person in a direct message, with a link to the card; raises as `ping`.

    Who cannot see the card any more is told of the end alone.
    """
    plainly = _title(job) if sees else language(job.locale)(ENDED)
    try:
        channel = await client.create_dm(discord.Object(person))
        try:
            words_of_it = letter(job) if sees else plainly
            await _send_letter(channel, words_of_it, _nonce(job, [person]))
        except discord.HTTPException as error:
            if not refuses_content(error):
                raise
            await _send_letter(channel, plainly, _nonce(job, [person]))
    except discord.HTTPException as error:
        raise _judged(error) from error


async def say_directly(client: discord.Client, person: int, content: str) -> None:
    """Write one sentence of ours to a person; raises discord.HTTPException and its kin."""
    channel = await client.create_dm(discord.Object(person))
    await channel.send(content, allowed_mentions=discord.AllowedMentions.none())


async def _send_letter(channel: discord.DMChannel, content: str, nonce: str) -> None:
    nobody = discord.AllowedMentions.none()
    await channel.send(content, nonce=nonce, allowed_mentions=nobody)


async def say_it_stands_still(client: discord.Client, job: Job, *, now: float) -> None:
    """Say under a card that Discord lets it change no more, or else to its requester.

    Where Discord takes neither, nothing is left to say it with.
    """
    told = language(job.locale)(words.STANDS_STILL)
    nobody, nonce = discord.AllowedMentions.none(), _nonce(job, [job.requester_id])
    try:
        try:
            await _under_card(client, job, told, nonce, nobody, now=now)
        except (Refused, discord.HTTPException):
            channel = await client.create_dm(discord.Object(job.requester_id))
            await _send_letter(channel, told, nonce)
    except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
        _log.warning("a card that stands still: %s", told_of(error), extra=job.log_context())


async def _reply(
    client: discord.Client, job: Job, content: str, nonce: str, named: discord.AllowedMentions
) -> None:
    channel = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
    if job.message_id is None:
        await channel.send(content, nonce=nonce, allowed_mentions=named)
        return
    card = channel.get_partial_message(job.message_id).to_reference(fail_if_not_exists=False)
    await channel.send(content, reference=card, nonce=nonce, allowed_mentions=named)


def _title(job: Job) -> str:
    return words.title(job, language(job.locale))


def _nonce(job: Job, people: Sequence[int]) -> str:
    """Name these words to these people; Discord takes 25 characters."""
    told = f"{job.id} {job.ended_at} {' '.join(map(str, people))}"
    return blake2s(told.encode(), digest_size=12).hexdigest()


def _judged(error: discord.HTTPException) -> Exception:
    """Give an answer that will stay the same a name."""
    if error.status == _UNAUTHORIZED or is_temporary(error):
        return error
    return Refused(error.text)
