"""Words that people read: titles, notes on the card, private answers."""

import math
from collections.abc import Sequence
from typing import Final

from bot.cards.i18n import N_, NN_, Language, language
from bot.cards.text import plain
from bot.jobs.models import Fallback, Render, RenderStatus
from bot.requests.admission import Beside

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
    RenderStatus.UNCONFIRMED: N_("Not sure it was sent"),
    RenderStatus.QUEUED: N_("Queued"),
    RenderStatus.IN_PROGRESS: N_("In progress"),
    RenderStatus.COMPLETED: N_("On its way"),
    RenderStatus.DELIVERED: N_("Completed"),
    RenderStatus.UNDELIVERED: N_("Not delivered"),
    RenderStatus.FAILED: N_("Failed"),
    RenderStatus.CANCELLED: N_("Cancelled"),
    RenderStatus.EXPIRED: N_("Expired"),
}

UNREACHABLE: Final = N_("The video server stopped answering {since}.")
BY_MESSAGE: Final = N_("If this takes over 15 minutes, you'll get the video as a direct message.")
ELSEWHERE: Final = N_("Sent here because the bot can't post in {channel} anymore.")
ELSEWHERE_REFUSED: Final = N_("Sent here because Discord blocked it in {channel}.")
STANDS_STILL: Final = N_(
    "Discord blocks updates to the message above. Your video is still being made and will "
    "come in a new message."
)
CARD_REFUSED: Final = N_(
    "Discord blocked this message, so nothing was started or charged. Try other words."
)
ANSWER_REFUSED: Final = N_(
    "Discord blocked the bot's answer. If you asked for a video and don't see it, nothing "
    "was started."
)
LEFT_FOR_DIRECT: Final = N_(
    "The video went to {who} as a direct message, because the bot couldn't post here."
)
LEFT_FOR_REPLY: Final = N_("The video is in [a reply to this message]({link}).")
PLAINLY: Final = N_(
    "The full card couldn't be shown. If this keeps happening, tell the bot's owner."
)
QUIET: Final = N_("Live updates have ended. This message will change when the video is ready.")
PREVIEW_NOTICE: Final = N_("Preview only: no AI model is connected.")
CONVERTED: Final = N_("Converted so it plays everywhere.")
IMAGE_FITTED: Final = N_("Your image was cropped and resized to fit the video.")
FITTED: Final = N_("Compressed to fit the upload limit here.")
LINK: Final = N_("The video is too large to upload here. [Watch or save it]({link}) until {when}.")
SERVER_SAID: Final = N_("The video server said: “{reason}”")
PLACE: Final = N_("Number {place} of {line} in line.")
READY: Final = N_("Probably ready {when}.")
FOR: Final = N_("for {who}")
FROM: Final = N_("made from [this video]({link})")
SAME_PROMPT: Final = N_("same prompt as [this video]({link})")
SECONDS: Final = N_("{seconds} s")

VIEW_CHANNEL: Final = N_("View Channel")
SEND_MESSAGES: Final = N_("Send Messages")
SEND_IN_THREADS: Final = N_("Send Messages in Threads")
ATTACH_FILES: Final = N_("Attach Files")
MISSING_PERMISSIONS: Final = N_(
    "The bot is missing permissions here: {missing}. If your video takes over 15 minutes, "
    "you'll get it as a direct message. Anyone who manages this channel can add them."
)

GONE_WRONG: Final = N_(
    "Something went wrong. Try again. If it keeps happening, tell the bot's owner."
)
STOPPING: Final = N_("The bot is restarting, so nothing was started. Try again in a minute.")
NOT_WRITTEN: Final = N_(
    "The bot can't save anything right now, so nothing was started. Tell the bot's owner, "
    "and try again later."
)
NOTHING_STARTED: Final = N_("Nothing was started.")
NOT_SAVED: Final = N_(
    "The bot can't save anything right now, so nothing was changed. Tell the bot's owner, "
    "and try again later."
)
EMPTY_PROMPT: Final = N_("Your prompt is empty. Describe the video you want.")
WRONG_IMAGE: Final = N_("This file is {kind}. Use a PNG, JPEG or WebP image.")
IMAGE_TOO_LARGE: Final = N_("This image is {size} MB. Use one of at most {most} MB.")
IMAGE_UNUSABLE: Final = N_(
    "This image can't be used: {reason}. Nothing was charged. Try another image, or none."
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
"""Videos listed when somebody has too many; a message holds 2000 characters."""
NOT_HANDED_OVER: Final = N_("Discord did not send it")
NOT_OFFERED: Final = N_("“{value}” isn't available. Choose one of: {offered}.")
NO_MODELS: Final = N_("The video server lists no models. Leave “model” empty to use its default.")
ALL_BUSY: Final = N_("The bot is making as many videos as it can. Try again when one is done.")
COMMUNITY_BUSY: Final = NN_(
    "This server can make 1 video at a time. Try again when it's done.",
    "This server can make {number} videos at a time. Try again when one is done.",
)
STILL_RENDERED: Final = NN_(
    "One cancelled video that the video server can't stop.",
    "{number} cancelled videos that the video server can't stop.",
)
MAYBE_RENDERED: Final = NN_(
    "One video that may be running. It counts for an hour.",
    "{number} videos that may be running. They count for an hour.",
)
DISK_FULL: Final = N_(
    "The bot's disk is full, so nothing was started. Ask the bot's owner to free disk space."
)
TOO_FAST: Final = NN_(
    "That was too fast. Try again in one second.",
    "That was too fast. Try again in {number} seconds.",
)
OVER_LIMIT: Final = NN_(
    "You can make 1 video at a time. This one is still running:",
    "You can make {number} videos at a time. These are still running:",
)


def title(render: Render, t: Language) -> str:
    """Name the state, in words and with its emoji."""
    return f"{EMOJI[render.status]} {t(TITLES[render.status])}"


def over_limit(
    own: Sequence[Render],
    most: int,
    t: Language,
    beside: Beside = NOTHING,
    *,
    most_of_community: int | None = None,
) -> str:
    """Say how many videos one person can make at a time, and which are still running.

    Else, how many the whole community can, where that is why; else that the bot is busy.
    """
    total = len(own) + beside.cancelled + beside.unknown
    if total < most:
        return (
            t(ALL_BUSY) if most_of_community is None else t.count(COMMUNITY_BUSY, most_of_community)
        )
    lines = [t.count(OVER_LIMIT, most)]
    lines += [f"- {_running(render, t)}" for render in own[:RUNNING_SHOWN]]
    if beside.cancelled:
        lines.append(f"- {t.count(STILL_RENDERED, beside.cancelled)}")
    if beside.unknown:
        lines.append(f"- {t.count(MAYBE_RENDERED, beside.unknown)}")
    return "\n".join(lines)


def too_fast(wait: float, t: Language) -> str:
    """Say when to try again, in whole seconds."""
    return t.count(TOO_FAST, math.ceil(wait))


def link(address: str, expires_at: float, t: Language) -> str:
    """Say where to watch a film that was too large, and until when."""
    return t(LINK, link=address, when=f"<t:{int(expires_at)}:f>")


def where_instead(render: Render) -> str | None:
    """Say in a card where its film is instead; None where there is no film."""
    t = language(render.request.locale)
    if render.status is not RenderStatus.DELIVERED:
        return None
    if render.card.fallback is Fallback.REPLY:
        return t(LEFT_FOR_REPLY, link=render.request.link)
    return t(LEFT_FOR_DIRECT, who=f"<@{render.request.requester_id}>")


def _running(render: Render, t: Language) -> str:
    where = f" · {render.request.link}" if render.card.message_id is not None else ""
    state = t(TITLES[render.status])
    prompt, asked = plain(render.spec.shown_prompt, 60), int(render.request.created_at)
    return f"{prompt} · {state}, <t:{asked}:R>{where}"


def not_offered(value: str, offered: Sequence[str], t: Language) -> str:
    """Say what can be chosen instead."""
    if not offered:
        return t(NO_MODELS)
    choices = plain(", ".join(offered), 500)
    return t(NOT_OFFERED, value=plain(value, 60), offered=choices)


def wrong_image_type(content_type: str | None, t: Language) -> str:
    """Say which types of image are accepted."""
    return t(WRONG_IMAGE, kind=plain(content_type or "?", 60))


def image_too_large(size: int, limit: int, t: Language) -> str:
    """Say how large an image can be; `size` and `limit` are in bytes."""
    return t(IMAGE_TOO_LARGE, most=_megabytes(limit, t), size=_megabytes(size, t))


def image_unusable(reason: str, t: Language) -> str:
    """Say why the file can't be used as a reference image."""
    known = reason if reason in (*BAD_IMAGE, NOT_HANDED_OVER) else CANNOT_OPEN
    return t(IMAGE_UNUSABLE, reason=t(known))


def missing_permissions(missing: Sequence[str], t: Language) -> str:
    """Say which permissions the bot is missing here, and where a late film goes."""
    return t(MISSING_PERMISSIONS, missing=", ".join(t(name) for name in missing))


def _megabytes(size: int, t: Language) -> str:
    return t.number(round(size / 1024**2, 1))
