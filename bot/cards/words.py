"""Every word a user reads: titles, sentences, and the advice that goes with each failure."""

import math
from collections.abc import Sequence
from typing import Final

from bot.cards.i18n import N_, NN_, Language, language
from bot.cards.text import plain
from bot.jobs.models import Fallback, Render, RenderStatus
from bot.jobs.reasons import Reason
from bot.requests.order import Beside
from bot.requests.queries import Phase
from bot.videos.causes import Cause, cause_of
from bot.videos.models import PROMPT_LIMIT

NOTHING: Final = Beside()
EMOJI: Final = {
    RenderStatus.REQUESTED: "🎬",
    RenderStatus.SENDING: "🎬",
    RenderStatus.UNCONFIRMED: "❔",
    RenderStatus.QUEUED: "⏳",
    RenderStatus.IN_PROGRESS: "🎥",
    RenderStatus.COMPLETED: "📦",
    RenderStatus.DELIVERED: "✅",
    RenderStatus.UNDELIVERED: "📦",
    RenderStatus.FAILED: "❌",
    RenderStatus.CANCELLED: "🚫",
    RenderStatus.EXPIRED: "⌛",
}
TITLES: Final = {
    RenderStatus.REQUESTED: N_("Requested"),
    RenderStatus.SENDING: N_("Requested"),
    RenderStatus.UNCONFIRMED: N_("Unconfirmed"),
    RenderStatus.QUEUED: N_("Queued"),
    RenderStatus.IN_PROGRESS: N_("In progress"),
    RenderStatus.COMPLETED: N_("Rendered"),
    RenderStatus.DELIVERED: N_("Completed"),
    RenderStatus.UNDELIVERED: N_("Not delivered"),
    RenderStatus.FAILED: N_("Failed"),
    RenderStatus.CANCELLED: N_("Cancelled"),
    RenderStatus.EXPIRED: N_("Expired"),
}

PREVIEW_MODEL: Final = "preview"
"""The embedded renderer, which costs nothing."""

_NOTHING_BOUGHT: Final = N_("Nothing was rendered or charged.")
_PERHAPS_BOUGHT: Final = N_("It may have been charged.")
_MODERATION: Final = (
    N_("The video server's content rules refused this prompt or image."),
    N_("Rephrase it and try again."),
)
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
        N_("The video server no longer knows this film; it was probably restarted."),
        _PERHAPS_BOUGHT,
        N_("Try again to have it rendered anew."),
    ),
    Reason.NOT_SENT_BEFORE_RESTART: (
        N_("The bot was restarted before this was sent."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    Reason.CANNOT_REMIX: (
        N_("The video server took no remix: it makes none, or no longer has this film."),
        _NOTHING_BOUGHT,
        N_("Use “Edit prompt” instead, which makes a film of its own."),
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
        N_("The film could not be delivered while it was kept, and is gone from the bot's disk."),
        N_("Try again to have it rendered anew."),
    ),
    Reason.OVERDUE: (
        N_("The video server has not finished this in the time the bot waits for a film."),
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
        N_("The film is rendered, but this message has lost it."),
        N_("Press Redeliver to have it put in again."),
    ),
    Reason.TOO_LARGE: (
        N_("The film is rendered and kept, but larger than what may be uploaded here."),
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
        N_("The film is rendered and kept, but the bot may not post here any more."),
        N_(
            "Let it see this channel, send messages and attach files; if the film does not come "
            "then, press Redeliver."
        ),
    ),
    Reason.FILM_REFUSED: (
        N_("The video is rendered and kept, but Discord refuses the video itself here."),
        N_("Press Redeliver to try once more, or have another one made."),
    ),
    Reason.NOT_ACCEPTED: (
        N_("The film is rendered and kept, but Discord refused it several times."),
        _PRESS_REDELIVER,
    ),
    Reason.UNFORESEEN: (
        N_("The film is rendered and kept, but something went wrong inside the bot."),
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
    RenderStatus.COMPLETED: (N_("The film is rendered and on its way into this message."),),
    RenderStatus.DELIVERED: (),
    RenderStatus.UNDELIVERED: (
        N_("The film is rendered, but the video server did not hand it over as a whole film."),
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

UNREACHABLE: Final = N_("The video server stopped answering {since}.")
NOTHING_LOST: Final = N_("Nothing is lost: this goes on by itself once it answers.")
BY_MESSAGE: Final = N_(
    "The bot is not a member here: if this takes over 15 minutes, the film comes to you as a "
    "direct message."
)
ELSEWHERE: Final = N_("Sent to you here, because the bot can no longer write in {channel}.")
ELSEWHERE_REFUSED: Final = N_("Sent to you here, because Discord refused it in {channel}.")
STANDS_STILL: Final = N_(
    "Discord refuses to change the message above, so it stands still. Your video is being made all "
    "the same, and comes in a message of its own."
)
CARD_REFUSED: Final = N_(
    "Discord refused the message for this request, so nothing was started or charged. Try again in "
    "other words."
)
ANSWER_REFUSED: Final = N_(
    "Discord refused the words of the bot's answer. If you asked for a video and see no message "
    "for it, nothing was started."
)
LEFT_FOR_DIRECT: Final = N_(
    "The film is in a direct message to {who}, because the bot could not write here when it was "
    "ready."
)
LEFT_FOR_REPLY: Final = N_(
    "The film is in [a reply to this message]({link}), because Discord let this one change no more."
)
PLAINLY: Final = N_(
    "The usual card could not be shown, so this is all it says. If that happens again, tell "
    "whoever runs this bot."
)
QUIET: Final = N_(
    "Discord lets old messages change only rarely, so this one rests now and changes again when "
    "the film is ready."
)
PREVIEW_NOTICE: Final = N_("Drawn by the built-in preview renderer, which is no generative model.")
CONVERTED: Final = N_("Converted so that it plays everywhere.")
IMAGE_FITTED: Final = N_("Your image was cut and scaled to the film's exact frame.")
FITTED: Final = N_("Encoded anew to fit: the film itself is larger than what may be uploaded here.")
LINK: Final = N_(
    "The film is larger than what may be uploaded here: [watch or save it]({link}) until {when}."
)
SERVER_SAID: Final = N_("The video server said: “{reason}”")
PLACE: Final = N_("Waiting for its turn: number {place} of {line} in line.")
READY: Final = N_("Probably ready {when}.")
FOR: Final = N_("for {who}")
FROM: Final = N_("made from [this film]({link})")
SECONDS: Final = N_("{seconds} s")

VIEW_CHANNEL: Final = N_("View Channel")
SEND_MESSAGES: Final = N_("Send Messages")
SEND_IN_THREADS: Final = N_("Send Messages in Threads")
ATTACH_FILES: Final = N_("Attach Files")
MISSING_PERMISSIONS: Final = N_(
    "The bot lacks here: {missing}. Your film is made all the same; if it takes over 15 minutes, "
    "it comes to you as a direct message. Whoever manages this channel can grant what is missing."
)

GONE_WRONG: Final = N_(
    "Something went wrong inside the bot. Try again; if it stays so, tell whoever runs this bot."
)
STOPPING: Final = N_("The bot is being restarted, so nothing was started. Try again in a minute.")
NOT_WRITTEN: Final = N_(
    "The bot cannot write to its disk at the moment, so nothing was started. "
    "Try again later, and tell whoever runs this bot."
)
PROMPT_PROBLEM: Final = N_(
    "A prompt needs between 1 and {most} characters that say something. "
    "Nothing was started; describe the film you want."
)
WRONG_IMAGE: Final = N_(
    "An image has to be PNG, JPEG or WebP, and this is {kind}, so nothing was started. "
    "Save it as one of these and try again."
)
IMAGE_TOO_LARGE: Final = N_(
    "An image may have at most {most} MB, and this one has {size} MB, so nothing was started. "
    "Scale it down and try again."
)
IMAGE_UNUSABLE: Final = N_(
    "This image cannot be used: {reason}. Nothing was rendered or charged. "
    "Try again with another image, or without one."
)
# What bot.media says of an image, to be translated here.
BAD_IMAGE: Final = (
    N_("it has more than 16 megapixels"),
    N_("it is not a PNG, JPEG or WebP image"),
    N_("the file is damaged"),
    N_("it takes too long to open"),
    N_("it takes too much memory to open"),
)
CANNOT_OPEN: Final = N_("it cannot be opened")
RUNNING_SHOWN: Final = 5
"""Films named when somebody has too many; a message holds 2000 characters."""
NOT_HANDED_OVER: Final = N_("Discord did not hand it over")
NOT_OFFERED: Final = N_(
    "“{value}” is not among what this bot offers, so nothing was started. Choose one of: {offered}."
)
NO_MODELS: Final = N_(
    "The video server names no models to choose from, so nothing was started. Leave “model” empty, "
    "and it takes its own."
)
ALL_BUSY: Final = N_(
    "As many films as this bot renders at once are running already, so nothing was started. "
    "Try again when one of them has ended."
)
STILL_RENDERED: Final = NN_(
    "One more of your videos, cancelled, is still being rendered: the video server does not stop "
    "it.",
    "{number} more of your videos, cancelled, are still being rendered: the video server does not "
    "stop them.",
)
MAYBE_RENDERED: Final = NN_(
    "Of one more nobody knows whether the video server renders it; it counts for an hour.",
    "Of {number} more nobody knows whether the video server renders them; they count for an hour.",
)
DISK_FULL: Final = N_(
    "The bot's disk for videos is full, so nothing was started. Ask the person who runs the bot to "
    "make room."
)
TOO_FAST: Final = NN_(
    "That was too fast, so nothing was done. Try again in one second.",
    "That was too fast, so nothing was done. Try again in {number} seconds.",
)
OVER_LIMIT: Final = NN_(
    "You have one film running, as many as one person may have at once, so nothing was started. "
    "Come back when it has ended:",
    "You have {number} films running, as many as one person may have at once, so nothing was "
    "started. Come back when one of them has ended:",
)


def title(render: Render, t: Language) -> str:
    """Name the state, in words and with its emoji."""
    return f"{EMOJI[render.status]} {t(TITLES[render.status])}"


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


def over_limit(own: Sequence[Render], most: int, t: Language, beside: Beside = NOTHING) -> str:
    """Say what of this person's counts, of `most` at once, and when to come back."""
    total = len(own) + beside.cancelled + beside.unknown
    if total < most:
        return t(ALL_BUSY)
    lines = [t.count(OVER_LIMIT, total)]
    lines += [f"- {_running(render, t)}" for render in own[:RUNNING_SHOWN]]
    if beside.cancelled:
        lines.append(f"- {t.count(STILL_RENDERED, beside.cancelled)}")
    if beside.unknown:
        lines.append(f"- {t.count(MAYBE_RENDERED, beside.unknown)}")
    return "\n".join(lines)


def too_fast(wait: float, t: Language) -> str:
    """Say when somebody may go on, in whole seconds."""
    return t.count(TOO_FAST, math.ceil(wait))


def link(address: str, expires_at: float, t: Language) -> str:
    """Say where a film that was too large can be had, and until when."""
    return t(LINK, link=address, when=f"<t:{int(expires_at)}:f>")


def where_instead(render: Render) -> str | None:
    """Say in a card that its film did not come into where it is; None where no film came."""
    t = language(render.request.locale)
    if render.status is not RenderStatus.DELIVERED:
        return None
    if render.card.fallback is Fallback.REPLY:
        return t(LEFT_FOR_REPLY, link=render.request.link)
    return t(LEFT_FOR_DIRECT, who=f"<@{render.request.requester_id}>")


def _running(render: Render, t: Language) -> str:
    where = f" · {render.request.link}" if render.card.message_id is not None else ""
    state = t(TITLES[render.status])
    return (
        f"{plain(render.spec.prompt, 60)} · {state}, <t:{int(render.request.created_at)}:R>{where}"
    )


def not_offered(value: str, offered: Sequence[str], t: Language) -> str:
    """Say what may be chosen instead."""
    if not offered:
        return t(NO_MODELS)
    choices = plain(", ".join(offered), 500)
    return t(NOT_OFFERED, value=plain(value, 60), offered=choices)


def prompt_problem(t: Language) -> str:
    """Say what a prompt has to be."""
    return t(PROMPT_PROBLEM, most=t.number(PROMPT_LIMIT))


def wrong_image_type(content_type: str | None, t: Language) -> str:
    """Say what images are taken."""
    return t(WRONG_IMAGE, kind=plain(content_type or "?", 60))


def image_too_large(size: int, limit: int, t: Language) -> str:
    """Say how large an image may be; both in bytes."""
    return t(IMAGE_TOO_LARGE, most=_megabytes(limit, t), size=_megabytes(size, t))


def image_unusable(reason: str, t: Language) -> str:
    """Say why the bytes cannot be used as a reference image."""
    known = reason if reason in (*BAD_IMAGE, NOT_HANDED_OVER) else CANNOT_OPEN
    return t(IMAGE_UNUSABLE, reason=t(known))


def cannot_remix(t: Language) -> str:
    """Say that the server does not remix, and what does."""
    return " ".join(t(part) for part in FAILURES[Reason.CANNOT_REMIX])


def missing_permissions(missing: Sequence[str], t: Language) -> str:
    """Say what the bot may not do here, and what becomes of the film."""
    return t(MISSING_PERMISSIONS, missing=", ".join(t(name) for name in missing))


def _megabytes(size: int, t: Language) -> str:
    return t.number(round(size / 1024**2, 1))
