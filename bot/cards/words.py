"""Words that people read: titles, notes on the card, private answers."""

import math
from collections.abc import Sequence
from typing import Final

from bot.cards.i18n import N_, NN_, Language, language
from bot.cards.text import plain
from bot.jobs.models import Fallback, Render, RenderStatus
from bot.requests.admission import Beside
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

UNREACHABLE: Final = N_("The video server stopped answering {since}.")
BY_MESSAGE: Final = N_(
    "The bot is not a member here: if this takes over 15 minutes, the video comes to you as a "
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
    "The video is in a direct message to {who}, because the bot could not write here when it was "
    "ready."
)
LEFT_FOR_REPLY: Final = N_(
    "The video is in [a reply to this message]({link}), because Discord let this one change no "
    "more."
)
PLAINLY: Final = N_(
    "The usual card could not be shown, so this is all it says. If that happens again, tell "
    "whoever runs this bot."
)
QUIET: Final = N_(
    "Discord lets old messages change only rarely, so this one rests now and changes again when "
    "the video is ready."
)
PREVIEW_NOTICE: Final = N_("Drawn by the built-in preview renderer, which is no generative model.")
CONVERTED: Final = N_("Converted so that it plays everywhere.")
IMAGE_FITTED: Final = N_("Your image was cut and scaled to the video's exact frame.")
FITTED: Final = N_(
    "Encoded anew to fit: the video itself is larger than what may be uploaded here."
)
LINK: Final = N_(
    "The video is larger than what may be uploaded here: [watch or save it]({link}) until {when}."
)
SERVER_SAID: Final = N_("The video server said: “{reason}”")
PLACE: Final = N_("Waiting for its turn: number {place} of {line} in line.")
READY: Final = N_("Probably ready {when}.")
FOR: Final = N_("for {who}")
FROM: Final = N_("made from [this video]({link})")
SECONDS: Final = N_("{seconds} s")

VIEW_CHANNEL: Final = N_("View Channel")
SEND_MESSAGES: Final = N_("Send Messages")
SEND_IN_THREADS: Final = N_("Send Messages in Threads")
ATTACH_FILES: Final = N_("Attach Files")
MISSING_PERMISSIONS: Final = N_(
    "The bot lacks here: {missing}. Your video is made all the same; if it takes over 15 minutes, "
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
    "Nothing was started; describe the video you want."
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
    "As many videos as this bot renders at once are running already, so nothing was started. "
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
    "You have one video running, as many as one person may have at once, so nothing was started. "
    "Come back when it has ended:",
    "You have {number} videos running, as many as one person may have at once, so nothing was "
    "started. Come back when one of them has ended:",
)


def title(render: Render, t: Language) -> str:
    """Name the state, in words and with its emoji."""
    return f"{EMOJI[render.status]} {t(TITLES[render.status])}"


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


def missing_permissions(missing: Sequence[str], t: Language) -> str:
    """Say what the bot may not do here, and what becomes of the film."""
    return t(MISSING_PERMISSIONS, missing=", ".join(t(name) for name in missing))


def _megabytes(size: int, t: Language) -> str:
    return t.number(round(size / 1024**2, 1))
