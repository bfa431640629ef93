"""/videos lists a private thread's videos for its requester and who manages threads alone."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from bot.simulator.world import (
    MANAGE_MESSAGES,
    MANAGE_THREADS,
    PRIVATE_THREAD,
    USUAL,
    Channel,
    Role,
    User,
)
from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer

MESSAGES = Role(901, "messages", MANAGE_MESSAGES)
THREADS = Role(902, "threads", MANAGE_MESSAGES | MANAGE_THREADS)


class WithThreads(FilmClub):
    """The bot knows both threads when it starts."""

    def __init__(self, discord: Loopback, videos: ScriptedServer, folder: Path) -> None:
        super().__init__(discord, videos, folder)
        assert self.channel.guild is not None
        self.channel.guild.roles += [MESSAGES, THREADS]
        self.private = discord.add_thread(self.channel, "private", kind=PRIVATE_THREAD)
        self.open = discord.add_thread(self.channel, "open")


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path
) -> AsyncGenerator[WithThreads]:
    async with WithThreads(discord, videos, tmp_path) as club:
        yield club


async def delivered_in(club: FilmClub, thread: Channel) -> None:
    club.finish()
    await club.discord.slash(club.ada, thread, "video", prompt="a secret plan")
    await club.discord.until(lambda: any(one.film for one in club.discord.messages_in(thread)))


async def listed(club: FilmClub, user: User) -> str:
    sent = await (await club.discord.slash(user, club.channel, "videos")).answered()
    await club.discord.until(lambda: sent.message.text)
    return sent.message.text


def moderator(club: FilmClub, role: Role) -> User:
    return club.discord.add_user(role.name, roles=(role,), may=USUAL | role.permissions)


async def test_who_moderates_messages_alone_does_not_see_it(club: WithThreads) -> None:
    await delivered_in(club, club.private)

    assert "a secret plan" not in await listed(club, moderator(club, MESSAGES))
    assert "a secret plan" in await listed(club, moderator(club, THREADS))
    assert "a secret plan" in await listed(club, club.ada)


async def test_who_moderates_messages_sees_an_open_thread(club: WithThreads) -> None:
    await delivered_in(club, club.open)

    assert "a secret plan" in await listed(club, moderator(club, MESSAGES))
