"""Every word a user reads: titles, sentences, and the advice that goes with each failure."""

from collections.abc import Sequence
from typing import Final

from bot.jobs import lifecycle
from bot.jobs.models import Job, JobStatus
from bot.status.text import plain
from bot.videos import errors
from bot.videos.models import PROMPT_LIMIT

TITLES: Final = {
    JobStatus.REQUESTED: "🎬 Requested",
    JobStatus.SENDING: "🎬 Requested",
    JobStatus.UNCONFIRMED: "❔ Unconfirmed",
    JobStatus.QUEUED: "⏳ Queued",
    JobStatus.IN_PROGRESS: "🎥 In progress",
    JobStatus.COMPLETED: "📦 Rendered",
    JobStatus.DELIVERED: "✅ Completed",
    JobStatus.UNDELIVERED: "📦 Not delivered",
    JobStatus.FAILED: "❌ Failed",
    JobStatus.CANCELLED: "🚫 Cancelled",
    JobStatus.EXPIRED: "⌛ Expired",
}

_NOTHING_BOUGHT: Final = "Nothing was rendered or charged."
_MODERATION: Final = (
    "The server's content rules refused this prompt or image. Rephrase it and use /video again."
)

_FAILURES: Final = {
    "moderation_blocked": _MODERATION,
    "sentinel_block": _MODERATION,
    "content_policy_violation": _MODERATION,
    errors.NotSent.code: (
        f"The video server cannot be reached. {_NOTHING_BOUGHT} "
        "Use /video again in a few minutes; if it stays so, tell whoever runs this bot."
    ),
    errors.Busy.code: (
        f"The video server is busy and took nothing. {_NOTHING_BOUGHT} "
        "Use /video again in a few minutes."
    ),
    errors.Unauthorized.code: (
        f"The video server does not accept this bot's key. {_NOTHING_BOUGHT} "
        "Only whoever runs this bot can mend that: VIDEOS_API_KEY."
    ),
    errors.BadRequest.code: (
        f"The video server refused this request. {_NOTHING_BOUGHT} "
        "Change what it names and use /video again."
    ),
    lifecycle.SERVER_FORGOT: (
        "The video server no longer knows this film; it was probably restarted. "
        "Use /video again to have it rendered anew."
    ),
    lifecycle.NOT_SENT_BEFORE_RESTART: (
        f"The bot was restarted before this was sent. {_NOTHING_BOUGHT} Use /video again."
    ),
    lifecycle.IMAGE_LOST: (
        f"The bot was restarted and could not read your image again. {_NOTHING_BOUGHT} "
        "Use /video again with the image."
    ),
    lifecycle.DISK_FAILED: (
        f"The bot could not write to its disk, so it did not send this. {_NOTHING_BOUGHT} "
        "Whoever runs this bot has to make room on its disk."
    ),
}
_FAILED: Final = "The video server could not render this. Use /video again, perhaps reworded."
_STOPPED: Final = "The video server ended this job. Use /video again to start it anew."

_UNCONFIRMED: Final = (
    "The request left the bot, and no usable answer came back: nobody knows whether the video "
    "server is rendering it. It is not sent again by itself, so that nothing is bought twice. "
    "If you use /video again, it may be rendered and charged a second time."
)

TOO_LARGE: Final = "too_large"
NO_ACCESS: Final = "no_access"

_UNDELIVERED: Final = {
    TOO_LARGE: (
        "The film is rendered and kept by the bot, but it is larger than what may be uploaded "
        "here. Whoever runs this bot can hand it over; a shorter or smaller one would fit."
    ),
    NO_ACCESS: (
        "The film is rendered and kept by the bot, but the bot may not post here any more. "
        "Let it see this channel, send messages and attach files."
    ),
}
_UNDELIVERED_BY_SERVER: Final = (
    "The film is rendered, but the video server did not hand it over as a whole film, "
    "although it was asked several times. Whoever runs this bot can still find it there."
)

PREVIEW_NOTICE: Final = "Drawn by the built-in preview renderer, which is no generative model."
IMAGE_FITTED: Final = "Your image was cut and scaled to the film's exact frame."

GONE_WRONG: Final = (
    "Something went wrong inside the bot, and nothing was started. Try again; if it stays so, "
    "tell whoever runs this bot."
)
NOT_WRITTEN: Final = (
    "The bot cannot write to its disk at the moment, so nothing was started. "
    "Try again later, and tell whoever runs this bot."
)
PROMPT_PROBLEM: Final = (
    f"A prompt needs between 1 and {PROMPT_LIMIT:,} characters that say something. "
    "Nothing was started; describe the film you want."
)


_SENTENCES: Final = {
    JobStatus.REQUESTED: "Your request is written down and on its way to the video server.",
    JobStatus.SENDING: "Your request is written down and on its way to the video server.",
    JobStatus.UNCONFIRMED: _UNCONFIRMED,
    JobStatus.QUEUED: "Waiting for its turn on the video server.",
    JobStatus.IN_PROGRESS: "The video server is rendering.",
    JobStatus.COMPLETED: "The film is rendered and on its way into this message.",
    JobStatus.DELIVERED: "",
    JobStatus.UNDELIVERED: _UNDELIVERED_BY_SERVER,
    JobStatus.FAILED: _FAILED,
    JobStatus.CANCELLED: _STOPPED,
    JobStatus.EXPIRED: _STOPPED,
}


def sentence(job: Job) -> str:
    """Say what is going on and, where that is anything, what to do."""
    if job.unreachable_since is not None:
        return (
            f"The video server has not answered since <t:{int(job.unreachable_since)}:R>. "
            "Nothing is lost: this goes on by itself once it does."
        )
    by_code = {JobStatus.UNDELIVERED: _UNDELIVERED, JobStatus.FAILED: _FAILURES}
    known = by_code.get(job.status, {})
    return known.get(job.error_code or "", _SENTENCES[job.status])


def over_limit(own: Sequence[Job], most: int, guild_id: int | None) -> str:
    """Say what this person has running, of `most` at once, and when to come back."""
    if len(own) < most:
        return (
            "As many films as this bot renders at once are running already, so nothing was "
            "started. Try again when one of them has ended."
        )
    films = "one film" if len(own) == 1 else f"{len(own)} films"
    head = (
        f"You have {films} running, as many as one person may have at once, "
        "so nothing was started. Come back when one of them has ended:"
    )
    return "\n".join([head, *(f"- {_running(job, guild_id)}" for job in own)])


def _running(job: Job, guild_id: int | None) -> str:
    place = guild_id or "@me"
    link = f"https://discord.com/channels/{place}/{job.channel_id}/{job.message_id}"
    where = f" · {link}" if job.message_id is not None else ""
    title = TITLES[job.status].split(" ", 1)[1].lower()
    return f"{plain(job.prompt, 60)} · {title}, <t:{int(job.created_at)}:R>{where}"


def not_offered(field: str, value: str, offered: Sequence[str]) -> str:
    """Say what may be chosen instead."""
    choices = plain(", ".join(offered), 500)
    return (
        f"“{plain(value, 60)}” is no {field} this bot offers, so nothing was started. "
        f"Choose one of: {choices}."
    )


def wrong_image_type(content_type: str | None) -> str:
    """Say what images are taken."""
    return (
        f"An image has to be PNG, JPEG or WebP, and this is {plain(content_type or 'none', 60)}, "
        "so nothing was started. Save it as one of these and try again."
    )


def image_too_large(size: int, limit: int) -> str:
    """Say how large an image may be; both in bytes."""
    return (
        f"An image may have at most {megabytes(limit)}, and this one has {megabytes(size)}, "
        "so nothing was started. Scale it down and try again."
    )


def image_unusable(reason: str) -> str:
    """Say why the bytes cannot be used as a reference image."""
    return (
        f"This image cannot be used: {reason}. Nothing was rendered or charged. "
        "Try again with another image, or without one."
    )


def megabytes(size: int) -> str:
    """Write a number of bytes as people do."""
    return f"{size / 1024**2:.1f} MB"
