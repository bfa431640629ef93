"""The status card: one Components V2 layout, built from the job alone.

Limits (Discord, components/reference): 40 components, 4000 characters of text, 1024 of alt text.
"""

from typing import Final

import discord
from discord import ui

from bot.jobs.models import Job, JobStatus
from bot.status.text import file_stem, plain, shorten
from bot.status.words import IMAGE_FITTED, PREVIEW_NOTICE, TITLES, sentence

PROMPT_SHOWN: Final = 700
"""Characters of the prompt on the card; escaping may double them, and the rest needs room."""
REASON_SHOWN: Final = 300
ALT_TEXT: Final = 1024
BAR_CELLS: Final = 16
PREVIEW_MODEL: Final = "preview"

_BUSY: Final = discord.Colour.from_str("#5865f2")
_WAITING: Final = discord.Colour.from_str("#e0a526")
_GOOD: Final = discord.Colour.from_str("#2d9d62")
_BAD: Final = discord.Colour.from_str("#d8414b")
_QUIET: Final = discord.Colour.from_str("#747f8d")
_ACCENTS: Final = {
    JobStatus.REQUESTED: _QUIET,
    JobStatus.SENDING: _QUIET,
    JobStatus.QUEUED: _WAITING,
    JobStatus.IN_PROGRESS: _BUSY,
    JobStatus.COMPLETED: _BUSY,
    JobStatus.DELIVERED: _GOOD,
    JobStatus.UNCONFIRMED: _WAITING,
    JobStatus.UNDELIVERED: _WAITING,
    JobStatus.FAILED: _BAD,
    JobStatus.CANCELLED: _QUIET,
    JobStatus.EXPIRED: _QUIET,
}


def card(job: Job) -> ui.LayoutView:
    """Draw the job. A delivered one shows its film, which the message must hold or be sent."""
    body = ui.Container[ui.LayoutView](accent_colour=_ACCENTS[job.status])
    body.add_item(ui.TextDisplay(f"### {_title(job)}"))
    body.add_item(ui.TextDisplay(f"> {plain(job.prompt, PROMPT_SHOWN)}"))
    if text := _state(job):
        body.add_item(ui.TextDisplay(text))
    if job.status is JobStatus.DELIVERED:
        body.add_item(_film(job))
    body.add_item(ui.Separator())
    body.add_item(ui.TextDisplay(_footer(job)))
    return ui.LayoutView(timeout=None).add_item(body)


def film_name(job: Job) -> str:
    """The name under which the film lies in the message."""
    ending = job.film.rsplit(".", 1)[-1] if job.film else "mp4"
    return f"{file_stem(job.prompt)}.{ending}"


def _title(job: Job) -> str:
    title = TITLES[job.status]
    if job.status is JobStatus.IN_PROGRESS and job.progress:
        return f"{title} · {job.progress} %"
    return title


def _state(job: Job) -> str:
    lines = [sentence(job)]
    if job.status in (JobStatus.QUEUED, JobStatus.IN_PROGRESS, JobStatus.COMPLETED):
        lines.insert(0, _bar(job.progress or 0))
    if job.error_message:
        lines.append(f"The server said: “{plain(job.error_message, REASON_SHOWN)}”")
    return "\n".join(line for line in lines if line)


def _bar(percent: int) -> str:
    full = BAR_CELLS * percent // 100
    return f"`{'█' * full}{'░' * (BAR_CELLS - full)}`"


def _film(job: Job) -> ui.MediaGallery[ui.LayoutView]:
    gallery = ui.MediaGallery[ui.LayoutView]()
    return gallery.add_item(
        media=f"attachment://{film_name(job)}", description=shorten(job.prompt, ALT_TEXT)
    )


def _footer(job: Job) -> str:
    model = job.video_model or job.model
    facts = [job.size.replace("x", " x "), f"{job.seconds} s"]
    if model is not None:
        facts.append(plain(model, 60))
    facts += [f"for <@{job.requester_id}>", f"<t:{int(job.created_at)}:R>"]
    lines = [" · ".join(facts)]
    if job.image_fitted:
        lines.append(IMAGE_FITTED)
    if job.model == PREVIEW_MODEL:
        lines.append(PREVIEW_NOTICE)
    return "\n".join(f"-# {line}" for line in lines)
