"""/video-data over sockets: everything is handed over, and everything is gone."""

import io
import json
import zipfile
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from bot.simulator.interactions import Interaction
from bot.simulator.messages import Message
from bot.simulator.world import Channel, User
from tests import database
from tests.loopback import faults
from tests.loopback.driver import Loopback
from tests.reliability.film_club import FilmClub
from tests.videos_server.server import ScriptedServer

SECRET = "my garden at 12 Rosewood Lane"


class TwoPeople(FilmClub):
    """With somebody else in the channel, and in another."""

    def __init__(
        self, discord: Loopback, videos: ScriptedServer, folder: Path, **environment: str
    ) -> None:
        super().__init__(discord, videos, folder, **environment)
        assert self.channel.guild is not None
        self.guild = self.channel.guild
        self.bob = discord.add_user("bob")

    async def makes(self, user: User, prompt: str, place: Channel | None = None) -> Message:
        """Have somebody make a video, and wait for it; return its message."""
        before = len(self.rows())
        made = await self.discord.slash(user, place or self.channel, "video", prompt=prompt)
        await made.answered()
        return await self._delivered(before, made)

    async def again(self, user: User, message: Message) -> Message:
        before = len(self.rows())
        made = await self.press(user, message, "Again")
        return await self._delivered(before, made)

    async def _delivered(self, before: int, made: Interaction) -> Message:
        self.finish()
        await self.discord.until(lambda: len(self.rows()) == before + 1)
        await self.discord.until(lambda: self.rows()[-1]["status"] == "delivered")
        return made.message

    async def press(self, user: User, message: Message, label: str) -> Interaction:
        made = await self.discord.press(user, message, label)
        return await made.answered()

    async def data(self, command: str, user: User | None = None) -> Interaction:
        made = await self.discord.slash(user or self.ada, self.channel, f"video-data {command}")
        return await made.answered()

    async def exported(self, user: User | None = None) -> tuple[dict[str, Any], set[str]]:
        """Return the data and the names of the files beside it."""
        made = await self.data("export", user)
        await self.discord.until(lambda: made.message.now.files)
        (file,) = made.message.now.files
        if file.name.endswith(".json"):
            return json.loads(file.data), set()
        with zipfile.ZipFile(io.BytesIO(file.data)) as archive:
            names = set(archive.namelist()) - {"data.json"}
            return json.loads(archive.read("data.json")), names

    async def erases(self, user: User | None = None) -> str:
        """Use erase and press its button; return what it says in the end."""
        asked = await self.data("erase", user)
        made = await self.discord.press(user or self.ada, asked.message, "rushes-data:erase")
        await self.discord.until(lambda: made.follow_ups)
        return made.follow_ups[-1].text

    def on_disk(self) -> bytes:
        """Every byte of the database's files, and the names of all others."""
        names = " ".join(str(path) for path in self.folder.rglob("*"))
        files = self.folder.glob("rushes.db*")
        return names.encode() + b"".join(path.read_bytes() for path in files)


@pytest.fixture
def environment(request: pytest.FixtureRequest) -> dict[str, str]:
    return getattr(request, "param", {})


@pytest.fixture
async def club(
    discord: Loopback, videos: ScriptedServer, tmp_path: Path, environment: dict[str, str]
) -> AsyncGenerator[TwoPeople]:
    async with TwoPeople(discord, videos, tmp_path / "bot", **environment) as club:
        yield club


async def test_an_export_holds_everything_and_nobody_elses(club: TwoPeople) -> None:
    await club.makes(club.ada, SECRET)
    await club.makes(club.bob, "something else")
    await club.discord.until(lambda: database.count(club.folder, "thumbnails") == 2)
    data, files = await club.exported()
    (request,), (render,) = data["requests"], data["renders"]
    assert (request["prompt"], request["requester_id"]) == (SECRET, club.ada.id)
    assert "interaction_token" not in request
    assert [entry["kind"] for entry in data["ledger"]] == ["hold", "settle"]
    assert files == {f"thumbnails/{render['id']}.jpg", f"videos/{render['film']}"}
    assert "something else" not in json.dumps(data)
    assert data["left_out"] == []


async def test_an_erased_person_is_nowhere_on_disk(club: TwoPeople) -> None:
    card = await club.makes(club.ada, SECRET)
    await club.discord.until(lambda: database.count(club.folder, "thumbnails"))
    assert SECRET.encode() in club.on_disk()
    said = await club.erases()
    assert "erased, with 1 video" in said
    assert card not in club.discord.messages_in(club.channel)
    left = club.on_disk()
    assert SECRET.encode() not in left
    assert str(club.ada.id).encode() not in left
    assert not list((club.folder / "films").iterdir())
    assert database.ledger_faults(club.folder) == []


@pytest.mark.parametrize("environment", [{"LIMIT_PER_PERSON_PER_DAY": "1"}], indirect=True)
async def test_erasing_is_no_way_round_a_limit(club: TwoPeople) -> None:
    await club.makes(club.ada, SECRET)
    for _ in range(2):
        await club.erases()
        made = await club.discord.slash(club.ada, club.channel, "video", prompt="another")
        await made.answered()
        assert "You have reached your limit" in made.message.text
        quota = await (await club.discord.slash(club.ada, club.channel, "quota")).answered()
        assert "1 / 1" in quota.message.text or "0" in quota.message.text
    await club.makes(club.bob, "somebody else's")
    assert club.videos.seen["create"] == 2
    assert database.ledger_faults(club.folder) == []
    data, _ = await club.exported()
    assert (data["requests"], len(data["ledger"])) == ([], 2)


async def test_a_prompt_goes_from_what_others_made_of_it(club: TwoPeople) -> None:
    first = await club.makes(club.ada, SECRET)
    second = await club.again(club.bob, first)
    await club.again(club.bob, second)
    await club.erases()
    assert SECRET.encode() not in club.on_disk()
    assert [row["prompt"] for row in club.rows()] == ["", ""]
    cards = club.discord.messages_in(club.channel)
    await club.discord.until(lambda: not any(SECRET in card.text for card in cards))
    assert all(card.film is not None for card in cards)
    for label in ("Again", "Edit prompt"):
        made = await club.press(club.bob, cards[0], label)
        assert "was deleted by the person it came from" in made.message.text
    assert club.videos.seen["create"] == 3


async def test_what_runs_is_cancelled_and_its_message_goes(club: TwoPeople) -> None:
    await club.ask(prompt=SECRET)
    await club.until_card_says("In progress")
    await club.discord.press(club.bob, club.card, "Notify me")
    await club.discord.until(lambda: database.count(club.folder, "subscriptions"))
    assert "erased, with 1 video" in await club.erases()
    assert club.rows() == []
    assert not any(SECRET in card.text for card in club.discord.messages_in(club.channel))
    assert SECRET.encode() not in club.on_disk()
    assert database.ledger_faults(club.folder) == []


async def test_what_cannot_be_removed_is_named(club: TwoPeople) -> None:
    card = await club.makes(club.ada, SECRET)
    club.discord.meet("channel_delete", faults.answer(403, 50013))
    said = await club.erases()
    assert "can't remove 1 message" in said
    assert str(card.id) in said


async def test_delete_takes_the_prompt_from_others_again(club: TwoPeople) -> None:
    first = await club.makes(club.ada, SECRET)
    await club.again(club.bob, first)
    asked = await club.press(club.ada, first, "Delete")
    await club.discord.press(club.ada, asked.message, "Delete forever")
    await club.discord.until(lambda: len(club.rows()) == 1)
    (left,) = club.rows()
    assert (left["prompt"], left["requester_id"]) == ("", club.bob.id)


@pytest.mark.parametrize("environment", [{"KEEP_HISTORY_DAYS": "3"}], indirect=True)
async def test_finished_requests_go_after_their_time_and_the_ledger_stays(club: TwoPeople) -> None:
    await club.makes(club.ada, SECRET)
    await club.bot.kill()
    club.rewrite(**_earlier(days=4))
    await club.bot.start()
    await club.discord.until(lambda: SECRET.encode() not in club.on_disk())
    assert club.rows() == []
    assert not list((club.folder / "films").iterdir())
    assert database.count(club.folder, "ledger") == 2
    await club.makes(club.ada, "a new one")
    await club.bot.restart()
    assert [row["prompt"] for row in club.rows()] == ["a new one"]


async def test_a_server_that_removed_the_bot_is_forgotten_a_month_later(club: TwoPeople) -> None:
    await club.makes(club.ada, SECRET)
    await club.discord.remove_bot(club.guild)
    await club.discord.until(lambda: database.count(club.folder, "departures"))
    await club.bot.restart()
    assert len(club.rows()) == 1
    await club.bot.kill()
    club.rewrite(**_earlier(days=32))
    database.age(club.folder, "departures", "at", 31 * 86400)
    await club.bot.start()
    await club.discord.until(lambda: not club.rows())
    await club.discord.until(lambda: not database.count(club.folder, "departures"))


def _earlier(*, days: int) -> dict[str, database.Change]:
    times = ("created_at", "sent_at", "completed_at", "ended_at")
    return {name: database.earlier(name, days * 86400) for name in times}
