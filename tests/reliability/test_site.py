"""What the bot's own process serves: a link where no copy fits, health, readiness, metrics."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from tests.loopback.driver import Loopback
from tests.processes import free_port
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer

TOO_SMALL = 1000
"""Bytes no film fits into."""


class SiteClub(FilmClub):
    """Its bot serves at `site`."""

    def __init__(
        self, discord: Loopback, videos: ScriptedServer, folder: Path, **environment: str
    ) -> None:
        web, operations = free_port(), free_port()
        self.site = f"http://127.0.0.1:{web}"
        self.operations = f"http://127.0.0.1:{operations}"
        own = {"PUBLIC_URL": self.site, "WEB_PORT": str(web), "OPS_PORT": str(operations)}
        own |= environment
        super().__init__(discord, videos, folder, **own)

    async def until_it_serves(self) -> None:
        await self.discord.until(lambda: "serving on" in self.bot.log)


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[SiteClub]:
    async with SiteClub(discord, videos, tmp_path / "bot") as opened:
        yield opened


async def get(url: str, **headers: str) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as answer:
        return answer.status, await answer.read()


async def test_a_film_that_cannot_fit_comes_as_a_link_that_outlives_a_restart(
    club: SiteClub,
) -> None:
    interaction = await club.ask()
    interaction.upload_limit = TOO_SMALL
    club.finish()
    await club.until_card_says("Completed")

    assert club.card.film is None
    found = re.search(r"\]\((\S+)\) until <t:\d+:f>", club.card.text)
    assert found is not None, club.card.text
    films = await club.films_on_server()
    assert [(await get(found[1]))[1]] == films
    assert await get(found[1], Range="bytes=2-5") == (206, films[0][2:6])

    await club.bot.restart()

    assert await get(found[1]) == (200, films[0])
    assert (await get(found[1].replace("/films/", "/films/0")))[0] == 404
    assert club.videos.seen["create"] == 1


async def test_what_was_kept_for_want_of_links_is_offered_when_there_are_any(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    async with FilmClub(discord, videos, tmp_path / "bot") as without:
        interaction = await without.ask()
        interaction.upload_limit = TOO_SMALL
        without.finish()
        await without.until_card_says("Not delivered")
    port = str(free_port())
    environment = {"PUBLIC_URL": "https://films.example.org", "WEB_PORT": port}
    with_links = FilmClub(discord, videos, tmp_path / "bot", **environment)
    with_links.channel = without.channel
    async with with_links:
        await with_links.until_card_says("(https://films.example.org/films/")


async def test_it_tells_how_it_is(club: SiteClub, videos: ScriptedServer) -> None:
    assert await get(f"{club.operations}/healthz") == (200, b"ok\n")
    await club.discord.until(lambda: "ready as" in club.bot.log)
    status, told = await get(f"{club.operations}/readyz")
    assert status == 200, told
    before = videos.seen["list"]
    for _ in range(5):
        await get(f"{club.operations}/readyz")
    assert videos.seen["list"] == before

    await club.ask()
    await club.until_film()
    await until_counted(club, 'rushes_jobs{state="delivered"} 1.0')
    # Counted when the row is announced, which is after it is there.
    lines = await until_counted(club, 'rushes_deliveries_total{how="as_is"} 1.0')
    assert {
        'rushes_creates_total{outcome="accepted"} 1.0',
        "rushes_delivery_seconds_count 1.0",
        "rushes_rate_limited_total 0.0",
    } <= lines
    numbers = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    (film,) = await club.films_on_server()
    assert float(numbers["rushes_film_bytes_total"]) == len(film)
    assert float(numbers["rushes_discord_sent_bytes_total"]) > len(film)
    assert float(numbers["rushes_edits_total"]) >= 1
    assert float(numbers["process_resident_memory_bytes"]) > 1e6
    assert float(numbers["rushes_event_loop_lag_max_seconds"]) >= 0


async def until_counted(club: SiteClub, line: str) -> set[str]:
    """Scrape until the metrics have this line; give all lines."""
    async with asyncio.timeout(10):
        while True:
            status, text = await get(f"{club.operations}/metrics")
            assert status == 200
            if line in (lines := set(text.decode().splitlines())):
                return lines
            await club.discord.change(within=0.1)


@pytest.mark.parametrize(
    ("missing", "setting"),
    [
        ("gateway", {"DISCORD_GATEWAY_URL": "ws://127.0.0.1:9"}),
        ("videos", {"VIDEOS_BASE_URL": "http://127.0.0.1:9/v1"}),
    ],
)
async def test_it_is_alive_and_not_ready_while_something_is_missing(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path, missing: str, setting: dict[str, str]
) -> None:
    club = SiteClub(discord, videos, tmp_path / "bot", **setting)
    await club.bot.launch()
    try:
        await club.until_it_serves()
        if missing != "gateway":
            await discord.until(lambda: "ready as" in club.bot.log)
        assert (await get(f"{club.operations}/healthz"))[0] == 200
        status, told = await get(f"{club.operations}/readyz")
        assert status == 503
        needs: dict[str, bool] = json.loads(told)
        assert not needs.pop("ready")
        assert [name for name, there in needs.items() if not there] == [missing]
    finally:
        await club.bot.kill()


async def test_what_a_port_of_an_earlier_version_answers_is_told(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    web = {"WEB_PORT": str(ports[0])}
    async with FilmClub(discord, videos, tmp_path / "alone", **web) as club:
        assert await get(f"http://127.0.0.1:{ports[0]}/healthz") == (200, b"ok\n")
        assert club.bot.log.count("set OPS_PORT and OPS_HOST instead") == 1
    web |= {"PUBLIC_URL": "http://films.example"}
    async with FilmClub(discord, videos, tmp_path / "public", **web) as club:
        status, told = await get(f"http://127.0.0.1:{ports[0]}/metrics")
        assert (status, b"OPS_PORT" in told) == (404, True)
        assert club.bot.log.count("set OPS_PORT for them") == 1
    web |= {"OPS_PORT": str(ports[1])}
    async with FilmClub(discord, videos, tmp_path / "both", **web) as club:
        assert await get(f"http://127.0.0.1:{ports[1]}/healthz") == (200, b"ok\n")
        assert (await get(f"http://127.0.0.1:{ports[1]}/films/"))[0] == 404
        assert club.bot.log.count("WARNING  bot.http.ports") == 0


async def test_deleting_ends_the_link_at_once(club: SiteClub) -> None:
    interaction = await club.ask()
    interaction.upload_limit = TOO_SMALL
    club.finish()
    await club.until_card_says("Completed")
    found = re.search(r"\]\((\S+)\) until", club.card.text)
    assert found is not None
    assert (await get(found[1]))[0] == 200
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")

    asked = await (await club.discord.press(club.ada, club.card, "Delete")).answered()
    await club.discord.press(club.ada, asked.message, "Delete forever")
    await club.discord.until(lambda: not club.rows())

    assert (await get(found[1]))[0] == 404


async def test_nothing_is_served_unless_asked_for(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    async with FilmClub(discord, videos, tmp_path / "bot") as club:
        assert "serving on" not in club.bot.log
        assert not (tmp_path / "bot" / "link.key").exists()


async def test_a_port_that_is_taken_stops_the_start_with_one_sentence(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        club = FilmClub(discord, videos, tmp_path / "bot", WEB_PORT=port)
        await club.bot.launch()
        await discord.until(lambda: club.bot.ended, within=20)
    assert (
        club.bot.log.strip()
        .splitlines()[-1]
        .startswith(f"WEB_HOST and WEB_PORT: 127.0.0.1:{port} cannot be listened on")
    )
