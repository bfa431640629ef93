"""What happened and what to do: the sentences of every state, reason and cause."""

from typing import Final

from bot.cards.i18n import N_, Language, language
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.requests.forecast import Phase
from bot.videos.causes import Cause, cause_of

PREVIEW_MODEL: Final = "preview"
"""The embedded renderer, which costs nothing."""

_NOTHING_BOUGHT: Final = N_("Nothing was charged.")
_PERHAPS_BOUGHT: Final = N_("It may have been charged.")
_MODERATION: Final = (
    N_("The video server's content rules don't allow this prompt or image."),
    N_("Change it and try again."),
)
NOTHING_LOST: Final = N_("Nothing is lost. It continues when the server answers.")
_MAKE_ROOM: Final = N_("Ask the bot's owner to free disk space.")
_TELL_OWNER: Final = N_("Tell the bot's owner.")
_TRY_AGAIN: Final = N_("Try again.")
_TRY_LATER: Final = N_("Try again in a few minutes. If it keeps happening, tell the bot's owner.")

_QUOTA: Final = (
    N_("The bot has no credit left at the video server."),
    N_("Ask the bot's owner to add some."),
)
_TOO_BUSY: Final = N_("The video server is too busy.")
_IN_MINUTES: Final = N_("Try again in a few minutes.")
_BUSY: Final = (_TOO_BUSY, _NOTHING_BOUGHT, _IN_MINUTES)
_TRY_LESS: Final = N_("Try a smaller size or a shorter video.")
_NOT_THIS_IMAGE: Final = (
    N_("The video server can't use this image."),
    N_("Try another image, or none."),
)
CAUSES: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.MODERATION: _MODERATION,
    Cause.QUOTA: _QUOTA,
    Cause.BUSY: (_TOO_BUSY, _IN_MINUTES),
    Cause.MEMORY: (
        N_("The video server ran out of memory."),
        _TRY_LESS,
    ),
    Cause.TIMEOUT: (
        N_("The video server took too long and gave up."),
        _TRY_LESS,
    ),
    Cause.VERIFICATION: (
        N_("The video server wants the bot's account to be verified first."),
        _TELL_OWNER,
    ),
    Cause.SIZE: (
        N_("The video server doesn't make videos of this size."),
        N_("Choose another size."),
    ),
    Cause.SECONDS: (
        N_("The video server doesn't make videos of this length."),
        N_("Choose another length."),
    ),
    Cause.MODEL: (
        N_("The video server doesn't have this model."),
        N_("Choose another one, or tell the bot's owner."),
    ),
    Cause.PROMPT: (
        N_("The prompt is too long for the video server."),
        N_("Shorten it and try again."),
    ),
    Cause.IMAGE: _NOT_THIS_IMAGE,
}
FAILURES: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.NOT_SENT: (
        N_("The video server can't be reached."),
        _NOTHING_BOUGHT,
        _TRY_LATER,
    ),
    Reason.BUSY: _BUSY,
    Reason.UNAUTHORIZED: (
        N_("The video server doesn't accept the bot's key."),
        _NOTHING_BOUGHT,
        _TELL_OWNER,
    ),
    Reason.NOT_ALLOWED: (
        N_("The video server doesn't let this bot make this video."),
        _NOTHING_BOUGHT,
        _TELL_OWNER,
    ),
    Reason.MOVED: (
        N_("The video server has a new address."),
        _NOTHING_BOUGHT,
        _TELL_OWNER,
    ),
    Reason.BAD_REQUEST: (
        N_("The video server refused this request."),
        _NOTHING_BOUGHT,
        N_("Try another prompt, size or length. If it keeps happening, tell the bot's owner."),
    ),
    Reason.SERVER_FORGOT: (
        N_("The video server lost this video."),
        _PERHAPS_BOUGHT,
        _TRY_AGAIN,
    ),
    Reason.NOT_SENT_BEFORE_RESTART: (
        N_("The bot restarted before it could send this."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    Reason.CANNOT_REMIX: (
        N_("The video server can't remix this video."),
        _NOTHING_BOUGHT,
        N_("Use “Edit prompt” to make a new one."),
    ),
    Reason.IMAGE_LOST: (
        N_("The image is gone."),
        _NOTHING_BOUGHT,
        N_("Use /video again with the image."),
    ),
    Reason.IMAGE_UNUSABLE: (
        N_("Your image can't be used."),
        _NOTHING_BOUGHT,
        N_("Use /video again with another image, or none."),
    ),
    Reason.DISCORD_AWAY: (
        N_("Discord couldn't be reached, so this wasn't sent."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    Reason.UNFORESEEN: (
        N_("Something went wrong, so this wasn't sent."),
        _NOTHING_BOUGHT,
        _TRY_LATER,
    ),
    Reason.DISK_FAILED: (
        N_("The bot couldn't save this, so it wasn't sent."),
        _NOTHING_BOUGHT,
        _MAKE_ROOM,
    ),
}
EXPIRED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.NOT_KEPT: (
        N_("The video couldn't be posted in time, so the bot deleted it."),
        _TRY_AGAIN,
    ),
    Reason.OVERDUE: (
        N_("The video server took too long, so the bot stopped waiting."),
        _PERHAPS_BOUGHT,
        N_("Press “Check again” to see if it's done now."),
    ),
}
_WITHHELD: Final = N_("The video is ready, but the video server won't let the bot download it.")
_TELL_THEN_POST: Final = N_("Tell the bot's owner, then press “Post again”.")
_PRESS_REDELIVER: Final = N_(
    "Press “Post again” to retry. If it keeps happening, tell the bot's owner."
)
UNDELIVERED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.FILM_WITHHELD: (
        _WITHHELD,
        _TELL_THEN_POST,
    ),
    Reason.FILM_TOO_LARGE: (
        N_("The video is ready, but too large for the bot's disk."),
        _TELL_THEN_POST,
    ),
    Reason.FILM_LOST: (
        N_("The video is missing from this message."),
        N_("Press “Post again” to put it back."),
    ),
    Reason.TOO_LARGE: (
        N_("The video is ready, but too large to upload here."),
        N_("Ask the bot's owner for it, or make a shorter or smaller one."),
    ),
    Reason.CANNOT_TRANSCODE: (
        N_("The video is ready, but it couldn't be converted to play everywhere."),
        _PRESS_REDELIVER,
    ),
    Reason.FRAMES_TOO_LARGE: (
        N_("The video is ready, but it is larger than 4K."),
        N_("Ask the bot's owner for it, or make a smaller one."),
    ),
    Reason.NO_ACCESS: (
        N_("The video is ready, but the bot can't post here anymore."),
        N_(
            "Let the bot view this channel, send messages and attach files. If the video doesn't "
            "come, press “Post again”."
        ),
    ),
    Reason.FILM_REFUSED: (
        N_("The video is ready, but Discord doesn't allow it here."),
        N_("Press “Post again” to retry, or make another one."),
    ),
    Reason.NOT_ACCEPTED: (
        N_("The video is ready, but Discord refused it several times."),
        _PRESS_REDELIVER,
    ),
    Reason.UNFORESEEN: (
        N_("The video is ready, but something went wrong."),
        _PRESS_REDELIVER,
    ),
}
_STUCK: Final = (
    N_("The bot can't save anything right now."),
    N_("Nothing is lost. It continues as soon as it can."),
    _MAKE_ROOM,
)
_ASKED_AGAIN: Final = N_("The bot keeps trying for at least 15 minutes.")
COMPLETED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.DISK_FAILED: _STUCK,
    Reason.FILM_NOT_READY: (
        N_("The video is ready, but the video server hasn't sent it yet."),
        _ASKED_AGAIN,
    ),
    Reason.FILM_BROKEN: (
        N_("The video is ready, but it arrived broken."),
        _ASKED_AGAIN,
    ),
    Reason.FILM_WITHHELD: (_WITHHELD, _TELL_OWNER),
}
PHASES: Final = {
    Phase.RESIZING: N_("The video is too large to upload here. Compressing it…"),
    Phase.CONVERTING: N_("Converting the video so it plays everywhere…"),
}
_CANCELLED_UNSENT: Final = N_("Cancelled before it was sent.")
CANCELLED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.CANCELLED_EVERYWHERE: (N_("Cancelled. The video server has stopped making it."),),
    Reason.CANCELLED_HERE: (
        N_("Cancelled here, but the video server may still finish it."),
        _PERHAPS_BOUGHT,
    ),
    Reason.ABANDONED: (N_("The bot has stopped waiting for this video."), _PERHAPS_BOUGHT),
}
_SENDING: Final = N_("Sending your request…")
SENTENCES: Final[dict[RenderStatus, tuple[str, ...]]] = {
    RenderStatus.REQUESTED: (_SENDING,),
    RenderStatus.SENDING: (_SENDING,),
    RenderStatus.UNCONFIRMED: (
        N_("The video server gave no clear answer. It may be making this video, or not."),
        N_("Press “Check again” first. Sending it again may cost twice."),
    ),
    RenderStatus.QUEUED: (N_("Waiting for its turn."),),
    RenderStatus.IN_PROGRESS: (N_("Making the video…"),),
    RenderStatus.COMPLETED: (N_("The video is ready and will be here soon."),),
    RenderStatus.DELIVERED: (),
    RenderStatus.UNDELIVERED: (
        N_("The video is ready, but it couldn't be downloaded."),
        _PRESS_REDELIVER,
    ),
    RenderStatus.FAILED: (
        N_("The video server couldn't make this video."),
        N_("Try again. If it fails again, change the prompt."),
    ),
    RenderStatus.CANCELLED: (N_("The video server cancelled this video."), _TRY_AGAIN),
    RenderStatus.EXPIRED: (N_("The request expired on the video server."), _TRY_AGAIN),
}
_BY_CODE: Final = {
    RenderStatus.COMPLETED: COMPLETED,
    RenderStatus.FAILED: FAILURES,
    RenderStatus.UNDELIVERED: UNDELIVERED,
    RenderStatus.CANCELLED: CANCELLED,
    RenderStatus.EXPIRED: EXPIRED,
}

_WITHOUT_FILM: Final = frozenset(
    {RenderStatus.FAILED, RenderStatus.CANCELLED, RenderStatus.EXPIRED}
)


def sentence(render: Render) -> str:
    """Say what is happening and, where somebody can do something, what."""
    t = language(render.request.locale)
    if render.unreachable_since is not None:
        return t(NOTHING_LOST)
    return " ".join(t(part) for part in _parts(render))


def stuck(t: Language) -> str:
    """Say that nothing can be saved on the bot's disk."""
    return " ".join(t(part) for part in _STUCK)


def cancelled(render: Render) -> str:
    """Say in one sentence what came of a press on Cancel."""
    return _parts(render)[0]


def costs_nothing(render: Render) -> bool:
    """Whether a job ended before anything can have been bought."""
    return _NOTHING_BOUGHT in _parts(render)


def _parts(render: Render) -> tuple[str, ...]:
    known = _BY_CODE.get(render.status, {})
    if render.reason is Reason.CANCELLED_EVERYWHERE and render.video_id is None:
        return _with_charge((_CANCELLED_UNSENT,), render)
    by_us = (
        SENTENCES[render.status]
        if render.reason is None
        else known.get(render.reason, SENTENCES[render.status])
    )
    cause = None if render.status is not RenderStatus.FAILED else _cause(render)
    return _with_charge(by_us if cause is None else CAUSES[cause], render)


def _cause(render: Render) -> Cause | None:
    """Return what the server's own words speak of.

    A refused key is that, whatever they are, and so is a server that is busy.
    """
    if render.reason in {Reason.UNAUTHORIZED, Reason.BUSY}:
        return None
    cause = cause_of(render.server_code, render.server_message)
    return None if cause is Cause.IMAGE and render.spec.image is None else cause


def _with_charge(parts: tuple[str, ...], render: Render) -> tuple[str, ...]:
    """Say after what happened whether it was charged, as far as that is known."""
    if render.spec.model == PREVIEW_MODEL:
        return tuple(part for part in parts if part != _PERHAPS_BOUGHT)
    if render.status not in _WITHOUT_FILM:
        return parts
    if _NOTHING_BOUGHT in parts or _PERHAPS_BOUGHT in parts:
        return parts
    charge = _NOTHING_BOUGHT if render.video_id is None else _PERHAPS_BOUGHT
    return parts[0], charge, *parts[1:]


def cannot_remix(t: Language) -> str:
    """Say that the server can't remix, and what to press instead."""
    return " ".join(t(part) for part in FAILURES[Reason.CANNOT_REMIX])
