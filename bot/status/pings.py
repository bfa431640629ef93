"""The words that tell somebody of a job's end: under its card, or in a direct message.

The same words to the same people carry the same nonce, which Discord remembers for some minutes:
what is sent again because its answer was lost does not appear twice.
"""

from collections.abc import Sequence
from hashlib import blake2s
from typing import Final, cast

import discord

from bot.jobs.models import Job
from bot.status import words
from bot.status.language import language
from bot.status.text import plain

NAMED_AT_ONCE: Final = 80
"""People named in one message: its 2000 characters hold some 85 mentions."""
_PROMPT_SHOWN: Final = 120
_MAY_PASS: Final = frozenset({401, 429})
"""Refusals that are about neither the place nor the person; every 5xx is one, too."""
_SERVER_ERRORS: Final = 500


def notice(job: Job, people: Sequence[int]) -> str:
    """Name people and say how the job ended; the card above shows what it was."""
    return f"{' '.join(f'<@{person}>' for person in people)} {_title(job)}"


def letter(job: Job) -> str:
    """Say how which job ended, and where its card stands."""
    lines = [f"{_title(job)} · {plain(job.prompt, _PROMPT_SHOWN)}"]
    if job.message_id is not None:
        lines.append(words.message_link(job, job.guild_id))
    return "\n".join(lines)


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
        if job.is_member:
            await _reply(client, job, content, _nonce(job, people), named)
        elif job.token_lives(now):
            # Nothing else reaches a place where the bot is no member; Discord knows no nonce here.
            token = cast("str", job.interaction_token)
            webhook = discord.Webhook.partial(job.application_id, token, client=client)
            await webhook.send(content, allowed_mentions=named)
        else:
            raise Refused("only the interaction's token reached this channel")
    except discord.HTTPException as error:
        raise _judged(error) from error


async def write_to(client: discord.Client, job: Job, person: int) -> None:
    """Tell one person in a direct message, with a link to the card; raises as `ping`."""
    try:
        channel = await client.create_dm(discord.Object(person))
        await channel.send(
            letter(job),
            nonce=_nonce(job, [person]),
            allowed_mentions=discord.AllowedMentions.none(),
        )
    except discord.HTTPException as error:
        raise _judged(error) from error


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
    if error.status in _MAY_PASS or error.status >= _SERVER_ERRORS:
        return error
    return Refused(error.text)
