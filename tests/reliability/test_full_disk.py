"""The disk is full, of jobs or of films: people are told, and everything goes on once it is not."""

import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.database import Row
from tests.loopback.driver import Loopback
from tests.media.films import box
from tests.media.reels import reel
from tests.reliability.film_club import FilmClub
from tests.reliability.forms import assert_given_back, filled, opened_form
from tests.small_disk import SmallDisk, small_disk
from tests.videos_server.server import ScriptedServer

MIB = 1024**2
CANNOT_WRITE = "can't save anything"


class OnSmallDisk(FilmClub):
    """The bot's folder is on the small disk."""

    def __init__(self, discord: Loopback, videos: ScriptedServer, disk: SmallDisk) -> None:
        super().__init__(discord, videos, disk.seen, DATA_DIR=str(disk.folder))
        self.bot.log_file = disk.folder / "bot.log"
        self.bot.entry = disk.entry
        self._disk = disk

    def rows(self) -> list[Row]:
        """Every job as it is on disk; SQLite does not open a file through /proc."""
        command = [*self._disk.entry, sys.executable, "-m", "tests.database", self._disk.folder]
        return json.loads(subprocess.check_output(command))


@pytest.fixture
def disk(tmp_path: Path) -> Generator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 8 * MIB) as mounted:
        yield mounted


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, disk: SmallDisk
) -> AsyncGenerator[FilmClub]:
    async with OnSmallDisk(discord, videos, disk) as club:
        yield club


async def test_nothing_is_started_that_cannot_be_written_down(
    club: FilmClub, disk: SmallDisk
) -> None:
    disk.fill()
    refused = await club.ask()
    assert CANNOT_WRITE in refused.message.text
    assert refused.message.seen_by is club.ada

    disk.make_room()
    await club.ask()
    await club.until_film()
    await club.assert_film_came_once()


async def test_a_form_that_cannot_be_written_down_is_given_back(
    club: FilmClub, disk: SmallDisk
) -> None:
    form = await opened_form(club)
    disk.fill()
    answers = filled(form)
    refused = await (await club.discord.submit(form, **answers)).answered()

    assert CANNOT_WRITE in refused.message.text
    assert refused.message.seen_by is club.ada
    assert_given_back(refused, answers)


async def test_a_film_is_finished_while_nothing_can_be_written_down(
    club: FilmClub, disk: SmallDisk
) -> None:
    await finished_on_a_full_disk(club, disk)

    disk.make_room()

    await it_comes_once(club)
    assert "accepts writes again" in club.bot.log


async def test_a_process_is_started_while_nothing_can_be_written_down(
    club: FilmClub, disk: SmallDisk
) -> None:
    await finished_on_a_full_disk(club, disk)
    await club.bot.kill()

    await club.bot.launch()
    await club.discord.until(lambda: club.bot.log.count("accepts no writes") > 1)
    disk.make_room()

    await it_comes_once(club)


async def test_a_start_on_a_full_disk_says_so(club: FilmClub, disk: SmallDisk) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    await club.bot.kill()
    disk.fill()

    await club.bot.launch()
    await club.until_card_says(CANNOT_WRITE)
    disk.make_room()

    await it_comes_once(club)


async def finished_on_a_full_disk(club: FilmClub, disk: SmallDisk) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    disk.fill()
    club.finish()
    await club.until_card_says(CANNOT_WRITE)
    assert "Nothing is lost" in club.card.text


async def it_comes_once(club: FilmClub) -> None:
    await club.until_film()
    await club.assert_film_came_once()
    await club.discord.until(lambda: club.rows()[0]["status"] == "delivered")
    assert "database or disk is full" in club.bot.log
    assert "Traceback" not in club.bot.log


@pytest.fixture(scope="module")
def template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film with 3 MiB of nothing in a box of its own."""
    film = tmp_path_factory.mktemp("large") / "film.mp4"
    film.write_bytes(template.read_bytes() + box(b"free", bytes(3 * MIB)))
    return film


async def test_there_is_room_for_everything_but_the_film(club: FilmClub, disk: SmallDisk) -> None:
    await club.ask()
    await club.until_card_says("In progress")
    disk.fill(but=MIB)
    club.finish()
    await club.until_card_says(CANNOT_WRITE)
    edits = len(club.card.versions)
    tries = club.videos.seen["content"]
    assert "On its way" in club.card.text
    assert club.rows()[0]["status"] == "completed"

    await club.discord.until(lambda: club.videos.seen["content"] > tries + 1)
    assert len(club.card.versions) == edits, "it is said once"
    disk.make_room()
    await club.until_film()

    await club.assert_film_came_once()
    assert "No space left on device" in club.bot.log
    assert "Traceback" not in club.bot.log
    assert list(disk.seen.glob("films/*.part")) == []


@pytest.fixture
def noisy(template: Path, tmp_path: Path) -> Path:
    """The same, and pictures that take more bytes than they are to have."""
    reel(tmp_path / "noisy.mp4", sound=None)
    template.write_bytes((tmp_path / "noisy.mp4").read_bytes() + box(b"free", bytes(3 * MIB)))
    return template


@pytest.mark.usefixtures("noisy")
async def test_there_is_room_for_everything_but_a_copy_that_fits(
    club: FilmClub, disk: SmallDisk
) -> None:
    assert club.channel.guild is not None
    club.channel.guild.upload_limit = MIB
    await club.ask()
    await club.until_card_says("In progress")
    disk.fill(but=4 * MIB + 400 * 1024)
    club.finish()
    await club.until_card_says(CANNOT_WRITE)
    assert club.rows()[0]["film"] is not None

    disk.make_room()
    await club.until_film(within=40)

    assert "Compressed to fit" in club.card.text
    assert club.videos.seen["create"] == 1
    assert club.videos.seen["content"] == 1, "the film itself lies there already"
    assert "Traceback" not in club.bot.log
