"""Many films in one channel whose tokens are dead: all edits share one bucket of Discord's."""

from pathlib import Path

from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer

FILMS = 8


async def test_every_film_comes_and_discord_never_says_too_many(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> None:
    people = [discord.add_user(f"ada{number}") for number in range(FILMS)]
    async with FilmClub(discord, videos, tmp_path / "bot") as club:
        for person in people:
            asked = await discord.slash(person, club.channel, "video", prompt=f"for {person.name}")
            await asked.answered()
        cards = discord.messages_in(club.channel)
        # Whichever create came first: the server makes one film at a time.
        await discord.until(lambda: any("In progress" in card.text for card in cards))
        discord.skew(16 * 60.0)
        club.finish()

        await discord.until(lambda: all(card.film is not None for card in cards))

        assert discord.too_many == 0, club.bot.log
        assert len(discord.messages_in(club.channel)) == FILMS
        assert videos.seen["create"] == FILMS
