"""The bot behind an HTTP proxy: Discord through it, this machine never."""

from pathlib import Path

from yarl import URL

from tests.loopback.driver import Loopback
from tests.loopback.proxy import proxy
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer


async def test_discord_is_reached_through_the_proxy_and_this_machine_without(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    api = URL(discord.api_url)
    assert api.host is not None
    assert api.port is not None
    async with proxy(api.host, api.port) as through:
        club = FilmClub(
            discord,
            videos,
            tmp_path / "bot",
            DISCORD_API_URL=f"http://discord.example.org{api.path}",
            DISCORD_GATEWAY_URL="ws://gateway.example.org/gateway",
            HTTP_PROXY=through.address,
        )
        async with club:
            await club.ask()
            await club.until_film()
            await club.assert_film_came_once()
    asked = [line.split(" ")[1] for line in through.asked]
    assert any(address.startswith("http://discord.example.org/") for address in asked)
    assert any("gateway.example.org" in address for address in asked)
    assert not any("/v1/videos" in address for address in asked)


async def test_a_key_over_plain_http_is_warned_of_once(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    server = URL(videos.base_url)
    assert server.host is not None
    assert server.port is not None
    async with proxy(server.host, server.port) as through:
        environment = {
            "VIDEOS_BASE_URL": "http://videos.example.org/v1",
            "HTTP_PROXY": through.address,
        }
        async with FilmClub(discord, videos, tmp_path / "bot", **environment) as club:
            await club.ask()
            await club.until_film()
            await club.bot.stop()
    assert club.bot.log.count("over plain http") == 1
    assert any("http://videos.example.org/v1/videos" in line for line in through.asked)
