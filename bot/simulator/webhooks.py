"""Routes an interaction's token opens: the callback, the first answer, the follow-ups.

Source: Discord, interactions/receiving-and-responding.
"""

from typing import Final

from bot.simulator.channels import remove
from bot.simulator.core import Call, Core, Rule
from bot.simulator.errors import (
    follow_ups_spent,
    invalid_form,
    thread_archived,
    unknown_interaction,
    unknown_message,
)
from bot.simulator.interactions import Interaction
from bot.simulator.messages import EPHEMERAL, LOADING, Message
from bot.simulator.uploads import Upload
from bot.simulator.world import Payload

_MESSAGE: Final = 4
_DEFERRED_MESSAGE: Final = 5
_DEFERRED_UPDATE: Final = 6
_UPDATE: Final = 7
_FOLLOW_UPS_OF_USER_APPS: Final = 5


async def acknowledge(core: Core, call: Call) -> Payload | None:
    """Answer an interaction; with_response gives what came of it."""
    interaction = core.interactions.by_token(call.match["token"])
    if str(interaction.id) != call.match["interaction"]:
        raise unknown_interaction()
    kind: int = call.upload.payload["type"]
    data: Payload = call.upload.payload.get("data") or {}
    upload = Upload(data, call.upload.files)
    interaction.acknowledge(kind, data, core.clock.now())
    try:
        _respond(core, interaction, kind, upload)
    except Exception:
        interaction.response_type = None  # a refused answer is none
        raise
    interaction.tell_answered()
    core.changed()
    return (
        _callback(interaction, kind) if call.query.get("with_response") in ("1", "true") else None
    )


def _respond(core: Core, interaction: Interaction, kind: int, upload: Upload) -> None:
    if kind == _MESSAGE:
        interaction.original = _write(core, interaction, upload, through="acknowledge")
    elif kind == _DEFERRED_MESSAGE:
        message = _new(core, interaction, upload)
        flags = upload.payload.get("flags") or 0
        interaction.original = core.messages.loading(message, flags)
    elif kind == _DEFERRED_UPDATE:
        interaction.original = interaction.target
    elif kind == _UPDATE:
        interaction.original = _target(interaction)
        _change(core, interaction, interaction.original, upload, through="acknowledge")


def _callback(interaction: Interaction, kind: int) -> Payload:
    told: Payload = {"id": str(interaction.id), "type": interaction.type}
    answer: Payload = {"interaction": told}
    if (message := interaction.original) is not None:
        flags = message.now.flags
        told["response_message_id"] = str(message.id)
        told["response_message_loading"] = bool(flags & LOADING)
        told["response_message_ephemeral"] = bool(flags & EPHEMERAL)
        answer["resource"] = {"type": kind, "message": message.payload()}
    return answer


async def follow_up(core: Core, call: Call) -> Payload:
    """Write one more message; the first after a deferred answer takes that answer's place."""
    interaction = core.interactions.as_webhook(call.match["application"], call.match["token"])
    original = interaction.original
    if original is not None and original.now.flags & LOADING and not original.deleted:
        return _change(core, interaction, original, call.upload, through=call.kind).payload()
    if interaction.user_installed and len(interaction.follow_ups) >= _FOLLOW_UPS_OF_USER_APPS:
        raise follow_ups_spent()
    message = _write(core, interaction, call.upload, through=call.kind)
    interaction.follow_ups.append(message)
    return message.payload()


async def read(core: Core, call: Call) -> Payload:
    """Return one message of the interaction. Raises 10008, 10015, 50027."""
    return _message(core, call)[1].payload()


async def edit(core: Core, call: Call) -> Payload:
    """Edit one message of the interaction. Raises 10008, 10015, 50027."""
    interaction, message = _message(core, call)
    return _change(core, interaction, message, call.upload, through=call.kind).payload()


async def delete(core: Core, call: Call) -> None:
    """Delete one message of the interaction. Raises 10008, 10015, 50027."""
    await remove(core, _message(core, call)[1])


def _message(core: Core, call: Call) -> tuple[Interaction, Message]:
    """Find one of this interaction's messages. Raises 10008, 10015, 50027."""
    interaction = core.interactions.as_webhook(call.match["application"], call.match["token"])
    given = call.match["message"]
    own = [*interaction.follow_ups]
    if interaction.original is not None:
        own.append(interaction.original)
        given = str(interaction.original.id) if given == "@original" else given
    for message in own:
        if str(message.id) == given and not message.deleted:
            return interaction, message
    raise unknown_message()


def _target(interaction: Interaction) -> Message:
    if interaction.target is None:
        raise invalid_form("only a component can update its message")
    return interaction.target


def _new(core: Core, interaction: Interaction, upload: Upload) -> Message:
    private = bool((upload.payload.get("flags") or 0) & EPHEMERAL)
    return core.messages.new(
        interaction.channel,
        core.bot,
        interaction=interaction.id,
        used=interaction.command,
        seen_by=interaction.user if private else None,
    )


def _write(core: Core, interaction: Interaction, upload: Upload, *, through: str) -> Message:
    message = _new(core, interaction, upload)
    return core.messages.write(message, upload, through=through, limit=interaction.upload_limit)


def _change(
    core: Core, interaction: Interaction, message: Message, upload: Upload, *, through: str
) -> Message:
    if message.channel.archived:
        raise thread_archived()
    return core.messages.write(message, upload, through=through, limit=interaction.upload_limit)


_WEBHOOK: Final = "/webhooks/{application}/{token}"

RULES: Final = (
    Rule("POST", "/interactions/{interaction}/{token}/callback", "acknowledge", acknowledge),
    Rule("POST", _WEBHOOK, "followup", follow_up),
    Rule("GET", _WEBHOOK + "/messages/{message}", "token_read", read),
    Rule("PATCH", _WEBHOOK + "/messages/{message}", "token_edit", edit),
    Rule("DELETE", _WEBHOOK + "/messages/{message}", "token_delete", delete),
)
