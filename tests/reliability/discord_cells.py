"""Rows of the fault table: what Discord answers to the card, its edits, and the one with the film.

Source of the codes: Discord, topics/opcodes-and-status-codes.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from tests.loopback import faults
from tests.loopback.interactions import TOKEN_LIFE
from tests.reliability.cells import (
    AWAY_WITH_IT,
    FILM,
    IN_PRIVATE,
    IN_PRIVATE_ALONE,
    REPLIED,
    TOO_LARGE,
    UNSEEN,
    Cell,
    DiscordFault,
    Outcome,
    Scene,
)

STEPS: Final = {
    "acknowledge": "acknowledge",
    "edit": "progress edit",
    "film": "final edit with the film",
}
"""The columns, by the kind of the request that meets the fault, and how the document names them."""

HOUR: Final = 3600.0
Event = Callable[[Scene], Awaitable[None]]

_NOT_ANSWERED: Final = "the answer to an interaction failed"
_NO_CARD: Final = "Discord shows no card, so nothing is sent"
_NOT_CHANGED: Final = "a card cannot be changed"
_NOT_EDITED: Final = "the card was not taken"
_NOT_TAKEN: Final = "the film was not taken"


def _always(fault: faults.Fault) -> DiscordFault:
    """Give a fault that is the same in every scene."""
    return lambda _: fault


def _when(*events: Event) -> DiscordFault:
    """Let something happen just before, and Discord answer for itself."""

    def make(scene: Scene) -> faults.Fault:
        async def happening(_: web.Request, apply: faults.Apply) -> web.StreamResponse:
            for event in events:
                await event(scene)
            return await apply()

        return happening

    return make


async def _token_dies(scene: Scene) -> None:
    scene.interaction.born -= TOKEN_LIFE + 60


async def _message_is_deleted(scene: Scene) -> None:
    for message in scene.discord.messages_in(scene.channel):
        await scene.discord.delete_message(message)


async def _channel_is_deleted(scene: Scene) -> None:
    for message in scene.discord.messages_in(scene.channel):
        message.deleted = True
    await scene.discord.delete_channel(scene.channel)


async def _channel_is_closed(scene: Scene) -> None:
    scene.channel.bot_may = 0


async def _thread_is_archived(scene: Scene) -> None:
    scene.channel.archived = True


async def _message_takes_no_more_edits(scene: Scene) -> None:
    for message in scene.discord.messages_in(scene.channel):
        message.aged = HOUR
    scene.discord.limits.spend_old_edits(str(scene.channel.id), HOUR)


async def _limit_is_small(scene: Scene) -> None:
    scene.interaction.upload_limit = 1000


def _cell(
    fault: str,
    step: str,
    laid: tuple[DiscordFault, ...],
    ends: Outcome,
    logs: str | None,
    **more: Any,  # noqa: ANN401
) -> Cell:
    return Cell(
        fault=fault,
        step=step,
        outcome=ends,
        logs=logs,
        creates=ends.bought,
        discord=tuple((step, one) for one in laid),
        **more,
    )


def _unseen(fault: str, said: faults.Fault) -> Cell:
    """Give the cell of an acknowledgement that Discord does not take."""
    return _cell(fault, "acknowledge", (_always(said),), UNSEEN, _NO_CARD)


def _edits(
    fault: str,
    *laid: DiscordFault,
    edit: tuple[Outcome, str | None],
    film: tuple[Outcome, str | None],
    **more: Any,  # noqa: ANN401
) -> list[Cell]:
    """Lay the same at a progress edit and at the one with the film."""
    return [
        _cell(fault, "edit", laid, *edit, **more),
        _cell(fault, "film", laid, *film, **more),
    ]


_DEAD: Final = _when(_token_dies)

CELLS: Final[list[Cell]] = [
    _unseen("10062, too late", faults.answer(404, 10062, "Unknown interaction")),
    _cell(
        "40060, acknowledged already",
        "acknowledge",
        (_always(faults.applied_then(400, 40060)),),
        FILM,
        _NOT_ANSWERED,
    ),
    *_edits(
        "10008, message deleted",
        _when(_message_is_deleted),
        edit=(AWAY_WITH_IT, "the card was deleted"),
        film=(AWAY_WITH_IT, "the card was deleted"),
    ),
    _unseen("10003, channel deleted", faults.answer(404, 10003, "Unknown Channel")),
    *_edits(
        "10003, channel deleted",
        _when(_token_dies, _channel_is_deleted),
        edit=(IN_PRIVATE_ALONE, "is closed to the bot"),
        film=(IN_PRIVATE_ALONE, "is closed to the bot"),
    ),
    _unseen("50001, no access", faults.answer(403, 50001, "Missing Access")),
    *_edits(
        "50001, no access",
        _when(_token_dies, _channel_is_closed),
        edit=(IN_PRIVATE, "is closed to the bot"),
        film=(IN_PRIVATE, "is closed to the bot"),
    ),
    _unseen("50013, no permission", faults.answer(403, 50013, "Missing Permissions")),
    *_edits(
        "50013, no permission",
        _DEAD,
        _always(faults.answer(403, 50013, "Missing Permissions")),
        edit=(FILM, _NOT_CHANGED),
        film=(IN_PRIVATE, "is closed to the bot"),
    ),
    *_edits("50027, token dead", _DEAD, edit=(FILM, None), film=(FILM, None)),
    *_edits(
        "404 of the webhook in its 15 minutes",
        _always(faults.answer(404, 10015, "Unknown Webhook")),
        edit=(FILM, None),
        film=(FILM, None),
    ),
    *_edits(
        "50083, thread archived",
        _when(_token_dies, _thread_is_archived),
        edit=(FILM, None),
        film=(FILM, None),
        in_thread=True,
    ),
    *_edits(
        "30046, no more edits of an old message",
        _DEAD,
        _when(_message_takes_no_more_edits),
        edit=(REPLIED, _NOT_CHANGED),
        film=(REPLIED, "a reply takes its place"),
    ),
    _cell(
        "40005 as 413, too large",
        "film",
        (_when(_limit_is_small),),
        TOO_LARGE,
        "cannot be handed over",
    ),
    _cell("429", "acknowledge", (_always(faults.too_fast(0.5)),), FILM, None),
    *_edits("429", _always(faults.too_fast(0.5)), edit=(FILM, None), film=(FILM, None)),
    _cell("500", "acknowledge", (_always(faults.answer(500)),), FILM, None),
    *_edits("500", _always(faults.answer(500)), edit=(FILM, None), film=(FILM, None)),
    _unseen("cut before it was taken", faults.cut),
    *_edits(
        "cut before it was taken",
        _always(faults.cut),
        edit=(FILM, _NOT_EDITED),
        film=(FILM, _NOT_TAKEN),
    ),
    _cell(
        "cut after it was taken", "acknowledge", (_always(faults.cut_after),), FILM, _NOT_ANSWERED
    ),
    *_edits(
        "cut after it was taken",
        _always(faults.cut_after),
        edit=(FILM, _NOT_EDITED),
        film=(FILM, _NOT_TAKEN),
    ),
]

_ANSWERS_ONLY: Final = "said of an interaction's first answer alone"
_NO_MESSAGE: Final = "there is no message yet"
IMPOSSIBLE: Final = {
    ("10062, too late", "edit"): _ANSWERS_ONLY,
    ("10062, too late", "film"): _ANSWERS_ONLY,
    ("40060, acknowledged already", "edit"): _ANSWERS_ONLY,
    ("40060, acknowledged already", "film"): _ANSWERS_ONLY,
    ("10008, message deleted", "acknowledge"): _NO_MESSAGE,
    ("50027, token dead", "acknowledge"): "the answer of a dead interaction is 10062",
    ("404 of the webhook in its 15 minutes", "acknowledge"): "it does not go through the webhook",
    ("50083, thread archived", "acknowledge"): "a command opens the thread it is used in",
    ("30046, no more edits of an old message", "acknowledge"): _NO_MESSAGE,
    ("40005 as 413, too large", "acknowledge"): "it carries no file",
    ("40005 as 413, too large", "edit"): "it carries no file",
}
