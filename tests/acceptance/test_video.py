"""The main job: /video ends in a film, in one message."""

from pathlib import Path

import pytest

from tests.acceptance.stage import PROMPT, parts_of, settings_for, staged
from tests.media.checks import assert_is_film
from tests.processes import VideosServer


async def test_a_prompt_becomes_a_film_in_the_same_message(
    rendering_server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", rendering_server.base_url)) as stage:
        result = await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        assert result.response is not None
        first = stage.card.id

        await stage.until(lambda at: "Completed" in at.text)

        assert stage.card.id == first == result.response.id
        assert PROMPT in stage.text
        assert [job["prompt"] for job in rendering_server.jobs()] == [PROMPT]
        assert_is_film(stage.film)
        gallery = next(part for part in parts_of(stage.card) if "items" in part)
        assert gallery["items"][0]["description"] == PROMPT
        assert stage.card.attachments == [] or len(stage.card.attachments) == 1


async def test_every_state_is_seen_on_the_way(
    rendering_server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", rendering_server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        assert "Queued" in stage.text

        await stage.until(lambda at: "Completed" in at.text)

        assert any("In progress" in text for text in stage.texts)
        order = [text.split("\n")[0] for text in stage.texts]
        assert order == sorted(order, key=_stage_of), "no step back"


async def test_a_card_is_edited_only_when_it_looks_different(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        waiting = await stage.grace.slash(stage.channel, "video", prompt="behind it")
        assert waiting.response is not None
        polls = 0
        while server.jobs()[1]["status"] != "completed":
            await stage.wait()
            polls += 1

        assert polls > 5
        edits = [
            request
            for request in stage.env.http_requests
            if request.method == "PATCH" and "behind it" in str(request.json)
        ]
        assert 1 <= len(edits) <= 3, "queued, and perhaps another place in line"


def _stage_of(title: str) -> int:
    return next(
        number
        for number, word in enumerate(("Queued", "In progress", "On its way", "Completed"))
        if word in title
    )


async def test_the_embedded_server_is_used_where_none_is_set(tmp_path: Path) -> None:
    async with staged(settings_for(tmp_path / "bot", None)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        await stage.until(lambda at: "Completed" in at.text)

        assert "no AI model" in stage.text
        assert_is_film(stage.film)


@pytest.mark.parametrize(("size", "seconds"), [("1280x720", "8")])
async def test_size_and_seconds_are_honoured(
    server: VideosServer, tmp_path: Path, size: str, seconds: str
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, size=size, seconds=seconds)
        await stage.until(lambda at: "Completed" in at.text)

        assert_is_film(stage.film, width=1280, height=720, seconds=8)
        assert "1280 x 720 · 8 s" in stage.text


async def test_a_price_stands_on_the_card_before_and_after(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(
        tmp_path / "bot", server.base_url, videos_prices={"": 0.1}, videos_currency="EUR"
    )
    async with staged(settings) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="4")
        sent = next(each for each in stage.env.http_requests if each.path.endswith("/callback"))
        assert "€0.40" in str(sent.json)
        await stage.until(lambda at: "Completed" in at.text)
        assert "€0.40" in stage.text
