"""`/video` to the film in the message, in front of an imitation of every family of servers."""

from pathlib import Path

import pytest

from tests.acceptance.stage import settings_for, staged
from tests.videos import films
from tests.videos.families import FAMILIES, Family
from tests.videos.imitation import imitated


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
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
            assert "$0.10" in stage.text
