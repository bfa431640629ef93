"""A film made from the image of another: in its own frame."""

import io
import sqlite3
from contextlib import closing
from pathlib import Path

from PIL import Image

from bot.cards.buttons import Action
from tests.acceptance.stage import settings_for, staged, text_of
from tests.acceptance.test_bad_input import png
from tests.acceptance.test_buttons import fill, finished, press
from tests.processes import VideosServer

CAT = ("cat.png", png())


def frames(folder: Path) -> list[tuple[int, int]]:
    """Width and height of each image that is kept with a job, oldest first."""
    with closing(sqlite3.connect(folder / "rushes.db")) as database:
        rows = database.execute("SELECT data FROM request_images ORDER BY rowid").fetchall()
    return [Image.open(io.BytesIO(data)).size for (data,) in rows]


async def test_again_takes_the_image_as_it_is(server: VideosServer, tmp_path: Path) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        first = await finished(stage, image=CAT)
        await press(stage.ada, first, Action.AGAIN)
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert frames(tmp_path / "bot") == [(720, 1280), (720, 1280)]
        assert "cut and scaled" not in text_of(stage.messages[-1])


async def test_another_size_brings_the_image_to_its_frame(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        form = await press(stage.ada, await finished(stage, image=CAT), Action.EDIT)
        await fill(stage.ada, form, prompt="a dog instead", size=["1280x720"], seconds=["4"])
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert frames(tmp_path / "bot") == [(720, 1280), (1280, 720)]
        assert "cut and scaled" in text_of(stage.messages[-1])
