"""A Videos server that misbehaves: what the card says, and that nothing is bought twice."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.acceptance.stage import PROMPT, settings_for, staged
from tests.media.checks import assert_is_film
from tests.videos_server.embedded import embedded_videos
from tests.videos_server.faults import Fault, answer, cut, late

KEY = "sk-this-is-the-secret-key"
REFUSED = '{"error": {"message": "%s", "code": "%s"}}'


@pytest.mark.parametrize(
    ("fault", "title", "words"),
    [
        (answer(401, REFUSED % (f"Bad key {KEY}", "")), "Failed", "doesn't accept the bot's key"),
        (answer(429, REFUSED % ("Slow down", "")), "Failed", "too busy"),
        (answer(429, REFUSED % ("Later", ""), Retry_After="900"), "Failed", "busy"),
        (
            answer(400, REFUSED % ("No", "moderation_blocked")),
            "Failed",
            "content rules don't allow",
        ),
        (answer(500, REFUSED % ("Oh", "")), "Not sure it was sent", "may cost twice"),
        (answer(502, "<html>Bad gateway</html>"), "Not sure it was sent", "gave no clear answer"),
        (answer(200, "<html>Welcome</html>"), "Not sure it was sent", "gave no clear answer"),
        (answer(200, '{"id": "video_1", "sta'), "Not sure it was sent", "gave no clear answer"),
        (cut, "Not sure it was sent", "gave no clear answer"),
    ],
)
async def test_a_create_that_goes_wrong(
    fault: Fault, title: str, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", fault, fault, fault)
        settings = settings_for(
            tmp_path / "bot", server.base_url, videos_api_key=KEY, videos_dialect="vllm-omni"
        )
        async with staged(settings) as stage:
            with caplog.at_level(logging.DEBUG, "bot"):
                await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
                await stage.wait(5)

            assert title in stage.text.split("\n")[0]
            assert words in stage.text
            assert server.seen["create"] == 1
            assert KEY not in stage.text
            assert KEY not in caplog.text
            assert any(record.levelno >= logging.WARNING for record in caplog.records)


async def test_a_busy_server_that_names_a_short_wait_is_asked_again(tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", answer(429, "{}", Retry_After="0.1"))
        async with staged(
            settings_for(tmp_path / "bot", server.base_url, videos_dialect="vllm-omni")
        ) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            await stage.until(lambda at: "Completed" in at.text)

            assert server.seen["create"] == 2
            assert server.passed["create"] == 1


async def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        nobody = server.base_url
    async with staged(settings_for(tmp_path / "bot", nobody)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        await stage.until(lambda at: "Failed" in at.text)

        assert "can't be reached" in stage.text
        assert "Nothing was charged" in stage.text


async def test_a_slow_create_does_not_delay_the_first_answer(tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", late(2.5))
        async with staged(
            settings_for(tmp_path / "bot", server.base_url, videos_dialect="vllm-omni")
        ) as stage:
            asking = asyncio.create_task(stage.ada.slash(stage.channel, "video", prompt=PROMPT))
            await asyncio.sleep(1.0)

            assert "Requested" in stage.text
            assert server.passed["create"] == 0
            await asking
            assert server.passed["create"] == 1
            assert "Requested" not in stage.text


@pytest.mark.parametrize("fault", [answer(500), answer(200, "<html></html>"), cut])
async def test_polls_that_go_wrong_are_said_and_survived(fault: Fault, tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("poll", fault, fault)  # aiohttp asks once more where a connection was kept
        async with staged(
            settings_for(tmp_path / "bot", server.base_url, videos_dialect="vllm-omni")
        ) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            await stage.until(lambda at: "stopped answering" in at.text)
            assert "Nothing is lost" in stage.text

            await stage.until(lambda at: "Completed" in at.text)
            assert_is_film(stage.film)


@pytest.mark.parametrize(
    "fault",
    [
        answer(200),
        answer(200, '{"url": "https://example.org/film.mp4"}'),
        answer(200, "<html>Sign in</html>"),
        answer(200, "\0\0\0\x18ftypmp42" + "\0" * 12 + "\0\0\1\0moov"),
        answer(404, REFUSED % ("Generation is still in-progress", "")),
        answer(502),
        cut,
    ],
)
async def test_what_is_no_film_is_never_posted_as_one(fault: Fault, tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("content", fault, fault)
        async with staged(
            settings_for(tmp_path / "bot", server.base_url, videos_dialect="vllm-omni")
        ) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            await stage.until(lambda _: server.seen["content"] > 0)
            await stage.env.settle()
            assert stage.film is None
            assert "Completed" not in stage.text

            await stage.until(lambda at: "Completed" in at.text)
            assert_is_film(stage.film)


async def test_a_film_that_never_arrives_is_said(tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("content", *[answer(200, "<html>Sign in</html>")] * 20)
        async with staged(
            settings_for(tmp_path / "bot", server.base_url, videos_dialect="vllm-omni")
        ) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            await stage.until(lambda at: "Not delivered" in at.text, step=15.0)

            assert "couldn't be downloaded" in stage.text
            assert stage.film is None
