"""The way of a rendered film to the bot: other ways to it, patience, drips, bombs and refusals."""

import asyncio
import gzip
import json
import time
from pathlib import Path

import pytest
from aiohttp import web

from tests.database import earlier
from tests.loopback.driver import Loopback
from tests.loopback.faults import Apply
from tests.reliability.film_club import FilmClub
from tests.videos_server.faults import Fault, answer, changed, cut, server_of
from tests.videos_server.server import ScriptedServer

HTML = "<!doctype html><html>soon</html>"
NONE = {
    "an HTML page": answer(200, HTML),
    "nothing": answer(200),
    "500": answer(500, "{}"),
    "502": answer(502, HTML),
    "409": answer(409, "{}", Retry_After="1"),
    "404": answer(404, "{}"),
    "403": answer(403, "{}"),
    "cut": cut,
}


def from_store(videos: ScriptedServer) -> Fault:
    """Tell in the job where the film lies as well: at another address of the same server."""
    return changed(lambda job: job | {"video_url": f"{videos.base_url}/store/{job['id']}"})


async def hands_over(request: web.Request) -> web.StreamResponse:
    """Serve the film of the address that `from_store` told."""
    path = f"/v1/videos/{request.path.rpartition('/')[2]}/content"
    return await server_of(request).pass_on(request.clone(rel_url=path))


@pytest.mark.parametrize("content", NONE.values(), ids=NONE)
async def test_the_jobs_own_address_where_content_gives_no_film(
    club: FilmClub, videos: ScriptedServer, content: Fault
) -> None:
    videos.meet("poll", *[from_store(videos)] * 200)
    videos.meet("content", *[content] * 200)
    videos.meet("other", *[hands_over] * 200)
    await club.ask()
    club.finish()
    await club.until_card_says("Completed")
    assert club.card.film is not None
    assert videos.seen["content"] <= 3


async def test_a_film_that_is_not_ready_many_times_is_waited_for(
    club: FilmClub, videos: ScriptedServer
) -> None:
    videos.meet("content", *[answer(409, "{}", Retry_After="0")] * 15)
    await club.ask()
    await club.until_film(within=40)
    await club.assert_film_came_once()
    assert club.bot.log.count("the film did not arrive") == 1


async def test_a_server_that_never_hands_it_over_is_given_up_in_time(
    club: FilmClub, videos: ScriptedServer
) -> None:
    videos.meet("content", *[answer(409, "{}", Retry_After="0")] * 1000)
    await club.ask()
    club.finish()
    await club.discord.until(lambda: videos.seen["content"] > 6)
    await club.bot.kill()
    club.rewrite(film_late_since=earlier("film_late_since", 30))
    await club.bot.start()
    await club.until_card_says("hasn't sent it yet")
    await club.bot.kill()
    club.rewrite(film_late_since=earlier("film_late_since", 900))
    await club.bot.start()
    await club.until_card_says("Press “Post again”")
    videos.forget("content")
    await club.discord.press(club.ada, club.card, "Post again")
    await club.until_film()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_reads_jobs_and_no_films_is_the_operators_affair(
    club: FilmClub, videos: ScriptedServer, status: int
) -> None:
    videos.meet("content", *[answer(status, "{}")] * 1000)
    await club.ask()
    club.finish()
    await club.until_card_says("Tell the bot's owner")
    asked = videos.seen["content"]
    await club.discord.until(lambda: videos.seen["content"] > asked + 1)
    assert club.bot.log.count("what this key is allowed to do") == 1
    videos.forget("content")
    await club.until_film()


async def test_four_films_that_drip_keep_nobody_elses_waiting(
    club: FilmClub, videos: ScriptedServer
) -> None:
    begun = 0

    async def drips(request: web.Request) -> web.StreamResponse:
        nonlocal begun
        begun += 1
        response = web.StreamResponse(headers={"Content-Type": "video/mp4"})
        await response.prepare(request)
        while True:
            await response.write(b"\0" * 8000)
            await asyncio.sleep(1)

    club.finish()
    for number in range(4):
        videos.meet("content", *[drips] * 20, prompt=f"a drip {number}")
        user, channel = (
            club.discord.add_user(f"u{number}"),
            club.discord.add_channel(club.discord.add_guild()),
        )
        await club.discord.slash(user, channel, "video", prompt=f"a drip {number}")
    await club.discord.until(lambda: begun == 4, within=30)
    await club.ask()
    await club.until_film(within=30)


async def test_a_bomb_takes_no_more_of_the_disk_than_there_is_room(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    bomb = gzip.compress(bytes(256 * 2**20), 1)
    largest = 0

    async def explodes(_: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip", "Content-Type": "video/mp4"}
        return web.Response(body=bomb, headers=headers)

    async def watch() -> None:
        nonlocal largest
        while True:
            sizes = [each.stat().st_size for each in (tmp_path / "bot/films").iterdir()]
            largest = max(largest, sum(sizes))
            await asyncio.sleep(0.01)

    videos.meet("content", *[explodes] * 100)
    async with FilmClub(discord, videos, tmp_path / "bot", FILMS_MAX_GB="0.02") as club:
        watching = asyncio.create_task(watch())
        await club.ask()
        club.finish()
        await club.until_card_says("too large for the bot's disk")
        assert "FILMS_MAX_GB" in club.bot.log
        watching.cancel()
        assert largest <= 20_000_000
        videos.forget("content")
        await club.discord.press(club.ada, club.card, "Post again")
        await club.until_film()


async def test_a_list_without_an_end_delays_nobody(club: FilmClub, videos: ScriptedServer) -> None:
    jobs = ",".join(f'{{"id":"other{number}","status":"queued"}}' for number in range(110_000))
    long_list = answer(200, f'{{"object":"list","data":[{jobs}],"has_more":false}}')
    videos.meet("list", *[long_list] * 1000)
    for number in range(3):
        user = club.discord.add_user(f"u{number}")
        channel = club.discord.add_channel(club.discord.add_guild())
        await club.discord.slash(user, channel, "video", prompt=f"another {number}")
    seen = videos.seen["list"]
    await club.discord.until(lambda: videos.seen["list"] > seen + 2, within=30)
    await club.ask()
    await club.until_film(within=40)


@pytest.mark.parametrize("form", ["text", "json"])
async def test_a_servers_sentence_stays_within_its_line(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path, form: str
) -> None:
    forged = "x\n2026-11-25 10:00:00,000 CRITICAL bot.forged: all is lost\x1b[2J\u202e" + "y" * 5000
    body = json.dumps({"error": {"message": forged}})
    videos.meet("content", answer(500, body), answer(404, body), answer(400, body))
    async with FilmClub(discord, videos, tmp_path / "bot", LOG_FORMAT=form) as club:
        await club.ask()
        await club.until_film()
    lines = club.bot.log.split("\n")
    assert any("all is lost" in line for line in lines)
    assert not any(line.startswith("2026-11-25 10:00:00,000") for line in lines)
    assert not any(char in club.bot.log for char in "\x1b\u202e")
    assert max(map(len, lines)) < 4000


async def test_an_image_is_not_fetched_through_a_redirect(
    club: FilmClub, videos: ScriptedServer
) -> None:
    async def leads_away(_: web.Request, __: Apply) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": f"{videos.base_url}/videos"})

    club.discord.faults["cdn", None] += [leads_away] * 5
    listed = videos.seen["list"]
    await club.discord.slash(
        club.ada, club.channel, "video", prompt="a cat", image=("cat.png", b"x", "image/png")
    )
    await club.discord.until(lambda: "can't be used" in _private(club))
    assert videos.seen["list"] == listed
    assert videos.seen["create"] == 0


async def test_an_image_that_is_larger_than_it_claims_is_read_as_far_as_it_may_be(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    sent = 0

    async def goes_on(request: web.Request, _: Apply) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Type": "image/png"})
        await response.prepare(request)
        began = time.monotonic()
        while time.monotonic() - began < 10:
            await response.write(bytes(2**16))
            sent += 2**16
        return response

    discord.faults["cdn", None] += [goes_on] * 5
    async with FilmClub(discord, videos, tmp_path / "bot", MAX_IMAGE_MB="1") as club:
        await club.discord.slash(
            club.ada, club.channel, "video", prompt="a cat", image=("cat.png", b"x", "image/png")
        )
        await club.discord.until(lambda: "can't be used" in _private(club))
    assert sent < 64 * 2**20


def _private(club: FilmClub) -> str:
    """Return everything that was said in the channel, to its asker alone too."""
    every = club.discord.messages.every.values()
    return " ".join(text for message in every for text in message.texts)
