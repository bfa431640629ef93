"""Files of the simulated Discord, whole and in parts, as a browser's player asks for them."""

from collections.abc import AsyncGenerator

import aiohttp
import pytest

from bot.simulator.uploads import NewFile
from tests.loopback.driver import Loopback, loopback

DATA = bytes(range(256)) * 4


@pytest.fixture
async def discord() -> AsyncGenerator[Loopback]:
    async with loopback() as running:
        yield running


@pytest.fixture
async def session() -> AsyncGenerator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as client:
        yield client


def address(discord: Loopback) -> str:
    return discord.cdn.keep(NewFile("a film.mp4", DATA, "video/mp4"), channel=1).url


async def test_a_whole_file_says_that_it_can_be_had_in_parts(
    discord: Loopback, session: aiohttp.ClientSession
) -> None:
    async with session.get(address(discord)) as answer:
        assert answer.status == 200
        assert answer.headers["Accept-Ranges"] == "bytes"
        assert answer.content_type == "video/mp4"
        assert await answer.read() == DATA


@pytest.mark.parametrize(
    ("asked", "told", "part"),
    [
        ("bytes=0-", "bytes 0-1023/1024", DATA),
        ("bytes=0-0", "bytes 0-0/1024", DATA[:1]),
        ("bytes=100-199", "bytes 100-199/1024", DATA[100:200]),
        ("bytes=1000-5000", "bytes 1000-1023/1024", DATA[1000:]),
        ("bytes=-24", "bytes 1000-1023/1024", DATA[-24:]),
        ("bytes=-5000", "bytes 0-1023/1024", DATA),
    ],
)
async def test_a_part_is_206(
    discord: Loopback, session: aiohttp.ClientSession, asked: str, told: str, part: bytes
) -> None:
    async with session.get(address(discord), headers={"Range": asked}) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == told
        assert await answer.read() == part


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=5000-6000"])
async def test_a_part_past_the_end_is_416(
    discord: Loopback, session: aiohttp.ClientSession, asked: str
) -> None:
    async with session.get(address(discord), headers={"Range": asked}) as answer:
        assert answer.status == 416
        assert answer.headers["Content-Range"] == "bytes */1024"


@pytest.mark.parametrize("asked", ["bytes=nonsense", "lines=0-1", "bytes=9-1", "bytes=0-1,5-6"])
async def test_a_range_that_says_nothing_is_ignored(
    discord: Loopback, session: aiohttp.ClientSession, asked: str
) -> None:
    """Source: RFC 9110, 14.2."""
    async with session.get(address(discord), headers={"Range": asked}) as answer:
        assert answer.status == 200
        assert await answer.read() == DATA


async def test_an_address_ends_after_a_day(
    discord: Loopback, session: aiohttp.ClientSession
) -> None:
    given = address(discord)
    discord.skew(24 * 3600 + 1)
    async with session.get(given) as answer:
        assert answer.status == 404
    async with session.get(given.split("?")[0]) as answer:
        assert answer.status == 404
