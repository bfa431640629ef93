"""`/video` to the film in the message, in front of an imitation of every family of servers."""

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from discord import app_commands

from bot.cards.buttons import Action
from bot.jobs.poller import SWEEP
from tests.acceptance.actions import press, told
from tests.acceptance.stage import settings_for, staged
from tests.media import films
from tests.media.reels import reel
from tests.processes import VideosServer
from tests.videos.families import FAMILIES, Family, Said, family, models
from tests.videos.imitation import imitated


@pytest.mark.parametrize("family", FAMILIES, ids=str)
async def test_the_film_comes_from_every_family(family: Family, tmp_path: Path) -> None:
    async with imitated(family) as server:
        settings = settings_for(
            tmp_path / "bot",
            server.base_url,
            videos_dialect=family.name if family.by_hand else "auto",
            videos_film_hosts=(server.store,),
        )
        async with staged(settings) as stage:
            await stage.ada.slash(stage.channel, "video", prompt="a cat plays")
            await stage.until(lambda at: "Completed" in at.text)

            assert stage.film == films.mp4()
            (sent,) = server.created
            assert sent["prompt"] == "a cat plays"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vllm-omni", "Cancelled. The video server has stopped making it."),
        ("rushes", "Cancelled. The video server has stopped making it."),
        ("sglang", "may still finish it"),
        ("fastvideo", "may still finish it"),
        ("tensorrt-llm", "may still finish it"),
        ("litellm", "may still finish it"),
        ("openai", "may still finish it"),
    ],
)
async def test_a_cancel_says_what_the_server_makes_of_a_delete(
    tmp_path: Path, name: str, words: str
) -> None:
    running = Said(body={"id": "v", "status": "in_progress"})
    busy = replace(family(name), polls=(running,))
    async with (
        imitated(busy) as server,
        staged(settings_for(tmp_path / "bot", server.base_url)) as stage,
    ):
        await stage.ada.slash(stage.channel, "video", prompt="a cat plays")
        pressed = told(await press(stage.ada, stage.card, Action.CANCEL))
        assert words in pressed
        assert words in stage.text


async def test_tensorrt_llms_avi_becomes_a_film_that_discord_plays(tmp_path: Path) -> None:
    avi = reel(tmp_path / "film.avi", codec="mpeg4", sound="mp3").read_bytes()
    async with (
        imitated(family("tensorrt-llm"), avi) as server,
        staged(settings_for(tmp_path / "bot", server.base_url)) as stage,
    ):
        await stage.ada.slash(stage.channel, "video", prompt="a cat plays")
        await stage.until(lambda at: "Completed" in at.text)
        assert stage.film is not None
        assert stage.film[4:8] == b"ftyp"
        assert "Converted so it plays everywhere" in stage.text


SEVERAL = models("sglang", "wan-fast", "wan-fine", "hunyuan")


async def test_the_servers_models_are_suggested_and_none_has_to_be_chosen(tmp_path: Path) -> None:
    async with imitated(replace(family("sglang"), models=SEVERAL)) as server:
        settings = settings_for(
            tmp_path / "bot", server.base_url, videos_film_hosts=(server.store,)
        )
        async with staged(settings) as stage:
            choices = await stage.ada.autocomplete(
                stage.channel, "video", "model", "WAN", prompt="c"
            )
            assert [choice["value"] for choice in choices] == ["wan-fast", "wan-fine"]

            wrong = {"prompt": "a cat", "model": "gpt-5"}
            refused = told(await stage.ada.slash(stage.channel, "video", **wrong))
            assert "“gpt-5” isn't available" in refused
            assert "wan-fine" in refused
            await stage.ada.slash(stage.channel, "video", prompt="a cat plays", model="wan-fine")
            await stage.until(lambda at: "Completed" in at.text)
            await stage.ada.slash(stage.channel, "video", prompt="a dog plays")
            assert [sent.get("model") for sent in server.created] == ["wan-fine", None]


async def test_models_are_suggested_by_a_server_that_was_away_at_the_start(tmp_path: Path) -> None:
    with VideosServer(tmp_path / "server") as server:
        server.kill()
        async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
            suggest = partial(stage.ada.autocomplete, stage.channel, "video", "model", prompt="c")
            assert await suggest("") == []
            named = {"prompt": "a cat", "model": "sora-2"}
            refused = await stage.ada.slash(stage.channel, "video", **named)
            assert "lists no models" in told(refused)

            await asyncio.to_thread(server.start)
            async with asyncio.timeout(20):
                while not (choices := await suggest("SORA")):
                    await stage.wait(SWEEP)
            assert [choice["value"] for choice in choices] == ["sora-2", "sora-2-pro"]


async def test_a_server_of_one_model_leaves_nothing_to_choose(tmp_path: Path) -> None:
    async with (
        imitated(family("vllm-omni")) as server,
        staged(settings_for(tmp_path / "bot", server.base_url)) as stage,
    ):
        command = stage.bot.tree.get_command("video")
        assert isinstance(command, app_commands.Command)
        assert "model" not in [option.name for option in command.parameters]


TABLE = """
["sora-2"]
sizes = ["720x1280"]

["wan"]
sizes = ["832x480"]
seconds = ["5"]
price = 0.02
extra = { fps = 16, negative_prompt = "blurry" }
"""


async def test_each_model_of_the_catalog_has_its_own_sizes_and_fields(tmp_path: Path) -> None:
    (catalog := tmp_path / "models.toml").write_text(TABLE)
    async with imitated(FAMILIES[0]) as server:
        settings = settings_for(tmp_path / "bot", server.base_url, videos_catalog=catalog)
        async with staged(settings) as stage:
            wrong = {"prompt": "a cat", "model": "sora-2", "size": "832x480"}
            await stage.ada.slash(stage.channel, "video", **wrong)
            assert server.created == []
            await stage.ada.slash(stage.channel, "video", prompt="a cat plays", model="wan")
            await stage.until(lambda at: "Completed" in at.text)

            (sent,) = server.created
            assert sent == {
                "prompt": "a cat plays", "model": "wan", "size": "832x480", "seconds": "5",
                "fps": "16", "negative_prompt": "blurry",
            }  # fmt: skip
            assert "2 s" in stage.text, "as the server says"
            assert "$0.10" in stage.text, "what was held: this server states no cost"
