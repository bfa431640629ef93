"""The status card: one Components V2 layout, built from the job and what is known around it.

Limits (Discord, components/reference): 40 components, 4000 characters of text, 1024 of alt text.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import discord
from discord import ui

from bot.cards import words
from bot.cards.buttons import button_row, offered, outcome_of
from bot.cards.i18n import Language, language
from bot.cards.text import file_stem, plain, shorten
from bot.jobs.models import ACTIVE, Job, JobStatus
from bot.requests.queries import Forecast
from bot.videos.public_words import public

PROMPT_SHOWN: Final = 700
"""Characters of the prompt on the card; escaping may double them, and the rest needs room."""
REASON_SHOWN: Final = 300
ALT_TEXT: Final = 1024
BAR_CELLS: Final = 16

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
_NOTHING_KNOWN: Final = Forecast()


@dataclass(frozen=True, kw_only=True)
class CardOptions:
    """What the cards of one bot have in common."""

    remix: bool = False
    currency: str = "USD"
    link_for: Callable[[Job], str] | None = None
    """Gives the address of a film that was too large for its message; None without links."""


PLAIN: Final = CardOptions()


def card(
    job: Job,
    forecast: Forecast = _NOTHING_KNOWN,
    house: CardOptions = PLAIN,
    *,
    elsewhere: str | None = None,
    left: str | None = None,
) -> ui.LayoutView:
    """Draw the job. A delivered one shows its film, which the message must hold or be sent.

    `elsewhere` says why it stands in a direct message instead of where it was asked. `left` says
    in the card that was left behind where the film is.
    """
    t = language(job.locale)
    body = ui.Container[Any](accent_colour=_ACCENTS[job.status])
    body.add_item(ui.TextDisplay(f"### {_title(job, forecast, t)}"))
    body.add_item(ui.TextDisplay(f"> {plain(job.prompt, PROMPT_SHOWN)}"))
    if text := _state(job, forecast, t):
        body.add_item(ui.TextDisplay(text))
    if (link := _link(job, house, t)) is not None:
        body.add_item(ui.TextDisplay(link))
    elif left is not None:
        body.add_item(ui.TextDisplay(left))
    elif job.status is JobStatus.DELIVERED:
        body.add_item(_film(job))
    body.add_item(ui.Separator())
    footer = _footer(job, forecast, house, t)
    if elsewhere is not None:
        footer.append(t(elsewhere, channel=f"<#{job.channel_id}>"))
    body.add_item(ui.TextDisplay("\n".join(f"-# {line}" for line in footer)))
    body.add_item(button_row(offered(job, remix=house.remix), job.id, t, outcome_of(job)))
    return ui.LayoutView(timeout=None).add_item(body)


def plain_card(
    job: Job, house: CardOptions = PLAIN, *, elsewhere: str | None = None, left: str | None = None
) -> ui.LayoutView:
    """Say how the job stands, and show its film: with nothing in it that people or servers wrote.

    For where the card fails to be drawn or Discord refuses it.
    """
    t = language(job.locale)
    lines = [f"### {words.title(job, t)}", words.sentence(job)]
    instead = _link(job, house, t) or left
    if instead is not None:
        lines.append(instead)
    if elsewhere is not None:
        lines.append(t(elsewhere, channel=f"<#{job.channel_id}>"))
    lines.append(f"-# {t(words.PLAINLY)}")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(line for line in lines if line)))
    if job.status is JobStatus.DELIVERED and instead is None:
        view.add_item(ui.MediaGallery[Any](discord.MediaGalleryItem(_address(job))))
    return view.add_item(button_row(offered(job, remix=house.remix), job.id, t, outcome_of(job)))


def film_name(job: Job) -> str:
    """The name under which the film lies in the message."""
    ending = job.film.rsplit(".", 1)[-1] if job.film and not job.fitted else "mp4"
    return f"{file_stem(job.prompt)}.{ending}"


def _title(job: Job, forecast: Forecast, t: Language) -> str:
    title = words.title(job, t)
    measured = job.status is JobStatus.IN_PROGRESS and job.progress is not None
    return f"{title} · {job.progress} %" if measured and not forecast.quiet else title


def _state(job: Job, forecast: Forecast, t: Language) -> str:
    """Say how it stands: while it moves always in as many lines, so that nothing below jumps."""
    awaited = job.status in ACTIVE
    lines: list[str] = []
    if awaited and not forecast.quiet:
        lines.append(_prospect(job, forecast, t))
    elif job.unreachable_since is not None:
        lines.append(_unreachable(job.unreachable_since, t))
    lines.append(_sentence(job, forecast, t))
    if forecast.quiet:
        lines.append(t(words.QUIET))
    if job.error_message:
        reason = plain(public(job.error_message), REASON_SHOWN)
        lines.append(t(words.SERVER_SAID, reason=reason))
    if not job.is_member and awaited:
        lines.append(t(words.BY_MESSAGE))
    return "\n".join(line for line in lines if line)


def _prospect(job: Job, forecast: Forecast, t: Language) -> str:
    """Show how far it is and, where that can honestly be said, when it will be ready."""
    bar = _bar(job.progress or 0)
    if job.unreachable_since is not None:
        return f"{bar} {_unreachable(job.unreachable_since, t)}"
    if forecast.ends_at is not None:
        return f"{bar} {t(words.READY, when=f'<t:{int(forecast.ends_at)}:R>')}"
    return bar


def _unreachable(since: float, t: Language) -> str:
    return t(words.UNREACHABLE, since=f"<t:{int(since)}:R>")


def _sentence(job: Job, forecast: Forecast, t: Language) -> str:
    place, line = forecast.place, forecast.line
    if forecast.stuck and job.status in ACTIVE:
        return words.stuck(t)
    if place is None or line is None or line <= 1 or job.unreachable_since is not None:
        return words.sentence(job)
    return t(words.PLACE, place=t.number(place), line=t.number(line))


def _bar(percent: int) -> str:
    full = BAR_CELLS * percent // 100
    return f"`{'█' * full}{'░' * (BAR_CELLS - full)}`"


def _film(job: Job) -> ui.MediaGallery[Any]:
    gallery = ui.MediaGallery[Any]()
    return gallery.add_item(media=_address(job), description=shorten(job.prompt, ALT_TEXT))


def _address(job: Job) -> str:
    """Name the film in its own message."""
    return f"attachment://{film_name(job)}"


def _link(job: Job, house: CardOptions, t: Language) -> str | None:
    if job.link_expires_at is None or house.link_for is None:
        return None
    return words.link(house.link_for(job), job.link_expires_at, t)


def _seconds(job: Job, t: Language) -> str:
    """Say how long it is: as it was made where the server says that, else as it was asked for."""
    made = job.made_seconds
    return t(words.SECONDS, seconds=job.seconds if made is None else t.number(round(made, 1)))


def _footer(job: Job, forecast: Forecast, house: CardOptions, t: Language) -> list[str]:
    model = job.video_model or job.model
    facts = [(job.made_size or job.size).replace("x", " x "), _seconds(job, t)]
    if model is not None:
        facts.append(plain(model, 60))
    cost = job.made_cost if job.made_currency == house.currency else forecast.cost
    if cost is not None and not words.costs_nothing(job):
        facts.append(t.money(cost, house.currency))
    facts += [t(words.FOR, who=f"<@{job.requester_id}>"), f"<t:{int(job.created_at)}:R>"]
    lines = [" · ".join(facts)]
    if job.parent_link is not None:
        lines.append(t(words.FROM, link=job.parent_link))
    if job.fitted:
        lines.append(t(words.CONVERTED if job.converted else words.FITTED))
    if job.image_fitted:
        lines.append(t(words.IMAGE_FITTED))
    if job.model == words.PREVIEW_MODEL:
        lines.append(t(words.PREVIEW_NOTICE))
    return lines
