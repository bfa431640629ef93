"""The private list of films: one page of it, and the buttons that turn pages and narrow it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import discord
from discord import ui

from bot.cards import words
from bot.cards.buttons import StatelessButton
from bot.cards.i18n import N_, NN_, Language
from bot.cards.text import plain, shorten
from bot.jobs.models import ACTIVE, Render, RenderStatus

PER_PAGE: Final = 5
SEARCH_LIMIT: Final = 50
"""Characters of a search; it travels in each button's custom_id, which holds 100."""
PROMPT_SHOWN: Final = 120
ALT_TEXT: Final = 200
"""Characters of a prompt that describe its thumbnail; Discord accepts 1024."""

HEAD: Final = NN_("One video", "{number} videos")
NONE: Final = N_("No videos match. Make one with /video.")
PAGE: Final = N_("Page {page} of {pages}")
OPEN: Final = N_("open")
BACK: Final = N_("Newer")
ON: Final = N_("Older")


class Filter(StrEnum):
    """Which states are listed."""

    ALL = "all"
    RUNNING = "running"
    DONE = "done"
    ENDED = "ended"


FILTER_LABELS: Final = {
    Filter.ALL: N_("All"),
    Filter.RUNNING: N_("Running"),
    Filter.DONE: N_("Done"),
    Filter.ENDED: N_("Failed"),
}
STATUSES: Final[dict[Filter, frozenset[RenderStatus] | None]] = {
    Filter.ALL: None,
    Filter.RUNNING: ACTIVE | {RenderStatus.UNCONFIRMED},
    Filter.DONE: frozenset({RenderStatus.DELIVERED, RenderStatus.UNDELIVERED}),
    Filter.ENDED: frozenset({RenderStatus.FAILED, RenderStatus.CANCELLED, RenderStatus.EXPIRED}),
}


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where in the list somebody is: page (from 0), filter and search words."""

    page: int = 0
    filter: Filter = Filter.ALL
    search: str = ""

    def custom_id(self, row: str) -> str:
        """The place as a button carries it; two rows may lead to the same one."""
        return f"rushes-shelf:{row}:{self.page}:{self.filter}:{self.search}"


_TEMPLATE: Final = (
    r"rushes-shelf:(?P<row>[a-z]+):(?P<page>\d{1,6}):"
    rf"(?P<filter>{'|'.join(Filter)}):(?P<search>.{{0,50}})"
)
"""What the custom_id of a button in the list looks like."""


def place_in(interaction: discord.Interaction[discord.Client]) -> Place | None:
    """Return where in the list the pressed button leads; None for a button of another kind."""
    match = re.fullmatch(_TEMPLATE, str((interaction.data or {}).get("custom_id", "")))
    if match is None:
        return None
    return Place(page=int(match["page"]), filter=Filter(match["filter"]), search=match["search"])


def _button(place: Place, label: str, *, row: str, here: bool = False) -> StatelessButton:
    style = discord.ButtonStyle.primary if here else discord.ButtonStyle.secondary
    return StatelessButton(label=label, style=style, custom_id=place.custom_id(row), disabled=here)


def library_page(
    renders: Sequence[Render],
    found: int,
    place: Place,
    t: Language,
    thumbnails: Collection[str] = (),
) -> ui.LayoutView:
    """Draw one page of the `found` films.

    `thumbnails` are the ids of the renders whose thumbnail comes with the message.
    """
    view = ui.LayoutView(timeout=None)
    head = t.count(HEAD, found) if found else t(NONE)
    body = ui.Container[ui.LayoutView]().add_item(ui.TextDisplay(f"### {head}"))
    for render in renders:
        line = ui.TextDisplay[ui.LayoutView](_line(render, t))
        body.add_item(
            ui.Section(line, accessory=_thumbnail(render)) if render.id in thumbnails else line
        )
    pages = max(1, -(-found // PER_PAGE))
    if pages > 1:
        body.add_item(ui.Separator())
        page = t(PAGE, page=t.number(place.page + 1), pages=t.number(pages))
        body.add_item(ui.TextDisplay(f"-# {page}"))
    view.add_item(body)
    view.add_item(_filters(place, t))
    if pages > 1:
        view.add_item(_turns(place, pages, t))
    return view


def thumbnail_name(render_id: str) -> str:
    """The name under which a film's thumbnail is sent with the list."""
    return f"{render_id}.jpg"


def _thumbnail(render: Render) -> ui.Thumbnail[ui.LayoutView]:
    name = thumbnail_name(render.id)
    return ui.Thumbnail(
        f"attachment://{name}", description=shorten(render.spec.shown_prompt, ALT_TEXT)
    )


def _line(render: Render, t: Language) -> str:
    link = f"[{t(OPEN)}]({render.request.link})"
    size = (render.made_size or render.spec.size).replace("x", " x ")
    facts = f"{words.title(render, t)} · {size} · {link}"
    when = f"<t:{int(render.request.created_at)}:R> · <@{render.request.requester_id}>"
    return f"**{plain(render.spec.shown_prompt, PROMPT_SHOWN)}**\n-# {facts} · {when}"


def _filters(place: Place, t: Language) -> ui.ActionRow[ui.LayoutView]:
    row = ui.ActionRow[ui.LayoutView]()
    for name, label in FILTER_LABELS.items():
        there = replace(place, page=0, filter=name)
        row.add_item(_button(there, t(label), row="filter", here=name is place.filter))
    return row


def _turns(place: Place, pages: int, t: Language) -> ui.ActionRow[ui.LayoutView]:
    row = ui.ActionRow[ui.LayoutView]()
    if place.page > 0:
        row.add_item(_button(replace(place, page=place.page - 1), t(BACK), row="turn"))
    if place.page + 1 < pages:
        row.add_item(_button(replace(place, page=place.page + 1), t(ON), row="turn"))
    return row
