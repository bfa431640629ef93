"""The private list of films: one page of it, and the buttons that turn pages and narrow it."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

import discord
from discord import ui

from bot.cards import words
from bot.cards.i18n import N_, NN_, Language
from bot.cards.text import plain, shorten
from bot.jobs.models import ACTIVE, Job, JobStatus

PER_PAGE: Final = 5
SEARCH_LIMIT: Final = 50
"""Characters of a search; it travels in each button's custom_id, which holds 100."""
PROMPT_SHOWN: Final = 120
ALT_TEXT: Final = 200
"""Characters of a prompt that describe its still; Discord takes 1024."""

HEAD: Final = NN_("One film", "{number} films")
NONE: Final = N_("No film fits. Type /video to make one.")
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
    Filter.ENDED: N_("Ended without a film"),
}
STATUSES: Final[dict[Filter, frozenset[JobStatus] | None]] = {
    Filter.ALL: None,
    Filter.RUNNING: ACTIVE | {JobStatus.UNCONFIRMED},
    Filter.DONE: frozenset({JobStatus.DELIVERED, JobStatus.UNDELIVERED}),
    Filter.ENDED: frozenset({JobStatus.FAILED, JobStatus.CANCELLED, JobStatus.EXPIRED}),
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


class ShelfButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"rushes-shelf:(?P<row>[a-z]+):(?P<page>\d{1,6}):"
    rf"(?P<filter>{'|'.join(Filter)}):(?P<search>.{{0,50}})",
):
    """A button that leads to another place in the list."""

    def __init__(
        self, place: Place, label: str | None = None, *, row: str, here: bool = False
    ) -> None:
        style = discord.ButtonStyle.primary if here else discord.ButtonStyle.secondary
        super().__init__(
            ui.Button(
                label=label or "·", style=style, custom_id=place.custom_id(row), disabled=here
            )
        )
        self.place = place

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], _item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Rebuild the button from what Discord sends back of it."""
        place = Place(
            page=int(match["page"]), filter=Filter(match["filter"]), search=match["search"]
        )
        return cls(place, row=match["row"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Hand the press over to whoever listens."""
        interaction.client.dispatch("shelf_button", interaction, self.place)


def shelf(
    jobs: Sequence[Job], found: int, place: Place, t: Language, stills: Collection[str] = ()
) -> ui.LayoutView:
    """Draw one page of the `found` films.

    `stills` are the ids of the jobs whose picture the message is sent with, as `thumbnail_name`.
    """
    view = ui.LayoutView(timeout=None)
    head = t.count(HEAD, found) if found else t(NONE)
    body = ui.Container[Any]().add_item(ui.TextDisplay(f"### {head}"))
    for job in jobs:
        line = ui.TextDisplay[Any](_line(job, t))
        body.add_item(ui.Section(line, accessory=_still(job)) if job.id in stills else line)
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


def thumbnail_name(job_id: str) -> str:
    """The name under which a film's picture is sent with the list."""
    return f"{job_id}.jpg"


def _still(job: Job) -> ui.Thumbnail[Any]:
    name = thumbnail_name(job.id)
    return ui.Thumbnail(f"attachment://{name}", description=shorten(job.prompt, ALT_TEXT))


def _line(job: Job, t: Language) -> str:
    link = f"[{t(OPEN)}]({words.message_link(job, job.guild_id)})"
    facts = f"{words.title(job, t)} · {(job.made_size or job.size).replace('x', ' x ')} · {link}"
    when = f"<t:{int(job.created_at)}:R> · <@{job.requester_id}>"
    return f"**{plain(job.prompt, PROMPT_SHOWN)}**\n-# {facts} · {when}"


def _filters(place: Place, t: Language) -> ui.ActionRow[Any]:
    row = ui.ActionRow[Any]()
    for name, label in FILTER_LABELS.items():
        there = replace(place, page=0, filter=name)
        row.add_item(ShelfButton(there, t(label), row="filter", here=name is place.filter))
    return row


def _turns(place: Place, pages: int, t: Language) -> ui.ActionRow[Any]:
    row = ui.ActionRow[Any]()
    if place.page > 0:
        row.add_item(ShelfButton(replace(place, page=place.page - 1), t(BACK), row="turn"))
    if place.page + 1 < pages:
        row.add_item(ShelfButton(replace(place, page=place.page + 1), t(ON), row="turn"))
    return row
