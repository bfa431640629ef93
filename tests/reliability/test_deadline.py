"""A film that takes longer than the bot waits, and the button that looks once more."""

from pathlib import Path

from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer


async def test_the_deadline_takes_a_last_look_and_deletes_nothing(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    second = str(1 / 3600)
    async with FilmClub(discord, videos, tmp_path, RENDER_DEADLINE_HOURS=second) as club:
        await club.ask()
        await club.until_card_says("took too long, so the bot stopped waiting")
        await club.until_rendered()

        await discord.press(club.ada, club.card, "Check again")
        await club.until_film()

        await club.assert_film_came_once()
