"""Routes that need the bot's own token: channels and their messages.

Source: Discord, resources/channel and resources/message.
"""

from typing import Final

from bot.simulator.clock import born
from bot.simulator.core import Call, Core, Rule
from bot.simulator.errors import (
    dms_closed,
    invalid_form,
    missing_access,
    missing_permissions,
    no_mutual_guild,
    not_the_author,
    thread_archived,
    unknown_message,
)
from bot.simulator.gateway import DIRECT_MESSAGES, GUILD_MESSAGES
from bot.simulator.messages import Message
from bot.simulator.world import ATTACH, MANAGE_THREADS, READ_HISTORY, SEND, VIEW, Channel, Payload

_OLD: Final = 3600.0
_NONCE_LIFE: Final = 300.0
"""Seconds a nonce is remembered: "a few minutes"."""


async def read_channel(core: Core, call: Call) -> Payload:
    """Return a channel. Raises 10003, 50001."""
    return _visible(core, call).payload()


async def change_channel(core: Core, call: Call) -> Payload:
    """RequestQueries a thread or take it out again; a locked one wants MANAGE_THREADS."""
    channel = _visible(core, call)
    if channel.locked and not channel.bot_can(MANAGE_THREADS):
        raise missing_permissions()
    channel.archived = call.upload.payload.get("archived", channel.archived)
    core.changed()
    return channel.payload()


async def send(core: Core, call: Call) -> Payload:
    """Write a message; with `enforce_nonce`, the same nonce gives the same message."""
    channel = _visible(core, call)
    _may_send(core, channel, has_files=bool(call.upload.files))
    payload = call.upload.payload
    if payload.get("enforce_nonce") and (sent := _sent_already(core, channel, payload)) is not None:
        return sent.payload()
    message = core.messages.new(
        channel,
        core.bot,
        reference=_reference(core, channel, payload),
        nonce=_nonce(payload),
    )
    limit = core.world.bot_upload_limit(channel)
    return core.messages.write(message, call.upload, through=call.kind, limit=limit).payload()


async def read(core: Core, call: Call) -> Payload:
    """Return one message. Raises 10003, 10008, 50001."""
    message = _message(core, call)
    if not _may_read(message.channel):
        raise missing_access()
    return message.payload()


async def history(core: Core, call: Call) -> list[Payload]:
    """Give messages after one, newest first; none at all to who may not read the history."""
    channel = _visible(core, call)
    if not _may_read(channel):
        return []
    after, limit = int(call.query.get("after", 0)), int(call.query.get("limit", 50))
    found = [
        one
        for one in core.messages.every.values()
        if one.channel is channel and one.id > after and not one.deleted and one.seen_by is None
    ]
    found.sort(key=lambda one: one.id)
    return [one.payload() for one in reversed(found[:limit])]


def _may_read(channel: Channel) -> bool:
    return channel.recipient is not None or channel.bot_can(READ_HISTORY)


async def edit(core: Core, call: Call) -> Payload:
    """Change an own message. Editing needs no right to send, but the channel's sight."""
    message = _message(core, call)
    if message.author is not core.bot:
        raise not_the_author()
    if message.channel.archived:
        raise thread_archived()
    if core.clock.now() - born(message.id) + message.aged > _OLD:
        core.limits.take_old_edit(str(message.channel.id))
    limit = core.world.bot_upload_limit(message.channel)
    return core.messages.write(message, call.upload, through=call.kind, limit=limit).payload()


async def delete(core: Core, call: Call) -> None:
    """Delete an own message. Raises 10008, 50013."""
    message = _message(core, call)
    if message.author is not core.bot:
        raise missing_permissions()
    await remove(core, message)


async def remove(core: Core, message: Message) -> None:
    """Delete a message and tell those who asked to hear of it."""
    core.messages.delete(message)
    guild = message.channel.guild
    told = {"id": str(message.id), "channel_id": str(message.channel.id)}
    if guild is not None:
        told["guild_id"] = str(guild.id)
    intent = DIRECT_MESSAGES if guild is None else GUILD_MESSAGES
    await core.gateway.dispatch("MESSAGE_DELETE", told, guild=guild, intent=intent)


def _visible(core: Core, call: Call) -> Channel:
    """Find the channel. Raises 10003, 50001."""
    channel = core.world.channel(call.match["channel"])
    if not channel.bot_can(VIEW):
        raise missing_access()
    return channel


def _message(core: Core, call: Call) -> Message:
    """Find a message of the channel; an ephemeral one is not there for this road."""
    message = core.messages.get(call.match["message"], _visible(core, call))
    if message.seen_by is not None:
        raise unknown_message()
    return message


def _may_send(core: Core, channel: Channel, *, has_files: bool) -> None:
    """Raises 50007, 50278, 50013, 50083."""
    if channel.recipient is not None:
        if not any(guild.bot_is_member for guild in core.world.guilds.values()):
            raise no_mutual_guild()
        if not channel.recipient.takes_dms:
            raise dms_closed()
        return
    if not channel.bot_can(SEND) or (has_files and not channel.bot_can(ATTACH)):
        raise missing_permissions()
    if channel.archived and channel.locked:
        raise thread_archived()
    channel.archived = False


def _nonce(payload: Payload) -> str | None:
    given = payload.get("nonce")
    return None if given is None else str(given)


def _sent_already(core: Core, channel: Channel, payload: Payload) -> Message | None:
    since = core.clock.now() - _NONCE_LIFE
    for message in core.messages.every.values():
        if message.channel is channel and message.nonce == _nonce(payload) is not None:
            return message if born(message.id) > since else None
    return None


def _reference(core: Core, channel: Channel, payload: Payload) -> Payload | None:
    """Check what it answers to, unless the sender said that it may be gone."""
    reference: Payload | None = payload.get("message_reference")
    if reference is None:
        return None
    target = core.messages.every.get(int(reference["message_id"]))
    if target is None or target.deleted or target.channel is not channel:
        if reference.get("fail_if_not_exists", True):
            raise invalid_form("MESSAGE_REFERENCE_UNKNOWN_MESSAGE")
        return None
    return reference


_CHANNEL: Final = "/channels/{channel}"
_MESSAGE: Final = "/channels/{channel}/messages/{message}"

RULES: Final = (
    Rule("GET", _CHANNEL, "channel_read", read_channel),
    Rule("PATCH", _CHANNEL, "channel_change", change_channel),
    Rule("GET", _CHANNEL + "/messages", "channel_history", history),
    Rule("POST", _CHANNEL + "/messages", "channel_send", send),
    Rule("GET", _MESSAGE, "channel_read", read),
    Rule("PATCH", _MESSAGE, "channel_edit", edit),
    Rule("DELETE", _MESSAGE, "channel_delete", delete),
)
