"""Films that have to be kept take more room than there is: a request is refused in words."""

from pathlib import Path

from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer


async def test_nothing_is_bought_that_could_not_be_kept(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    async with FilmClub(discord, videos, tmp_path / "bot") as club:
        club.finish()
        await club.ask()
        await club.until_film()
    club.rewrite(status="undelivered", reason="not_taken")
    again = FilmClub(discord, videos, tmp_path / "bot", FILMS_MAX_GB="0.000001")
    async with again:
        await discord.until(lambda: "FILMS_MAX_GB" in again.bot.log)

        await again.ask()

        (refusal,) = discord.private_to(again.ada)
        assert "disk is full" in refusal.text
        assert videos.seen["create"] == 1
