"""A server with one channel, somebody in it, and the bot as a process of its own."""

from pathlib import Path
from typing import Any, Self

from bot.simulator.interactions import Interaction
from bot.simulator.messages import Message
from bot.simulator.world import Channel
from tests import database
from tests.loopback.driver import Loopback
from tests.loopback.process import BotProcess
from tests.videos_server.server import ScriptedServer

PROMPT = "a calico cat playing a piano on stage"
GRACE = 10.0
"""Seconds after which Docker kills."""
TOKEN_OVER = 16 * 60.0
"""Seconds after which an interaction's token is no longer valid."""
NONCE_OVER = 301.0
"""Seconds after which Discord has forgotten a nonce."""


class FilmClub:
    def __init__(
        self, discord: Loopback, videos: ScriptedServer, folder: Path, **environment: str
    ) -> None:
        self.discord = discord
        self.videos = videos
        self.folder = folder
        self.channel = discord.add_channel(discord.add_guild())
        self.ada = discord.add_user("ada")
        self.bot = BotProcess(discord, folder, videos.base_url, **environment)

    async def __aenter__(self) -> Self:
        await self.bot.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.bot.__aexit__(*error)

    async def ask(self, **options: Any) -> Interaction:  # noqa: ANN401
        """Use /video, and see the card."""
        chosen = {"prompt": PROMPT} | options
        interaction = await self.discord.slash(self.ada, self.channel, "video", **chosen)
        return await interaction.answered()

    @property
    def card(self) -> Message:
        """The one message in the channel."""
        messages = self.discord.messages_in(self.channel)
        assert len(messages) == 1, [message.text for message in messages]
        return messages[0]

    async def until_card_says(self, words: str, *, within: float = 20.0) -> None:
        def says() -> bool:
            return any(words in one.text for one in self.discord.messages_in(self.channel))

        try:
            await self.discord.until(says, within=within)
        except TimeoutError:
            texts = [one.text for one in self.discord.messages_in(self.channel)]
            raise AssertionError(f"{texts} never said {words!r}\n{self.bot.log}") from None

    def rewrite(self, **changes: database.Change) -> None:
        """Change the stopped bot's jobs on disk, as `database.update` does."""
        database.update(self.folder, **changes)

    def rows(self) -> list[database.Row]:
        """Every job as it is on disk."""
        return database.rows(self.folder)

    def finish(self) -> None:
        """Let films be finished, if they are held back."""
        self.videos.finish()

    async def until_film(self, *, within: float = 20.0) -> None:
        """Let the film be finished, and wait for it."""
        self.finish()
        await self.until_card_says("Completed", within=within)
        assert self.card.film is not None

    async def films_on_server(self) -> list[bytes]:
        """Every film the Videos server has, fetched behind the bot's back."""
        return [film for films in (await self.videos.films()).values() for film in films]

    async def until_rendered(self) -> None:
        """Let the film be finished, and wait for the Videos server alone."""
        self.finish()
        await self.videos.until_rendered()

    async def assert_film_came_once(self) -> None:
        """One message, one create, and the one film in it is the server's, byte for byte."""
        assert [file.data for file in self.card.now.shown_files] == await self.films_on_server()
        assert self.videos.seen["create"] == 1
        assert "Completed" in self.card.text


async def old_card(club: FilmClub, age: float = TOKEN_OVER) -> None:
    """Have a card of a film that is being rendered, and whose interaction is long over."""
    await club.ask()
    await club.until_card_says("In progress")
    club.discord.skew(age)


def films(discord: Loopback, *channels: Channel) -> list[Message]:
    """Every message that shows a film."""
    return [one for channel in channels for one in discord.messages_in(channel) if one.film]
