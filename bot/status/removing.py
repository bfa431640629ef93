"""Taking away what was sent for a job: its card, and its film's message where that is another."""

from contextlib import suppress

import discord

from bot.jobs.models import Job, Road
from bot.status.message import CardGone, find_left_card
from bot.status.sent import sent_before


async def remove_messages(client: discord.Client, job: Job) -> None:
    """Delete every message of a job; one that is gone already is no fault.

    Raises NoAccess and discord.HTTPException where one stays.
    """
    channel = client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
    if job.road is Road.DIRECT:
        private = await client.create_dm(discord.Object(job.requester_id))
        if (film := await sent_before(client, job, private)) is not None:
            await film.delete()
    with suppress(CardGone):
        card = await find_left_card(client, job)
        for message_id in {card, job.message_id}:
            if message_id is not None:
                with suppress(discord.NotFound):
                    await channel.get_partial_message(message_id).delete()
