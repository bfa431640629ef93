"""Every word a user reads: titles, sentences, and the advice that goes with each failure."""

import math
from collections.abc import Sequence
from typing import Final

from bot.cards.i18n import N_, NN_, Language, language
from bot.cards.text import plain
from bot.jobs import lifecycle
from bot.jobs.models import Fallback, Job, JobStatus
from bot.requests.order import Beside
from bot.videos import errors
from bot.videos.causes import Cause, cause_of
from bot.videos.models import PROMPT_LIMIT

NOTHING: Final = Beside()
EMOJI: Final = {
    JobStatus.REQUESTED: "🎬",
    JobStatus.SENDING: "🎬",
    JobStatus.UNCONFIRMED: "❔",
    JobStatus.QUEUED: "⏳",
    JobStatus.IN_PROGRESS: "🎥",
    JobStatus.COMPLETED: "📦",
    JobStatus.DELIVERED: "✅",
    JobStatus.UNDELIVERED: "📦",
    JobStatus.FAILED: "❌",
    JobStatus.CANCELLED: "🚫",
    JobStatus.EXPIRED: "⌛",
}
TITLES: Final = {
    JobStatus.REQUESTED: N_("Requested"),
    JobStatus.SENDING: N_("Requested"),
    JobStatus.UNCONFIRMED: N_("Unconfirmed"),
    JobStatus.QUEUED: N_("Queued"),
    JobStatus.IN_PROGRESS: N_("In progress"),
    JobStatus.COMPLETED: N_("Rendered"),
    JobStatus.DELIVERED: N_("Completed"),
    JobStatus.UNDELIVERED: N_("Not delivered"),
    JobStatus.FAILED: N_("Failed"),
    JobStatus.CANCELLED: N_("Cancelled"),
    JobStatus.EXPIRED: N_("Expired"),
}

TOO_LARGE: Final = "too_large"
FILM_REFUSED: Final = "film_refused"
NO_ACCESS: Final = "no_access"
FITTING: Final = "fitting"
CONVERTING: Final = "converting"
"""A rendered film is being encoded anew; on its card alone, never on disk."""
FRAMES_TOO_LARGE: Final = "frames_too_large"
CANNOT_CONVERT: Final = "cannot_convert"

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
FAILURES: Final[dict[str, tuple[str, ...]]] = {
    errors.NotSent.code: (
        N_("The video server cannot be reached."),
        _NOTHING_BOUGHT,
        _TRY_LATER,
    ),
    errors.Busy.code: _BUSY,
    errors.Unauthorized.code: (
        N_("The video server does not accept this bot's key."),
        _NOTHING_BOUGHT,
        N_("Only whoever runs this bot can mend that: VIDEOS_API_KEY."),
    ),
    errors.NotAllowed.code: (
        N_("The video server does not allow this bot to have this made."),
        _NOTHING_BOUGHT,
        N_("Tell whoever runs this bot."),
    ),
    errors.Moved.code: (
        N_("The video server has moved to another address."),
        _NOTHING_BOUGHT,
        N_("Whoever runs this bot has to set VIDEOS_BASE_URL to it; the bot's log names it."),
    ),
    errors.BadRequest.code: (
        N_("The video server refused this request."),
        _NOTHING_BOUGHT,
        N_(
            "Try again with other words, another size or length; if it stays so, tell whoever runs "
            "this bot."
        ),
    ),
    lifecycle.SERVER_FORGOT: (
        N_("The video server no longer knows this film; it was probably restarted."),
        _PERHAPS_BOUGHT,
        N_("Try again to have it rendered anew."),
    ),
    lifecycle.NOT_SENT_BEFORE_RESTART: (
        N_("The bot was restarted before this was sent."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    lifecycle.CANNOT_REMIX: (
        N_("The video server took no remix: it makes none, or no longer has this film."),
        _NOTHING_BOUGHT,
        N_("Use “Edit prompt” instead, which makes a film of its own."),
    ),
    lifecycle.IMAGE_LOST: (
        N_("The image is no longer to be had, so this was not sent."),
        _NOTHING_BOUGHT,
        N_("Use /video again with the image."),
    ),
    lifecycle.IMAGE_UNUSABLE: (
        N_("Your image cannot be used."),
        _NOTHING_BOUGHT,
        N_("Use /video again with another image, or without one."),
    ),
    lifecycle.DISCORD_AWAY: (
        N_("Discord could not be reached in time, so this was not sent."),
        _NOTHING_BOUGHT,
        N_("Try again if you still want it."),
    ),
    lifecycle.UNFORESEEN: (
        N_("Something went wrong inside the bot, so this was not sent."),
        _NOTHING_BOUGHT,
        _TRY_LATER,
    ),
    lifecycle.DISK_FAILED: (
        N_("The bot could not write to its disk, so it did not send this."),
        _NOTHING_BOUGHT,
        _MAKE_ROOM,
    ),
}
EXPIRED: Final[dict[str, tuple[str, ...]]] = {
    lifecycle.NOT_KEPT: (
        N_("The film could not be delivered while it was kept, and is gone from the bot's disk."),
        N_("Try again to have it rendered anew."),
    ),
    lifecycle.OVERDUE: (
        N_("The video server has not finished this in the time the bot waits for a film."),
        _PERHAPS_BOUGHT,
        N_("It was not deleted there: press Look again to ask for it once more."),
    ),
}
_PRESS_REDELIVER: Final = N_(
    "Press Redeliver to try once more; if it stays so, tell whoever runs this bot."
)
UNDELIVERED: Final[dict[str, tuple[str, ...]]] = {
    errors.FilmWithheld.code: (
        N_("The video is rendered, but the video server does not hand it over to this bot."),
        N_("Only whoever runs this bot can mend that: VIDEOS_API_KEY."),
        _PRESS_REDELIVER,
    ),
    errors.FilmTooLarge.code: (
        N_("The video is rendered, but it is larger than the room that this bot has for videos."),
        N_("Whoever runs this bot can make more room: FILMS_MAX_GB."),
        _PRESS_REDELIVER,
    ),
    lifecycle.FILM_LOST: (
        N_("The film is rendered, but this message has lost it."),
        N_("Press Redeliver to have it put in again."),
    ),
    TOO_LARGE: (
        N_("The film is rendered and kept, but larger than what may be uploaded here."),
        N_("Whoever runs this bot can hand it over; a shorter or smaller one would fit."),
    ),
    CANNOT_CONVERT: (
        N_("The video is rendered and kept, but not every client plays it and converting failed."),
        _PRESS_REDELIVER,
    ),
    FRAMES_TOO_LARGE: (
        N_("The video is rendered and kept, but its picture is larger than 4K."),
        N_("Whoever runs this bot can hand it over; a smaller one would come by itself."),
    ),
    NO_ACCESS: (
        N_("The film is rendered and kept, but the bot may not post here any more."),
        N_(
            "Let it see this channel, send messages and attach files; if the film does not come "
            "then, press Redeliver."
        ),
    ),
    FILM_REFUSED: (
        N_("The video is rendered and kept, but Discord refuses the video itself here."),
        N_("Press Redeliver to try once more, or have another one made."),
    ),
    lifecycle.NOT_TAKEN: (
        N_("The film is rendered and kept, but Discord refused it several times."),
        _PRESS_REDELIVER,
    ),
    lifecycle.UNFORESEEN: (
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
COMPLETED: Final[dict[str, tuple[str, ...]]] = {
    lifecycle.DISK_FAILED: _STUCK,
    errors.FilmNotReady.code: (
        N_("The video is rendered, but the video server does not hand it over yet."),
        _ASKED_AGAIN,
    ),
    errors.FilmBroken.code: (
        N_("The video is rendered, but what the video server hands over is no whole video."),
        _ASKED_AGAIN,
    ),
    errors.FilmWithheld.code: _WITHHELD,
    FITTING: (N_("Larger than what may be uploaded here: it is being encoded anew to fit."),),
    CONVERTING: (N_("It is being converted so that it plays everywhere."),),
}
CANCELLED: Final[dict[str, tuple[str, ...]]] = {
    lifecycle.CANCELLED_EVERYWHERE: (N_("Cancelled, on the video server too."),),
    lifecycle.CANCELLED_HERE: (
        N_("Nobody waits for it any more, but the video server may still render it."),
        _PERHAPS_BOUGHT,
    ),
    lifecycle.DROPPED: (N_("Dropped."), _PERHAPS_BOUGHT),
}
SENTENCES: Final[dict[JobStatus, tuple[str, ...]]] = {
    JobStatus.REQUESTED: (N_("Your request is written down and on its way to the video server."),),
    JobStatus.SENDING: (N_("Your request is written down and on its way to the video server."),),
    JobStatus.UNCONFIRMED: (
        N_("The request left the bot, and no usable answer came back."),
        N_("Nobody knows whether the video server is rendering it."),
        N_("It is not sent again by itself, so that nothing is bought twice."),
        N_("Look again first; sending again may render and charge it a second time."),
    ),
    JobStatus.QUEUED: (N_("Waiting for its turn on the video server."),),
    JobStatus.IN_PROGRESS: (N_("The video server is rendering."),),
    JobStatus.COMPLETED: (N_("The film is rendered and on its way into this message."),),
    JobStatus.DELIVERED: (),
    JobStatus.UNDELIVERED: (
        N_("The film is rendered, but the video server did not hand it over as a whole film."),
        N_("It was asked several times. Press Redeliver to ask once more."),
    ),
    JobStatus.FAILED: (
        N_("The video server could not render this."),
        N_("Try again; if it fails again, change the prompt."),
    ),
    JobStatus.CANCELLED: (N_("The video server cancelled this job."), N_("Try again.")),
    JobStatus.EXPIRED: (N_("The video server let this job expire."), N_("Try again.")),
}
_BY_CODE: Final = {
    JobStatus.COMPLETED: COMPLETED,
    JobStatus.FAILED: FAILURES,
    JobStatus.UNDELIVERED: UNDELIVERED,
    JobStatus.CANCELLED: CANCELLED,
    JobStatus.EXPIRED: EXPIRED,
}

_WITHOUT_FILM: Final = frozenset({JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED})

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


def title(job: Job, t: Language) -> str:
    """Name the state, in words and with its emoji."""
    return f"{EMOJI[job.status]} {t(TITLES[job.status])}"


def sentence(job: Job) -> str:
    """Say what is going on and, where that is anything, what to do."""
    t = language(job.locale)
    if job.unreachable_since is not None:
        return t(NOTHING_LOST)
    return " ".join(t(part) for part in _parts(job))


def stuck(t: Language) -> str:
    """Say that nothing moves, because our disk takes nothing."""
    return " ".join(t(part) for part in _STUCK)


def costs_nothing(job: Job) -> bool:
    """Whether a job ended before anything can have been bought."""
    return _NOTHING_BOUGHT in _parts(job)


def _parts(job: Job) -> tuple[str, ...]:
    known = _BY_CODE.get(job.status, {})
    by_us = known.get(job.error_code or "", SENTENCES[job.status])
    cause = None if job.status is not JobStatus.FAILED else _cause(job)
    return _with_charge(by_us if cause is None else CAUSES[cause], job)


def _cause(job: Job) -> Cause | None:
    """Return what the server's own words speak of.

    A refused key is that, whatever they are, and so is a server that is busy.
    """
    if job.error_code in {errors.Unauthorized.code, errors.Busy.code}:
        return None
    cause = cause_of(job.server_code, job.error_message)
    return None if cause is Cause.IMAGE and job.image_name is None else cause


def _with_charge(parts: tuple[str, ...], job: Job) -> tuple[str, ...]:
    """Say after what happened whether it was charged, as far as that is known."""
    if job.model == PREVIEW_MODEL:
        return tuple(part for part in parts if part != _PERHAPS_BOUGHT)
    if job.status not in _WITHOUT_FILM:
        return parts
    if _NOTHING_BOUGHT in parts or _PERHAPS_BOUGHT in parts:
        return parts
    charge = _NOTHING_BOUGHT if job.video_id is None else _PERHAPS_BOUGHT
    return parts[0], charge, *parts[1:]


def over_limit(
    own: Sequence[Job], most: int, guild_id: int | None, t: Language, beside: Beside = NOTHING
) -> str:
    """Say what of this person's counts, of `most` at once, and when to come back."""
    total = len(own) + beside.cancelled + beside.unknown
    if total < most:
        return t(ALL_BUSY)
    lines = [t.count(OVER_LIMIT, total)]
    lines += [f"- {_running(job, guild_id, t)}" for job in own[:RUNNING_SHOWN]]
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


def where_instead(job: Job) -> str | None:
    """Say in a card that its film did not come into where it is; None where no film came."""
    t = language(job.locale)
    if job.status is not JobStatus.DELIVERED:
        return None
    if job.road is Fallback.REPLY:
        return t(LEFT_FOR_REPLY, link=message_link(job, job.guild_id))
    return t(LEFT_FOR_DIRECT, who=f"<@{job.requester_id}>")


def message_link(job: Job, guild_id: int | None) -> str:
    """Return the address of a job's message."""
    place = guild_id or "@me"
    return f"https://discord.com/channels/{place}/{job.channel_id}/{job.message_id}"


def _running(job: Job, guild_id: int | None, t: Language) -> str:
    where = f" · {message_link(job, guild_id)}" if job.message_id is not None else ""
    state = t(TITLES[job.status])
    return f"{plain(job.prompt, 60)} · {state}, <t:{int(job.created_at)}:R>{where}"


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
    return " ".join(t(part) for part in FAILURES[lifecycle.CANNOT_REMIX])


def missing_permissions(missing: Sequence[str], t: Language) -> str:
    """Say what the bot may not do here, and what becomes of the film."""
    return t(MISSING_PERMISSIONS, missing=", ".join(t(name) for name in missing))


def _megabytes(size: int, t: Language) -> str:
    return t.number(round(size / 1024**2, 1))
