"""Rows of the fault table: what Discord answers to the card, its edits, and the one with the film.

Source of the codes: Discord, topics/opcodes-and-status-codes.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from bot.simulator.interactions import TOKEN_LIFE
from tests.loopback import faults
from tests.reliability.cells import (
    AWAY_WITH_IT,
    FILM,
    FILM_AND_NOTE,
    FILM_PLAINLY,
    IN_PRIVATE,
    IN_PRIVATE_ALONE,
    IN_PRIVATE_REFUSED,
    REFUSED_EVERYWHERE,
    REFUSED_ITSELF,
    REPLIED,
    REPLIED_PLAINLY,
    TOO_LARGE,
    UNSEEN,
    UNSEEN_TOLD,
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

_CARD_REFUSED: Final = "Discord refuses the card, so nothing is sent"
_REFUSED_FILM: Final = "a film is refused and kept"
_NOT_ANSWERED: Final = "the answer to an interaction failed"
_NO_CARD: Final = "Discord shows no card, so nothing is sent"
_NOT_CHANGED: Final = "a card cannot be edited"
_NOT_EDITED: Final = "the card was not edited"
_NOT_TAKEN: Final = "a film was not sent"


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


async def _private_is_closed(scene: Scene) -> None:
    scene.interaction.user.takes_dms = False


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

_AUTOMOD: Final = _always(faults.answer(400, 200000, "Blocked by AutoMod"))
_LINK: Final = _always(faults.answer(400, 240000, "Harmful link"))
_EXPLICIT: Final = _always(faults.answer(400, 20009, "Explicit content"))
_LOCKED: Final = _always(faults.answer(403, 160005, "Thread is locked"))
_UNKNOWN: Final = _always(faults.answer(400, 299999, "Something new"))
_PAGE: Final = _always(faults.page(403))
_HALF: Final = _always(faults.garbled())
_LONG: Final = _always(faults.limited(45.0, "user"))


def _when_refused(event: Event) -> DiscordFault:
    """Let something happen just before Discord refuses."""

    def make(scene: Scene) -> faults.Fault:
        async def happening(request: web.Request, apply: faults.Apply) -> web.StreamResponse:
            await event(scene)
            return await _AUTOMOD(scene)(request, apply)

        return happening

    return make


_REFUSES_CARD: Final = "Discord refuses a card"


def _refusals(fault: str, refusal: DiscordFault) -> list[Cell]:
    """Give the cells of a refusal for what a message says: the plain card is taken."""
    return [
        _cell(fault, "acknowledge", (refusal,), FILM_PLAINLY, _REFUSES_CARD),
        *_edits(
            fault, refusal, edit=(FILM_PLAINLY, _REFUSES_CARD), film=(FILM_PLAINLY, _REFUSES_CARD)
        ),
    ]


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
        "cannot be posted",
    ),
    *_refusals("200000, AutoMod", _AUTOMOD),
    *_refusals("240000, a link that is harmful", _LINK),
    *_refusals("160005, a thread that is locked", _LOCKED),
    *_refusals("a refusal that nobody knows yet", _UNKNOWN),
    _cell("refused plainly as well", "acknowledge", (_AUTOMOD,) * 2, UNSEEN_TOLD, _CARD_REFUSED),
    *_edits(
        "refused plainly as well",
        *(_AUTOMOD,) * 2,
        edit=(FILM_AND_NOTE, _REFUSES_CARD),
        film=(REPLIED_PLAINLY, "a reply takes its place"),
    ),
    _cell(
        "refused everywhere in the channel",
        "film",
        (_AUTOMOD,) * 3,
        IN_PRIVATE_REFUSED,
        "a direct message takes its place",
    ),
    _cell(
        "refused everywhere",
        "film",
        (_AUTOMOD, _AUTOMOD, _when_refused(_private_is_closed)),
        REFUSED_EVERYWHERE,
        _REFUSED_FILM,
    ),
    _cell(
        "20009, explicit content",
        "acknowledge",
        (_EXPLICIT,),
        FILM_PLAINLY,
        _REFUSES_CARD,
    ),
    _cell("20009, explicit content", "edit", (_EXPLICIT,), FILM_PLAINLY, _REFUSES_CARD),
    _cell("20009, explicit content", "film", (_EXPLICIT,), REFUSED_ITSELF, _REFUSED_FILM),
    *_edits("a page of Cloudflare's", _PAGE, edit=(FILM, _NOT_EDITED), film=(FILM, _NOT_TAKEN)),
    _unseen("a page of Cloudflare's", faults.page(403)),
    *_edits("half an answer", _HALF, edit=(FILM, _NOT_EDITED), film=(FILM, _NOT_TAKEN)),
    _unseen("half an answer", faults.garbled()),
    *_edits("429 of 45 s while its channel is open", _LONG, edit=(FILM, None), film=(FILM, None)),
    _cell("429", "acknowledge", (_always(faults.too_fast(0.5)),), FILM, None),
    *_edits("429", _always(faults.too_fast(0.5)), edit=(FILM, None), film=(FILM, None)),
    _cell("500", "acknowledge", (_always(faults.answer(500)),), FILM, None),
    *_edits("500", _always(faults.answer(500)), edit=(FILM, None), film=(FILM, None)),
    _unseen("cut before it was accepted", faults.cut),
    *_edits(
        "cut before it was accepted",
        _always(faults.cut),
        edit=(FILM, _NOT_EDITED),
        film=(FILM, _NOT_TAKEN),
    ),
    _cell(
        "cut after it was accepted",
        "acknowledge",
        (_always(faults.cut_after),),
        FILM,
        _NOT_ANSWERED,
    ),
    *_edits(
        "cut after it was accepted",
        _always(faults.cut_after),
        edit=(FILM, _NOT_EDITED),
        film=(FILM, _NOT_TAKEN),
    ),
]

_ANSWERS_ONLY: Final = "only an interaction's first answer gets this"
_NOT_THE_END: Final = "progress goes to its card only"
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
    ("refused everywhere in the channel", "acknowledge"): _NO_MESSAGE,
    ("refused everywhere in the channel", "edit"): _NOT_THE_END,
    ("refused everywhere", "acknowledge"): _NO_MESSAGE,
    ("refused everywhere", "edit"): _NOT_THE_END,
    ("429 of 45 s while its channel is open", "acknowledge"): "there is no other way to answer",
    ("40005 as 413, too large", "acknowledge"): "it carries no file",
    ("40005 as 413, too large", "edit"): "it carries no file",
}
