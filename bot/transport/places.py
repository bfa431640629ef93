"""The two ways to a card: its channel, and the webhook of its interaction's token."""

from typing import cast

import discord

from bot.jobs.models import Render


def channel_of(client: discord.Client, render: Render) -> discord.PartialMessageable:
    """Return the channel of a card, without asking Discord for it."""
    request = render.request
    return client.get_partial_messageable(request.channel_id, guild_id=request.guild_id)


def interaction_webhook(client: discord.Client, render: Render) -> discord.Webhook:
    """Return the webhook that the interaction's token opens for a quarter of an hour."""
    token = cast("str", render.card.interaction_token)
    webhook = discord.Webhook.partial(render.request.application_id, token, client=client)
    # discord.py gives it the client's session without the client's proxy.
    webhook.proxy = client.http.proxy
    return webhook
