"""Taking away what was sent for a job: its card, and its film's message where that is another."""

import logging
from collections.abc import Coroutine

import discord

from bot.jobs.models import Fallback, Render
from bot.transport.deduplication import sent_before
from bot.transport.message import find_outdated_card
from bot.transport.places import channel_of
from bot.transport.result import UNREACHED

_log = logging.getLogger(__name__)


async def remove_messages(client: discord.Client, render: Render) -> bool:
    """Delete every message of a job; False where one may be left. One that is gone is no fault."""
    # Each by itself, and the reply last: it alone names the card that it replaces.
    steps = [_remove(client, render, render.card.message_id)]
    if render.card.fallback is Fallback.REPLY:
        steps.insert(0, _remove_outdated(client, render))
    elif render.card.fallback is Fallback.DIRECT:
        steps.append(_remove_direct(client, render))
    return all([await _succeeds(step, render) for step in steps])


async def _succeeds(step: Coroutine[object, object, None], render: Render) -> bool:
    try:
        await step
    except discord.NotFound:
        return True
    except (*UNREACHED, LookupError) as error:
        _log.warning("a message is not deleted: %s", error, extra=render.log_context())
        return False
    return True


async def _remove(client: discord.Client, render: Render, message_id: int | None) -> None:
    if message_id is not None:
        await channel_of(client, render).get_partial_message(message_id).delete()


async def _remove_outdated(client: discord.Client, render: Render) -> None:
    try:
        message_id = await find_outdated_card(client, render)
    except discord.NotFound as error:
        raise LookupError("the reply that names the card is gone") from error
    await _remove(client, render, message_id)


async def _remove_direct(client: discord.Client, render: Render) -> None:
    private = await client.create_dm(discord.Object(render.request.requester_id))
    if (film := await sent_before(client, render, private)) is not None:
        await film.delete()
