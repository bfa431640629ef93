"""The webhook that an interaction's token opens for a quarter of an hour."""

from typing import cast

import discord

from bot.jobs.models import Render


def interaction_webhook(client: discord.Client, render: Render) -> discord.Webhook:
    """Return the webhook of a job whose interaction's token lives."""
    token = cast("str", render.card.interaction_token)
    webhook = discord.Webhook.partial(render.request.application_id, token, client=client)
    # discord.py gives it the client's session without the client's proxy.
    webhook.proxy = client.http.proxy
    return webhook
