"""In every language, all words fit into the place that Discord gives them."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from discord import ui

from bot.cards import library as library_page
from bot.cards import modals, sentences, words
from bot.cards.buttons import LABELS, Action
from bot.cards.i18n import OFFERED, Language, language
from bot.cards.library import FILTER_LABELS, PER_PAGE, SEARCH_LIMIT, Filter, Place
from bot.cards.modals import ChangeForm, VideoForm
from bot.cards.view import CardOptions, card
from bot.client import CommandTranslator
from bot.jobs.models import Render, RenderStatus
from bot.requests.admission import Offer
from bot.requests.forecast import Forecast
from bot.videos.models import PROMPT_LIMIT
from bot.videos.spec import VideoSpec
from cogs import library, make_video, video
from tests.cards.messages import extracted
from tests.jobs.support import NOW, new_render

TEXT, GALLERY, ROW = 10, 12, 1
SOME_LANGUAGES: Final = (*OFFERED, "en-US")
DESCRIPTIONS: Final = (
    video.DESCRIPTION,
    video.PROMPT,
    video.SIZE,
    video.SECONDS,
    video.MODEL,
    video.IMAGE,
    library.DESCRIPTION,
    library.SEARCH,
)
ON_BUTTONS: Final = (*LABELS.values(), *FILTER_LABELS.values(), library_page.BACK, library_page.ON)
ON_FORMS: Final = (
    make_video.NAME,
    LABELS[Action.EDIT],
    LABELS[Action.REMIX],
    modals.PROMPT,
    modals.CHANGE,
    modals.SIZE,
    modals.SECONDS,
    modals.MODEL,
    modals.IMAGE,
    modals.WHICH_IMAGE,
    modals.NO_IMAGE,
)
in_every_language = pytest.mark.parametrize("code", OFFERED)
in_english_too = pytest.mark.parametrize("code", SOME_LANGUAGES)


@in_english_too
@pytest.mark.parametrize(
    ("messages", "limit"),
    [
        pytest.param(DESCRIPTIONS, 100, id="descriptions"),
        pytest.param((make_video.NAME,), 32, id="command"),
        pytest.param(ON_BUTTONS, 80, id="buttons"),
        pytest.param(ON_FORMS, 45, id="forms"),
    ],
)
def test_words_fit_where_they_stand(code: str, messages: tuple[str, ...], limit: int) -> None:
    t = language(code)
    told = [t(message) for message in messages]
    assert [text for text in told if not 1 <= len(text) <= limit] == []


@in_english_too
def test_buttons_of_a_row_and_filters_are_told_apart(code: str) -> None:
    t = language(code)
    for labels in (LABELS, FILTER_LABELS):
        told = [t(label) for label in labels.values()]
        assert len(told) == len(set(told))


EMOJI: Final = "👩\u200d🚀" * (PROMPT_LIMIT // 3)
CJK: Final = "猫がピアノを弾く" * (PROMPT_LIMIT // 8)
MARKS: Final = ("*_~|`[]<>\\://@everyone" * PROMPT_LIMIT)[:PROMPT_LIMIT]
NAME: Final = 10**18 + 7
LINK: Final = f"https://discord.com/channels/{NAME}/{NAME}/{NAME}"
FULL: Final = Forecast(place=3999, line=4000, ends_at=NOW + 90, cost=1_234_500_000)
BY_CODE: Final = {
    RenderStatus.FAILED: sentences.FAILURES,
    RenderStatus.UNDELIVERED: sentences.UNDELIVERED,
    RenderStatus.CANCELLED: sentences.CANCELLED,
}
STATES: Final = [
    (status, code) for status in RenderStatus for code in (None, *BY_CODE.get(status, {}))
]


def parts(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from parts(component.get("components", []))


def units(text: str) -> int:
    """Count as a client does: an emoji is two. The server may count it once."""
    return len(text.encode("utf-16-le")) // 2


def assert_a_message(view: ui.LayoutView) -> list[dict[str, Any]]:
    """Check all that Discord limits in a message of components."""
    components = list(parts(view.to_components()))
    assert len(components) <= 40
    contents = [part["content"] for part in components if part["type"] == TEXT]
    assert all(content.strip() for content in contents), "Discord refuses an empty text"
    assert sum(map(units, contents)) <= 4000
    for part in components:
        if part["type"] == GALLERY:
            assert all(1 <= len(item["description"]) <= 1024 for item in part["items"])
        if part["type"] == ROW:
            assert 1 <= len(part["components"]) <= 5
    buttons = [part for part in components if "custom_id" in part]
    assert all(1 <= len(button["label"]) <= 80 for button in buttons)
    ids = [button["custom_id"] for button in buttons]
    assert all(1 <= len(custom_id) <= 100 for custom_id in ids)
    assert len(ids) == len(set(ids)), "Discord refuses two buttons of the same name"
    return components


def extreme(code: str, **fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    """Make a job with everything said that a card can say, at its longest."""
    everything: dict[str, Any] = {
        "locale": code,
        "prompt": MARKS,
        "size": "99999x99999",
        "seconds": "999",
        "model": "preview",
        "video_model": MARKS,
        "progress": 99,
        "film": "0.webm",
        "server_message": MARKS,
        "requester_id": NAME,
        "guild_id": NAME,
        "channel_id": NAME,
        "message_id": NAME,
        "parent_link": LINK,
        "image_resized": True,
        "is_member": False,
    }
    return new_render(**(everything | fields))


@pytest.mark.slow
@in_english_too
@pytest.mark.parametrize(("status", "error"), STATES)
def test_every_card_is_within_discords_limits(
    code: str, status: RenderStatus, error: str | None
) -> None:
    t = language(code)
    for text in (MARKS, EMOJI, CJK, "x"):
        for since in (None, NOW):
            shown = extreme(
                code, status=status, reason=error, prompt=text, server_message=text,
                unreachable_since=since,
            )  # fmt: skip
            components = assert_a_message(
                card(shown, FULL, CardOptions(remix=True, currency="EUR"))
            )
            told = "\n".join(part.get("content", "") for part in components)
            assert words.title(shown, t) in told
            assert t(words.FROM, link=LINK) in told
            assert (t.money(1234.5, "EUR") in told) is not sentences.costs_nothing(shown)
            assert not re.search(r"\{\w*\}", told)


@in_english_too
def test_private_answers_fit_into_a_message(code: str) -> None:
    t = language(code)
    running = [extreme(code, status=RenderStatus.IN_PROGRESS) for _ in range(9)]
    refusals = [
        words.over_limit(running, 9, t),
        words.over_limit([], 3, t),
        words.not_offered(MARKS, ["m" * 100] * 25, t),
        words.wrong_image_type(MARKS, t),
        words.image_too_large(10**12, 10**8, t),
        *(
            words.image_unusable(reason, t)
            for reason in (*words.BAD_IMAGE, words.NOT_HANDED_OVER, "{x}")
        ),
        *(t(message) for message in extracted() if isinstance(message, str) and "{" not in message),
    ]
    assert [told for told in refusals if not 0 < units(told) <= 2000] == []


# -------------------------------------------------------------------- shelf and forms


@pytest.mark.slow
@in_english_too
@pytest.mark.parametrize("kept", Filter)
@pytest.mark.parametrize(("page", "found"), [(0, 0), (0, 1), (0, 6), (199_999, 10**6), (1, 7)])
def test_a_page_of_the_shelf_is_within_discords_limits(
    code: str, kept: Filter, page: int, found: int
) -> None:
    place = Place(page=page, filter=kept, search="猫" * SEARCH_LIMIT)
    t = language(code)
    for text in (MARKS, EMOJI, CJK):
        jobs = [extreme(code, prompt=text, status=status) for status in RenderStatus][-PER_PAGE:]
        stills = {one.id for one in jobs}
        assert_a_message(library.library_page(jobs if found else [], found, place, t, stills))


async def ignore(*_: object) -> None:
    """Take a form that nobody sends."""


def film_form(t: Language, names: list[str] | None) -> VideoForm:
    many = tuple(f"{number}" * 50 for number in range(10, 35))
    offer = Offer(models=many, sizes=many, seconds=many)
    start = VideoSpec(prompt=MARKS * 2, size=many[3], seconds="not offered")
    form = VideoForm(t(make_video.NAME), t, offer, ignore, start=start)
    if names is not None:
        form.ask_for_image(t, names)
    return form


FORMS: Final[dict[str, Callable[[Language], ui.Modal]]] = {
    "prompt": lambda t: film_form(t, None),
    "upload": lambda t: film_form(t, []),
    "images": lambda t: film_form(t, ["猫" * 300] * 30),
    "change": lambda t: ChangeForm(t(LABELS[Action.REMIX]), t, ignore),
}


@in_english_too
@pytest.mark.parametrize("name", FORMS)
async def test_a_form_is_within_discords_limits(code: str, name: str) -> None:
    form: Any = FORMS[name](language(code)).to_dict()
    assert 1 <= len(form["title"]) <= 45
    assert len(form["custom_id"]) <= 100
    assert 1 <= len(form["components"]) <= 5
    for label in form["components"]:
        assert 1 <= len(label["label"]) <= 45
        field = label["component"]
        assert len(field["custom_id"]) <= 100
        assert len(field.get("value") or "") <= PROMPT_LIMIT
        options = field.get("options", [])
        assert len(options) <= 25
        assert all(1 <= len(option["label"]) <= 100 for option in options)
        assert sum(option["default"] for option in options) == bool(options)


async def test_the_catalogues_are_read_before_the_first_command_is_translated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Reading one takes up to 40 ms, which the event loop does not have between two people."""
    language.cache_clear()
    await CommandTranslator().load()

    monkeypatch.setattr("bot.cards.i18n._read", lambda code: pytest.fail(f"reads {code}"))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert [language(code).code for code in OFFERED] == list(OFFERED)
