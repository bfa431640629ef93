"""A film made from the image of another: in its own frame."""

import io
from pathlib import Path

from PIL import Image

from bot.cards.buttons import Action
from tests.acceptance.actions import fill, finished, press
from tests.acceptance.stage import settings_for, staged, text_of
from tests.database import rows
from tests.media.images import png
from tests.processes import VideosServer

CAT = ("cat.png", png())


def frames(folder: Path) -> list[tuple[int, int]]:
    """Width and height of each image that is kept with a job, oldest first."""
    return [Image.open(io.BytesIO(row["data"])).size for row in rows(folder, "request_images")]


async def test_again_takes_the_image_as_it_is(server: VideosServer, tmp_path: Path) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        first = await finished(stage, image=CAT)
        await press(stage.ada, first, Action.AGAIN)
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert frames(tmp_path / "bot") == [(720, 1280), (720, 1280)]
        assert "cropped and resized" not in text_of(stage.messages[-1])


async def test_another_size_brings_the_image_to_its_frame(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        form = await press(stage.ada, await finished(stage, image=CAT), Action.EDIT)
        await fill(stage.ada, form, prompt="a dog instead", size=["1280x720"], seconds=["4"])
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert frames(tmp_path / "bot") == [(720, 1280), (1280, 720)]
        assert "cropped and resized" in text_of(stage.messages[-1])
