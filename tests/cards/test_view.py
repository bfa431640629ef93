"""The card: every state of a job, within Discord's limits, whatever was typed."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.cards.view import ALT_TEXT, card, film_name
from bot.jobs.models import ACTIVE, Render, RenderStatus, Verb
from bot.requests.forecast import Forecast
from bot.videos.models import PROMPT_LIMIT
from tests.jobs.support import NOW, new_render

SECTION, TEXT, GALLERY, SEPARATOR, CONTAINER = 9, 10, 12, 14, 17
WORST = "@everyone @here *_~|`[]<>\\ # - 1. https://evil.example <@1> \n"


def drawn(shown: Render) -> list[dict[str, Any]]:
    """Every component of the card, as it is sent."""
    return list(parts(card(shown).to_components()))


def parts(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from parts(component.get("components", []))


def texts(shown: Render) -> list[str]:
    return [part["content"] for part in drawn(shown) if part["type"] == TEXT]


def words_of(shown: Render) -> str:
    return "\n".join(texts(shown))


def delivered(**fields: Any) -> Render:  # noqa: ANN401 - a field of Render each
    return new_render(status=RenderStatus.DELIVERED, film="0.mp4", **fields)


def assert_within_limits(shown: Render) -> None:
    components = drawn(shown)
    assert len(components) <= 40
    contents = [part["content"] for part in components if part["type"] == TEXT]
    assert all(content.strip() for content in contents), "Discord refuses an empty text"
    assert sum(map(len, contents)) <= 4000
    for part in components:
        for item in part.get("items", []):
            assert len(item["description"]) <= 1024


@pytest.mark.parametrize("status", RenderStatus)
async def test_every_state_is_drawn(status: RenderStatus) -> None:
    shown = new_render(status=status, film="0.mp4")
    assert_within_limits(shown)
    assert [part["type"] for part in card(shown).to_components()] == [CONTAINER]
    told = words_of(shown)
    assert "a calico cat playing a piano on stage" in told
    assert "<@11>" in told
    assert f"<t:{int(NOW)}:R>" in told
    assert "720 x 1280 · 4 s · sora-2" in told


@pytest.mark.parametrize("status", [RenderStatus.QUEUED, RenderStatus.IN_PROGRESS])
async def test_an_old_card_rests_whatever_the_progress(status: RenderStatus) -> None:
    quiet = Forecast(quiet=True)
    old = new_render(status=status)
    resting = [card(old.evolve(progress=progress), quiet).to_components() for progress in (10, 90)]
    assert resting[0] == resting[1]
    assert "Live updates have ended" in str(resting[0])


@pytest.mark.parametrize("status", RenderStatus)
async def test_completed_and_a_film_stand_on_a_delivered_card_alone(status: RenderStatus) -> None:
    shown = new_render(status=status, film="0.mp4", progress=100)
    has_film = any(part["type"] == GALLERY for part in drawn(shown))
    assert has_film is (status is RenderStatus.DELIVERED)
    assert ("Completed" in words_of(shown)) is (status is RenderStatus.DELIVERED)


CHARACTERS = st.text(max_size=80) | st.sampled_from([WORST, "@everyone", "\\", "@here ", "🎹", "*"])
LONG = st.lists(CHARACTERS, min_size=1, max_size=8).map(
    lambda pieces: ("".join(pieces) * PROMPT_LIMIT)[:PROMPT_LIMIT].strip() or "x"
)


@settings(max_examples=60, deadline=None)
@given(
    prompt=LONG,
    reason=st.none() | LONG,
    model=st.none() | LONG,
    status=st.sampled_from(RenderStatus),
)
async def test_a_long_prompt_of_any_characters_stays_within_discords_limits(
    prompt: str, reason: str | None, model: str | None, status: RenderStatus
) -> None:
    shown = new_render(
        status=status, film="0.webm", prompt=prompt, server_message=reason, video_model=model,
        unreachable_since=NOW, image_resized=True, model="preview", progress=50,
    )  # fmt: skip
    assert_within_limits(shown)


@pytest.mark.parametrize("status", RenderStatus)
async def test_neither_people_nor_servers_add_marks_mentions_or_links(status: RenderStatus) -> None:
    clean = new_render(status=status, server_message="x", video_model="x", prompt="x")
    foul = new_render(status=status, server_message=WORST, video_model=WORST, prompt=WORST)
    assert active(words_of(foul)) == active(words_of(clean))
    assert "@everyone" not in words_of(foul)
    assert "@here" not in words_of(foul)
    assert [text.count("\n") for text in texts(foul)] == [text.count("\n") for text in texts(clean)]


def active(text: str) -> list[str]:
    """Return the marks that Discord interprets, in their order."""
    left = re.sub(r"\\[^0-9A-Za-z\s]", "", text)
    return re.findall(r"[*_~|`\[\]<>\\]|://|^(?:#+|-#|-|\d+\.) ", left, re.MULTILINE)


async def test_progress_is_drawn_as_the_server_says_it() -> None:
    def bar(percent: int | None) -> str:
        told = words_of(new_render(status=RenderStatus.IN_PROGRESS, progress=percent))
        found = re.search(r"`([█░]+)`", told)
        assert found is not None
        return found[1]

    assert bar(None) == bar(0) == "░" * 16
    assert bar(50) == "█" * 8 + "░" * 8
    assert bar(99) == "█" * 15 + "░"
    assert bar(100) == "█" * 16


async def test_a_percentage_stands_in_the_title_once_the_server_says_one() -> None:
    for progress in (0, 40):
        told = words_of(new_render(status=RenderStatus.IN_PROGRESS, progress=progress))
        assert f"In progress · {progress}%" in told
    assert "%" not in words_of(new_render(status=RenderStatus.IN_PROGRESS, progress=None))


@pytest.mark.parametrize("status", sorted(ACTIVE))
@pytest.mark.parametrize("since", [None, NOW])
@pytest.mark.parametrize(
    "forecast",
    [
        Forecast(),
        Forecast(place=3, line=7),
        Forecast(place=1, line=1, ends_at=NOW + 60),
        Forecast(place=3, line=7, stuck=True),
    ],
)
async def test_a_card_that_moves_has_as_many_lines_whatever_is_known(
    status: RenderStatus, since: float | None, forecast: Forecast
) -> None:
    told = card(new_render(status=status, unreachable_since=since), forecast).to_components()
    lines = [part["content"].count("\n") for part in parts(told) if part["type"] == TEXT]
    assert lines == [0, 0, 1, 0]


@pytest.mark.parametrize("status", sorted(set(RenderStatus) - ACTIVE))
async def test_where_nothing_moves_no_bar_is_drawn(status: RenderStatus) -> None:
    assert "░" not in words_of(new_render(status=status, progress=50))


@pytest.mark.parametrize("quiet", [False, True])
async def test_a_silent_server_is_dated(*, quiet: bool) -> None:
    away = new_render(status=RenderStatus.IN_PROGRESS, unreachable_since=NOW + 0.7)
    told = str(card(away, Forecast(quiet=quiet)).to_components())
    assert f"stopped answering <t:{int(NOW)}:R>" in told
    assert "Nothing is lost" in told


@pytest.mark.parametrize("status", RenderStatus)
async def test_a_disk_that_takes_nothing_is_said_where_something_is_to_come(
    status: RenderStatus,
) -> None:
    told = str(
        card(new_render(status=status), Forecast(place=3, line=7, stuck=True)).to_components()
    )
    assert ("can't save anything" in told) == (status in ACTIVE)


@pytest.mark.parametrize("status", RenderStatus)
async def test_a_price_stands_on_every_card_but_where_nothing_was_bought(
    status: RenderStatus,
) -> None:
    told = str(
        card(new_render(status=status, video_id="video_1"), Forecast(cost=400_000)).to_components()
    )
    assert "$0.40" in told
    refused = new_render(status=RenderStatus.FAILED, reason="busy")
    assert "$0.40" not in str(card(refused, Forecast(cost=400_000)).to_components())


async def test_the_servers_own_reason_is_quoted_as_such() -> None:
    told = words_of(new_render(status=RenderStatus.FAILED, server_message="CUDA out\nof *memory*"))
    assert "The video server said: “CUDA out of \\*memory\\*”" in told


async def test_the_model_that_rendered_is_named_before_the_one_asked_for() -> None:
    assert "sora-2-pro" in words_of(new_render(video_model="sora-2-pro"))
    assert words_of(new_render(model=None)).count(" · ") == 3


async def test_small_print_says_what_was_done_to_the_image() -> None:
    assert "-# Your image was cropped and resized" in words_of(new_render(image_resized=True))
    assert "Your image" not in words_of(new_render())


@pytest.mark.parametrize("status", RenderStatus)
async def test_only_a_completed_preview_says_that_it_is_one(status: RenderStatus) -> None:
    told = words_of(new_render(status=status, model="preview"))
    assert ("-# Preview only" in told) == (status is RenderStatus.DELIVERED)
    assert "Preview only" not in words_of(new_render(status=status))


@pytest.mark.parametrize(
    ("verb", "origin"),
    [
        (Verb.AGAIN, "same prompt as"),
        (Verb.EDIT, "made from"),
        (Verb.REMIX, "made from"),
    ],
)
async def test_the_card_says_what_a_video_has_from_another(verb: Verb, origin: str) -> None:
    link = "https://discord.com/channels/1/2/3"
    told = words_of(new_render(verb=verb, parent_link=link))
    assert f"-# {origin} [this video]({link})" in told


async def test_a_delivered_film_is_shown_from_the_message_with_its_prompt_beside_it() -> None:
    shown = delivered(prompt="A cat\nplays “piano” " + "x" * 2000)
    (gallery,) = [part for part in drawn(shown) if part["type"] == GALLERY]
    (item,) = gallery["items"]
    assert item["media"]["url"] == f"attachment://{film_name(shown)}"
    assert len(item["description"]) <= ALT_TEXT
    assert item["description"].startswith("A cat")


@pytest.mark.parametrize(
    ("film", "name"), [("0.mp4", "a-cat.mp4"), ("0.webm", "a-cat.webm"), (None, "a-cat.mp4")]
)
def test_a_film_is_named_by_its_prompt_and_kind(film: str | None, name: str) -> None:
    assert film_name(new_render(prompt="a cat", film=film)) == name


@given(prompt=CHARACTERS)
def test_a_films_name_is_ascii(prompt: str) -> None:
    name = film_name(delivered(prompt=prompt))
    assert name.isascii()
    assert re.fullmatch(r"[a-z0-9-]{1,40}\.mp4", name)
