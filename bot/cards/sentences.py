"""What happened and what to do: the sentences of every state, reason and cause."""

from typing import Final

from bot.cards.i18n import N_, Language, language
from bot.jobs.models import Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.requests.forecast import Phase
from bot.videos.causes import Cause, cause_of

PREVIEW_MODEL: Final = "preview"
"""The embedded renderer, which costs nothing."""

_NOTHING_BOUGHT: Final = N_("Nothing was rendered or charged.")
_PERHAPS_BOUGHT: Final = N_("It may have been charged.")
_MODERATION: Final = (
    N_("The video server's content rules refused this prompt or image."),
    N_("Rephrase it and try again."),
)
NOTHING_LOST: Final = N_("Nothing is lost: this goes on by itself once it answers.")
_MAKE_ROOM: Final = N_("Whoever runs this bot has to make room on its disk.")
_TRY_LATER: Final = N_("Try again in a few minutes; if it stays so, tell whoever runs this bot.")

_QUOTA: Final = (
    N_("This bot's account at the video server has no credit or quota left."),
    N_("Only whoever runs this bot can add some."),
)
_BUSY: Final = (
    N_("The video server is busy and took nothing."),
    _NOTHING_BOUGHT,
    N_("Try again in a few minutes."),
)

_NOT_THIS_IMAGE: Final = (
    N_("The video server cannot use this image."),
    N_("Try again with another image, or without one."),
)
CAUSES: Final[dict[Cause, tuple[str, ...]]] = {
    Cause.MODERATION: _MODERATION,
    Cause.QUOTA: _QUOTA,
    Cause.BUSY: (N_("The video server was too busy for this."), N_("Try again in a few minutes.")),
    Cause.MEMORY: (
        N_("The video server ran out of memory."),
        N_("Try a smaller size or a shorter video, or the same again later."),
    ),
    Cause.TIMEOUT: (
        N_("The video server took too long and gave up."),
        N_("Try again, perhaps smaller or shorter."),
    ),
    Cause.VERIFICATION: (
        N_("The video server wants the account of this bot to be verified first."),
        N_("Only whoever runs this bot can do that."),
    ),
    Cause.SIZE: (
        N_("The video server does not make videos of this size."),
        N_("Choose another size and try again."),
    ),
    Cause.SECONDS: (
        N_("The video server does not make videos of this length."),
        N_("Choose another length and try again."),
    ),
    Cause.MODEL: (
        N_("The video server does not have this model."),
        N_("Choose another one, or tell whoever runs this bot."),
    ),
    Cause.PROMPT: (
        N_("The video server does not take a prompt of this length."),
        N_("Shorten it and try again."),
    ),
    Cause.IMAGE: _NOT_THIS_IMAGE,
}
FAILURES: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.NOT_SENT: (
        N_("The video server cannot be reached."),
        _NOTHING_BOUGHT,
        _TRY_LATER,
    ),
    Reason.BUSY: _BUSY,
    Reason.UNAUTHORIZED: (
        N_("The video server does not accept this bot's key."),
        _NOTHING_BOUGHT,
        N_("Only whoever runs this bot can mend that: VIDEOS_API_KEY."),
    ),
    Reason.NOT_ALLOWED: (
        N_("The video server does not allow this bot to have this made."),
        _NOTHING_BOUGHT,
        N_("Tell whoever runs this bot."),
    ),
    Reason.MOVED: (
        N_("The video server has moved to another address."),
        _NOTHING_BOUGHT,
        N_("Whoever runs this bot has to set VIDEOS_BASE_URL to it; the bot's log names it."),
    ),
    Reason.BAD_REQUEST: (
        N_("The video server refused this request."),
        _NOTHING_BOUGHT,
        N_(
            "Try again with other words, another size or length; if it stays so, tell whoever runs "
            "this bot."
        ),
    ),
    Reason.SERVER_FORGOT: (
        N_("The video server no longer knows this video; it was probably restarted."),
        _PERHAPS_BOUGHT,
        N_("Try again to have it rendered anew."),
    ),
    Reason.NOT_SENT_BEFORE_RESTART: (
        N_("The bot was restarted before this was sent."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    Reason.CANNOT_REMIX: (
        N_("The video server took no remix: it makes none, or no longer has this video."),
        _NOTHING_BOUGHT,
        N_("Use “Edit prompt” instead, which makes a video of its own."),
    ),
    Reason.IMAGE_LOST: (
        N_("The image is no longer to be had, so this was not sent."),
        _NOTHING_BOUGHT,
        N_("Use /video again with the image."),
    ),
    Reason.IMAGE_UNUSABLE: (
        N_("Your image cannot be used."),
        _NOTHING_BOUGHT,
        N_("Use /video again with another image, or without one."),
    ),
    Reason.DISCORD_AWAY: (
        N_("Discord could not be reached in time, so this was not sent."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    Reason.UNFORESEEN: (
        N_("Something went wrong inside the bot, so this was not sent."),
        _NOTHING_BOUGHT,
        _TRY_LATER,
    ),
    Reason.DISK_FAILED: (
        N_("The bot could not write to its disk, so it did not send this."),
        _NOTHING_BOUGHT,
        _MAKE_ROOM,
    ),
}
EXPIRED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.NOT_KEPT: (
        N_("The video could not be delivered while it was kept, and is gone from the bot's disk."),
        N_("Try again to have it rendered anew."),
    ),
    Reason.OVERDUE: (
        N_("The video server has not finished this in the time the bot waits for a video."),
        _PERHAPS_BOUGHT,
        N_("It was not deleted there: press Look again to ask for it once more."),
    ),
}
_PRESS_REDELIVER: Final = N_(
    "Press Redeliver to try once more; if it stays so, tell whoever runs this bot."
)
UNDELIVERED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.FILM_WITHHELD: (
        N_("The video is rendered, but the video server does not hand it over to this bot."),
        N_("Only whoever runs this bot can mend that: VIDEOS_API_KEY."),
        _PRESS_REDELIVER,
    ),
    Reason.FILM_TOO_LARGE: (
        N_("The video is rendered, but it is larger than the room that this bot has for videos."),
        N_("Whoever runs this bot can make more room: FILMS_MAX_GB."),
        _PRESS_REDELIVER,
    ),
    Reason.FILM_LOST: (
        N_("The video is rendered, but this message has lost it."),
        N_("Press Redeliver to have it put in again."),
    ),
    Reason.TOO_LARGE: (
        N_("The video is rendered and kept, but larger than what may be uploaded here."),
        N_("Whoever runs this bot can hand it over; a shorter or smaller one would fit."),
    ),
    Reason.CANNOT_TRANSCODE: (
        N_("The video is rendered and kept, but not every client plays it and converting failed."),
        _PRESS_REDELIVER,
    ),
    Reason.FRAMES_TOO_LARGE: (
        N_("The video is rendered and kept, but its picture is larger than 4K."),
        N_("Whoever runs this bot can hand it over; a smaller one would come by itself."),
    ),
    Reason.NO_ACCESS: (
        N_("The video is rendered and kept, but the bot may not post here any more."),
        N_(
            "Let it see this channel, send messages and attach files; if the video does not come "
            "then, press Redeliver."
        ),
    ),
    Reason.FILM_REFUSED: (
        N_("The video is rendered and kept, but Discord refuses the video itself here."),
        N_("Press Redeliver to try once more, or have another one made."),
    ),
    Reason.NOT_ACCEPTED: (
        N_("The video is rendered and kept, but Discord refused it several times."),
        _PRESS_REDELIVER,
    ),
    Reason.UNFORESEEN: (
        N_("The video is rendered and kept, but something went wrong inside the bot."),
        _PRESS_REDELIVER,
    ),
}
_STUCK: Final = (
    N_("The bot cannot write to its disk at the moment."),
    N_("Nothing is lost: this goes on by itself once it can."),
    _MAKE_ROOM,
)
_ASKED_AGAIN: Final = N_("It is asked again for at least a quarter of an hour.")
_WITHHELD: Final = (
    N_("The video is rendered, but the video server does not hand it over to this bot."),
    N_("Only whoever runs this bot can mend that: VIDEOS_API_KEY."),
)
COMPLETED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.DISK_FAILED: _STUCK,
    Reason.FILM_NOT_READY: (
        N_("The video is rendered, but the video server does not hand it over yet."),
        _ASKED_AGAIN,
    ),
    Reason.FILM_BROKEN: (
        N_("The video is rendered, but what the video server hands over is no whole video."),
        _ASKED_AGAIN,
    ),
    Reason.FILM_WITHHELD: _WITHHELD,
}
PHASES: Final = {
    Phase.RESIZING: N_("Larger than what may be uploaded here: it is being encoded anew to fit."),
    Phase.CONVERTING: N_("It is being converted so that it plays everywhere."),
}
CANCELLED: Final[dict[Reason, tuple[str, ...]]] = {
    Reason.CANCELLED_EVERYWHERE: (N_("Cancelled, on the video server too."),),
    Reason.CANCELLED_HERE: (
        N_("Nobody waits for it any more, but the video server may still render it."),
        _PERHAPS_BOUGHT,
    ),
    Reason.ABANDONED: (N_("Dropped."), _PERHAPS_BOUGHT),
}
SENTENCES: Final[dict[RenderStatus, tuple[str, ...]]] = {
    RenderStatus.REQUESTED: (
        N_("Your request is written down and on its way to the video server."),
    ),
    RenderStatus.SENDING: (N_("Your request is written down and on its way to the video server."),),
    RenderStatus.UNCONFIRMED: (
        N_("The request left the bot, and no usable answer came back."),
        N_("Nobody knows whether the video server is rendering it."),
        N_("It is not sent again by itself, so that nothing is bought twice."),
        N_("Look again first; sending again may render and charge it a second time."),
    ),
    RenderStatus.QUEUED: (N_("Waiting for its turn on the video server."),),
    RenderStatus.IN_PROGRESS: (N_("The video server is rendering."),),
    RenderStatus.COMPLETED: (N_("The video is rendered and on its way into this message."),),
    RenderStatus.DELIVERED: (),
    RenderStatus.UNDELIVERED: (
        N_("The video is rendered, but the video server did not hand it over as a whole video."),
        N_("It was asked several times. Press Redeliver to ask once more."),
    ),
    RenderStatus.FAILED: (
        N_("The video server could not render this."),
        N_("Try again; if it fails again, change the prompt."),
    ),
    RenderStatus.CANCELLED: (N_("The video server cancelled this job."), N_("Try again.")),
    RenderStatus.EXPIRED: (N_("The video server let this job expire."), N_("Try again.")),
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
    """Say what is going on and, where that is anything, what to do."""
    t = language(render.request.locale)
    if render.unreachable_since is not None:
        return t(NOTHING_LOST)
    return " ".join(t(part) for part in _parts(render))


def stuck(t: Language) -> str:
    """Say that nothing moves, because our disk takes nothing."""
    return " ".join(t(part) for part in _STUCK)


def costs_nothing(render: Render) -> bool:
    """Whether a job ended before anything can have been bought."""
    return _NOTHING_BOUGHT in _parts(render)


def _parts(render: Render) -> tuple[str, ...]:
    known = _BY_CODE.get(render.status, {})
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
    """Say that the server does not remix, and what does."""
    return " ".join(t(part) for part in FAILURES[Reason.CANNOT_REMIX])
