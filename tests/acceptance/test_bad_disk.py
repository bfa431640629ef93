"""A disk that takes nothing: people are told, and nothing is sent."""

import asyncio
from pathlib import Path

from tests.acceptance.actions import refused
from tests.acceptance.stage import PROMPT, settings_for, staged
from tests.database import locked
from tests.media.images import png
from tests.processes import VideosServer


async def test_an_intent_that_cannot_be_written_is_not_shown_and_not_sent(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        with locked(tmp_path / "bot"):
            assert "can't save anything" in await refused(stage, prompt=PROMPT)
        assert server.jobs() == []

        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        await stage.until(lambda at: "Completed" in at.text)


async def test_a_disk_that_fails_after_the_card_is_said_on_the_card(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        image = ("cat.png", png(4000, 4000))
        asking = asyncio.create_task(
            stage.ada.slash(stage.channel, "video", prompt=PROMPT, image=image)
        )
        await asyncio.sleep(0.2)  # the card's message is written; the image takes longer
        assert "Requested" in stage.text
        with locked(tmp_path / "bot"):
            await asking

        assert "Failed" in stage.text
        assert "Nothing was charged" in stage.text
        assert server.jobs() == []
