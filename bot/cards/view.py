"""The status card: one Components V2 layout, built from the render and its forecast.

Limits (Discord, components/reference): 40 components, 4000 characters of text, 1024 of alt text.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import discord
from discord import ui

from bot.cards import sentences, words
from bot.cards.buttons import button_row, offered, outcome_of
from bot.cards.i18n import Language, language
from bot.cards.text import file_stem, plain, shorten
from bot.jobs.meters import MILLIONTHS
from bot.jobs.models import ACTIVE, Render, RenderStatus, Verb
from bot.requests.forecast import Forecast
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
    RenderStatus.REQUESTED: _QUIET,
    RenderStatus.SENDING: _QUIET,
    RenderStatus.QUEUED: _WAITING,
    RenderStatus.IN_PROGRESS: _BUSY,
    RenderStatus.COMPLETED: _BUSY,
    RenderStatus.DELIVERED: _GOOD,
    RenderStatus.UNCONFIRMED: _WAITING,
    RenderStatus.UNDELIVERED: _WAITING,
    RenderStatus.FAILED: _BAD,
    RenderStatus.CANCELLED: _QUIET,
    RenderStatus.EXPIRED: _QUIET,
}
_NOTHING_KNOWN: Final = Forecast()


@dataclass(frozen=True, kw_only=True)
class CardOptions:
    """What the cards of one bot have in common."""

    remix: bool = False
    currency: str = "USD"
    link_for: Callable[[Render], str] | None = None
    """Gives the address of a film that was too large for its message; None without links."""
    film: str | None = None
    """The film's name in its message, where the prompt that named it is gone."""


PLAIN: Final = CardOptions()


def card(
    render: Render,
    forecast: Forecast = _NOTHING_KNOWN,
    options: CardOptions = PLAIN,
    *,
    elsewhere: str | None = None,
    left: str | None = None,
) -> ui.LayoutView:
    """Draw the card. A delivered render shows its film, which the message must hold or be sent.

    `elsewhere` says why it is in a direct message instead of where it was asked for. `left` says,
    in the card that was left behind, where the film is.
    """
    t = language(render.request.locale)
    body = ui.Container[ui.LayoutView](accent_colour=_ACCENTS[render.status])
    body.add_item(ui.TextDisplay(f"### {_title(render, forecast, t)}"))
    body.add_item(ui.TextDisplay(f"> {plain(render.spec.shown_prompt, PROMPT_SHOWN)}"))
    if text := _state(render, forecast, t):
        body.add_item(ui.TextDisplay(text))
    if (link := _link(render, options, t)) is not None:
        body.add_item(ui.TextDisplay(link))
    elif left is not None:
        body.add_item(ui.TextDisplay(left))
    elif render.status is RenderStatus.DELIVERED:
        body.add_item(_film(render, options))
    body.add_item(ui.Separator())
    footer = _footer(render, forecast, options, t)
    if elsewhere is not None:
        footer.append(t(elsewhere, channel=f"<#{render.request.channel_id}>"))
    body.add_item(ui.TextDisplay("\n".join(f"-# {line}" for line in footer)))
    body.add_item(
        button_row(offered(render, remix=options.remix), render.id, t, outcome_of(render))
    )
    return ui.LayoutView(timeout=None).add_item(body)


def plain_card(
    render: Render,
    options: CardOptions = PLAIN,
    *,
    elsewhere: str | None = None,
    left: str | None = None,
) -> ui.LayoutView:
    """Show the state and the film, and nothing that people or servers wrote.

    Used when the card can't be drawn, or Discord refuses it.
    """
    t = language(render.request.locale)
    lines = [f"### {words.title(render, t)}", sentences.sentence(render)]
    instead = _link(render, options, t) or left
    if instead is not None:
        lines.append(instead)
    if elsewhere is not None:
        lines.append(t(elsewhere, channel=f"<#{render.request.channel_id}>"))
    lines.append(f"-# {t(words.PLAINLY)}")
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.TextDisplay("\n".join(line for line in lines if line)))
    if render.status is RenderStatus.DELIVERED and instead is None:
        view.add_item(
            ui.MediaGallery[ui.LayoutView](discord.MediaGalleryItem(_address(render, options)))
        )
    return view.add_item(
        button_row(offered(render, remix=options.remix), render.id, t, outcome_of(render))
    )


def film_name(render: Render) -> str:
    """Return the film's file name in the message."""
    ending = render.film.rsplit(".", 1)[-1] if render.film and not render.transcoded else "mp4"
    return f"{file_stem(render.spec.prompt)}.{ending}"


def _title(render: Render, forecast: Forecast, t: Language) -> str:
    title = words.title(render, t)
    if render.progress is None or render.status is not RenderStatus.IN_PROGRESS or forecast.quiet:
        return title
    return f"{title} · {t.percent(render.progress)}"


def _state(render: Render, forecast: Forecast, t: Language) -> str:
    """Describe the state; while it moves always in as many lines, so that nothing below jumps."""
    awaited = render.status in ACTIVE
    lines: list[str] = []
    if awaited and not forecast.quiet:
        lines.append(_prospect(render, forecast, t))
    elif render.unreachable_since is not None:
        lines.append(_unreachable(render.unreachable_since, t))
    lines.append(_sentence(render, forecast, t))
    if forecast.quiet:
        lines.append(t(words.QUIET))
    if render.server_message:
        reason = plain(public(render.server_message), REASON_SHOWN)
        lines.append(t(words.SERVER_SAID, reason=reason))
    if not render.request.is_member and awaited:
        lines.append(t(words.BY_MESSAGE))
    return "\n".join(line for line in lines if line)


def _prospect(render: Render, forecast: Forecast, t: Language) -> str:
    """Show the progress and, where it can be estimated, when the film will be ready."""
    bar = _bar(render.progress or 0)
    if render.unreachable_since is not None:
        return f"{bar} {_unreachable(render.unreachable_since, t)}"
    if forecast.ends_at is not None:
        return f"{bar} {t(words.READY, when=f'<t:{int(forecast.ends_at)}:R>')}"
    return bar


def _unreachable(since: float, t: Language) -> str:
    return t(words.UNREACHABLE, since=f"<t:{int(since)}:R>")


def _sentence(render: Render, forecast: Forecast, t: Language) -> str:
    place, line = forecast.place, forecast.line
    if forecast.phase is not None:
        return t(sentences.PHASES[forecast.phase])
    if forecast.stuck and render.status in ACTIVE:
        return sentences.stuck(t)
    if place is None or line is None or line <= 1 or render.unreachable_since is not None:
        return sentences.sentence(render)
    return t(words.PLACE, place=t.number(place), line=t.number(line))


def _bar(percent: int) -> str:
    full = BAR_CELLS * percent // 100
    return f"`{'█' * full}{'░' * (BAR_CELLS - full)}`"


def _film(render: Render, options: CardOptions) -> ui.MediaGallery[ui.LayoutView]:
    gallery = ui.MediaGallery[ui.LayoutView]()
    return gallery.add_item(
        media=_address(render, options), description=shorten(render.spec.shown_prompt, ALT_TEXT)
    )


def _address(render: Render, options: CardOptions) -> str:
    """Return the film's address inside its own message."""
    return f"attachment://{options.film or film_name(render)}"


def _link(render: Render, options: CardOptions, t: Language) -> str | None:
    if render.link_expires_at is None or options.link_for is None:
        return None
    return words.link(options.link_for(render), render.link_expires_at, t)


def _seconds(render: Render, t: Language) -> str:
    """Return the length that the server reported, else the one that was asked for."""
    made = render.made_seconds
    return t(
        words.SECONDS, seconds=render.spec.seconds if made is None else t.number(round(made, 1))
    )


def _cost(render: Render, forecast: Forecast, options: CardOptions) -> float | None:
    """Return what the server charged, else the price; a preview has none."""
    if render.made_cost is not None and render.made_currency == options.currency:
        return render.made_cost
    return None if forecast.cost is None else forecast.cost / MILLIONTHS


def _footer(render: Render, forecast: Forecast, options: CardOptions, t: Language) -> list[str]:
    model = render.video_model or render.spec.model
    facts = [(render.made_size or render.spec.size).replace("x", " x "), _seconds(render, t)]
    if model is not None:
        facts.append(plain(model, 60))
    if (cost := _cost(render, forecast, options)) and not sentences.costs_nothing(render):
        facts.append(t.money(cost, options.currency))
    facts += [
        t(words.FOR, who=f"<@{render.request.requester_id}>"),
        f"<t:{int(render.request.created_at)}:R>",
    ]
    lines = [" · ".join(facts)]
    if render.request.parent_link is not None:
        origin = words.SAME_PROMPT if render.request.verb is Verb.AGAIN else words.FROM
        lines.append(t(origin, link=render.request.parent_link))
    if render.transcoded:
        lines.append(t(words.CONVERTED if render.converted else words.FITTED))
    if render.spec.image is not None and render.spec.image.resized:
        lines.append(t(words.IMAGE_FITTED))
    if render.spec.model == sentences.PREVIEW_MODEL and render.status is RenderStatus.DELIVERED:
        lines.append(t(words.PREVIEW_NOTICE))
    return lines
