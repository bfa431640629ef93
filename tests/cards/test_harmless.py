"""Nothing that people or servers write changes what Discord makes of a message.

A message about any prompt, model name, server's reason or file name is compared with one about "x":
in its components, the marks that Discord interprets, its lines, and whom it pings.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from discord import ui
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.cards import sentences, words
from bot.cards.i18n import language
from bot.cards.library import Place, library_page
from bot.cards.view import card, film_name
from bot.jobs.models import ENDED, Render, RenderStatus
from bot.requests.forecast import Forecast
from bot.simulator.mentions import pinged
from bot.transport.notifications import NAMED_AT_ONCE, direct_notice, notice
from tests.jobs.support import NOW, new_render

EN: Final = language("en-US")
EVERYTHING: Final = (
    "@everyone @here <@1> <@!1> <@&1> <#1> </video:1> <:cat:1> <t:1:R> <id:home> https://a.example "
    "[a](https://b.example) **b** __u__ ~~s~~ ||h|| `c` ```py\nx``` # h\n"
    "> q\n>>> q\n-# s\n- l\n1. n\n\\ \u202e\u2028\0attachment://film.mp4 {reason} {0} %s"
)
PIECES: Final = st.sampled_from(EVERYTHING.split(" ") + EVERYTHING.split("\n"))
FOUL: Final = (
    st.lists(PIECES | st.text(max_size=6), min_size=1, max_size=40).map("".join)
    | st.text(min_size=1, max_size=200)
).filter(lambda text: text.strip() and text != sentences.PREVIEW_MODEL)
PEOPLE: Final = tuple(range(10**18, 10**18 + NAMED_AT_ONCE))

_ESCAPED: Final = re.compile(r"\\[^0-9A-Za-z\s]")
_MARKS: Final = re.compile(r"[*_~|`\[\]<>\\]|://|^(?:#+|-#|[-+]|\d+\.) ", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What Discord makes of a text."""

    marks: tuple[str, ...]
    lines: int
    pinged: object

    @classmethod
    def of(cls, text: str) -> "Seen":
        left = _ESCAPED.sub("", text)
        return cls(tuple(_MARKS.findall(left)), len(text.splitlines()), pinged(text, None))


def skeleton(view: ui.LayoutView) -> list[object]:
    """Give every component without its words, but with what Discord makes of them."""
    return [_bones(part) for part in _parts(view.to_components())]


def _bones(part: dict[str, Any]) -> object:
    if "content" in part:
        return Seen.of(part["content"])
    media = [item["media"]["url"].split("://")[0] for item in part.get("items", [])]
    return part["type"], part.get("label"), part.get("custom_id"), media


def _parts(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _parts(component.get("components", []))


def about(text: str, status: RenderStatus) -> Render:
    """Make a job that says `text` wherever anybody but the bot can say something."""
    return new_render(
        id="0" * 32, status=status, film="0.mp4", prompt=text, video_model=text, model=text,
        server_message=text, server_code=text, image_name=text, video_id="video_1", message_id=55,
    )  # fmt: skip


@pytest.mark.parametrize("status", RenderStatus)
@settings(max_examples=40, deadline=None)
@example(text=EVERYTHING)
@given(text=FOUL)
def test_no_text_changes_the_card(status: RenderStatus, text: str) -> None:
    forecast = Forecast(place=2, line=3, ends_at=NOW + 60, cost=1_000_000)
    foul, plain = about(text, status), about("x", status)

    assert skeleton(card(foul, forecast)) == skeleton(card(plain, forecast))
    assert re.fullmatch(r"[a-z0-9-]{1,40}\.mp4", film_name(foul))


@settings(max_examples=60, deadline=None)
@example(text=EVERYTHING)
@given(text=FOUL)
def test_no_text_changes_the_list(text: str) -> None:
    def listed(said: str) -> ui.LayoutView:
        jobs = [about(said, status) for status in RenderStatus][:5]
        return library_page(jobs, 5, Place(), EN, thumbnails=[])

    assert skeleton(listed(text)) == skeleton(listed("x"))


@pytest.mark.parametrize("status", sorted(ENDED))
@settings(max_examples=20, deadline=None)
@example(text=EVERYTHING)
@given(text=FOUL)
def test_no_text_changes_whom_a_ping_names(status: RenderStatus, text: str) -> None:
    foul = about(text, status)
    assert pinged(notice(foul, PEOPLE), None).users == PEOPLE
    assert len(notice(foul, PEOPLE)) <= 2000
    assert Seen.of(direct_notice(foul)) == Seen.of(direct_notice(about("x", status)))


@settings(max_examples=60, deadline=None)
@example(text=EVERYTHING)
@given(text=FOUL)
def test_no_text_changes_a_refusal(text: str) -> None:
    def refusals(said: str) -> list[str]:
        return [
            words.not_offered(said, [said, said], EN),
            words.wrong_image_type(said, EN),
            words.image_unusable(said, EN),
            words.over_limit([about(said, RenderStatus.IN_PROGRESS)], 1, EN),
        ]

    foul, plain = refusals(text), refusals("x")
    assert [Seen.of(told) for told in foul] == [Seen.of(told) for told in plain]
