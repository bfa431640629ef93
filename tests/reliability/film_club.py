"""A server with one channel, somebody in it, and the bot as a process of its own."""

import asyncio
import json
from pathlib import Path
from typing import Any, Self

import aiohttp

from tests import database
from tests.faulty import FaultyServer
from tests.loopback.driver import Loopback
from tests.loopback.interactions import Interaction
from tests.loopback.messages import Message
from tests.loopback.process import BotProcess
from tests.reliability.studio import HeldVideos

PROMPT = "a calico cat playing a piano on stage"


class FilmClub:
    def __init__(
        self, discord: Loopback, videos: FaultyServer, folder: Path, **environment: str
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

    def change(self, **expressions: str) -> None:
        """Change the rows of the stopped bot; as tests.database.change."""
        database.change(self.folder / "rushes.db", **expressions)

    def rows(self) -> list[database.Row]:
        """Every render as it is on disk."""
        return database.rows(self.folder / "rushes.db")

    def finish(self) -> None:
        """Let films be finished, if they are held back."""
        if isinstance(self.videos, HeldVideos):
            self.videos.finish()

    async def until_film(self, *, within: float = 20.0) -> None:
        """Let the film be finished, and wait for it."""
        self.finish()
        await self.until_card_says("Completed", within=within)
        assert self.card.film is not None

    async def films_on_server(self) -> list[bytes]:
        """Every film the Videos server has, fetched behind the bot's back."""
        base = self.videos.base_url
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{base}/videos?limit=100") as answer:
                jobs: list[dict[str, str]] = json.loads(await answer.read())["data"]
            films = list[bytes]()
            for job in jobs:
                async with session.get(f"{base}/videos/{job['id']}/content") as answer:
                    films.append(await answer.read())
            return films

    async def until_rendered(self) -> None:
        """Let the film be finished, and wait for the Videos server alone."""
        self.finish()
        async with asyncio.timeout(40), aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{self.videos.base_url}/videos") as answer:
                    jobs: list[dict[str, str]] = json.loads(await answer.read())["data"]
                if all(job["status"] == "completed" for job in jobs):
                    return
                await self.discord.change(within=0.1)

    async def assert_film_came_once(self) -> None:
        """One message, one create, and the one film in it is the server's, byte for byte."""
        assert [file.data for file in self.card.now.shown_files] == await self.films_on_server()
        assert self.videos.seen["create"] == 1
        assert "Completed" in self.card.text
