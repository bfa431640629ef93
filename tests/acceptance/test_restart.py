"""A restart in the middle: the same message ends with the film, and the film is bought once."""

from pathlib import Path

from tests.acceptance.stage import PROMPT, Stage, restarted, settings_for, staged
from tests.media.checks import assert_is_film
from tests.processes import VideosServer


def _in_progress(stage: Stage) -> bool:
    return "In progress" in stage.text


def _completed(stage: Stage) -> bool:
    return "Completed" in stage.text


async def test_the_bot_restarts_while_its_film_is_rendered(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        await stage.until(_in_progress)
        before = stage.card.id

        async with restarted(stage):
            await stage.until(_completed)

            assert stage.card.id == before
            assert_is_film(stage.film, seconds=12)
            assert len(server.jobs()) == 1


async def test_the_bot_restarts_while_a_rendered_film_is_not_yet_in_the_chat(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        stage.env.inject_error("PATCH", "/webhooks/*", status=500, times=None)
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        await stage.until(lambda _: server.jobs()[0]["status"] == "completed")
        await stage.wait()
        assert stage.film is None
        stage.env.backend.faults.clear()

        async with restarted(stage):
            await stage.until(_completed)

            assert_is_film(stage.film)
            assert len(server.jobs()) == 1


async def test_the_server_is_killed_and_started_again(server: VideosServer, tmp_path: Path) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        await stage.until(_in_progress)
        before = stage.card.id

        server.kill()
        await stage.until(lambda at: "stopped answering" in at.text)
        server.start()
        await stage.until(_completed)

        assert stage.card.id == before
        assert_is_film(stage.film, seconds=12)
        assert len(server.jobs()) == 1
