"""Bad input: what people see for each row of the table, and that nothing is bought."""

from pathlib import Path

import pytest

from tests.acceptance.actions import refused
from tests.acceptance.stage import PROMPT, settings_for, staged, text_of
from tests.media import bombs
from tests.media.checks import assert_is_film
from tests.media.images import png
from tests.processes import VideosServer

pytestmark = pytest.mark.usefixtures("server")


@pytest.mark.parametrize("prompt", ["   ", "\n\t "])
async def test_a_blank_prompt(server: VideosServer, tmp_path: Path, prompt: str) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        assert "prompt is empty" in await refused(stage, prompt=prompt)
        assert server.jobs() == []


@pytest.mark.parametrize(
    ("option", "value"), [("size", "100x100"), ("seconds", "99"), ("prompt", "x" * 4001)]
)
async def test_discord_itself_stops_what_it_can(
    server: VideosServer, tmp_path: Path, option: str, value: str
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        with pytest.raises(Exception, match=r"(?i)only allows|4000"):
            await stage.ada.slash(stage.channel, "video", **({"prompt": PROMPT} | {option: value}))
        assert stage.messages == []
        assert server.jobs() == []


async def test_a_model_is_asked_for_only_where_there_is_a_choice(
    server: VideosServer, tmp_path: Path
) -> None:
    one = settings_for(tmp_path / "one", server.base_url, videos_models=("sora-2",))
    two = settings_for(tmp_path / "two", server.base_url, videos_models=("sora-2", "sora-2-pro"))
    options: list[set[str]] = []
    for settings in (one, two):
        async with staged(settings) as stage:
            command = stage.bot.tree.get_command("video")
            assert command is not None
            options.append(
                {option["name"] for option in command.to_dict(stage.bot.tree)["options"]}
            )

    assert options == [
        {"prompt", "size", "seconds", "image"},
        {"prompt", "size", "seconds", "image", "model"},
    ]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cat.gif", b"GIF89a", "PNG, JPEG or WebP"),
        ("cat.txt", b"a cat", "PNG, JPEG or WebP"),
        ("cat.png", b"\x89PNG" + b"x" * 1_100_000, "at most 1 MB"),
    ],
)
async def test_an_image_that_is_wrong_by_its_metadata(
    server: VideosServer, tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_image_mb=1)
    async with staged(settings) as stage:
        assert words in await refused(stage, prompt=PROMPT, image=(name, data))
        assert server.jobs() == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (png()[:200], "the file is damaged"),
        (bombs.png(60_000, 60_000), "more than 16 megapixels"),
        (b"not a picture at all", "not a PNG, JPEG or WebP"),
    ],
)
async def test_an_image_whose_bytes_are_bad_takes_its_card_away(
    server: VideosServer, tmp_path: Path, data: bytes, words: str
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        assert words in await refused(stage, prompt=PROMPT, image=("cat.png", data))
        assert server.jobs() == []


async def test_an_image_of_another_shape_is_brought_to_the_frame_and_said(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        image = ("cat.png", png(900, 300))
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, image=image)
        await stage.until(lambda at: "Completed" in at.text)

        assert "cropped and resized" in stage.text
        assert_is_film(stage.film)


async def test_an_image_of_the_exact_size_is_left_as_it_is(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        image = ("cat.png", png())
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, image=image)
        await stage.until(lambda at: "Completed" in at.text)

        assert "cropped and resized" not in stage.text


async def test_one_person_over_the_limit_is_told_what_runs(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_active_per_user=1)
    async with staged(settings) as stage:
        first = await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        second = await stage.ada.slash(stage.channel, "video", prompt="another")

        assert second.response is not None
        assert second.response.ephemeral
        assert "You can make 1 video at a time" in second.response.content
        assert first.response is not None
        assert f"/{first.response.id}" in second.response.content
        third = await stage.grace.slash(stage.channel, "video", prompt="a third")
        assert third.response is not None
        assert not third.response.ephemeral
        assert len(server.jobs()) == 2


async def test_everybody_together_over_the_limit(server: VideosServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_active=1)
    async with staged(settings) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        result = await stage.grace.slash(stage.channel, "video", prompt="another")

        assert result.response is not None
        assert result.response.ephemeral
        assert "Try again when one is done" in result.response.content
        assert len(server.jobs()) == 1


async def test_markdown_and_mentions_in_a_prompt_stay_letters(
    server: VideosServer, tmp_path: Path
) -> None:
    prompt = "**loud** @everyone <@1> [here](https://example.org) `code`\n# title"
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=prompt)

        shown = text_of(stage.card)
        assert r"\*\*loud\*\*" in shown
        assert "@everyone" not in shown
        assert "https://" not in shown
        assert [user.id for user in stage.card.mentions] == [stage.ada.id], "its requester only"
        assert not stage.card.mention_everyone
        assert server.jobs()[0]["prompt"] == prompt
