"""The webhook that an interaction's token opens for a quarter of an hour."""

from typing import cast

import discord

from bot.jobs.models import Job


def interaction_webhook(client: discord.Client, job: Job) -> discord.Webhook:
    """Return the webhook of a job whose interaction's token lives."""
    token = cast("str", job.interaction_token)
    webhook = discord.Webhook.partial(job.application_id, token, client=client)
    # discord.py gives it the client's session without the client's proxy.
    webhook.proxy = client.http.proxy
    return webhook
