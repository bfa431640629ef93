"""Messages on disk: what `--keep` writes, brings back and forgets."""

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from bot.demo import town
from bot.demo.kept import KeptMessages
from bot.simulator.components import V2
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.messages import Message
from bot.simulator.uploads import NewFile, Upload
from bot.simulator.world import Channel, User

GALLERY = {"type": 12, "items": [{"media": {"url": "attachment://film.mp4"}}]}
FILM = NewFile("film.mp4", b"a film", "video/mp4")


def opened(folder: Path) -> tuple[SimulatedDiscord, KeptMessages]:
    """Start the town with what is kept in a folder."""
    discord = SimulatedDiscord()
    town.build(discord)
    discord.listens_at("127.0.0.1:1")
    kept = KeptMessages(discord, folder)
    kept.read()
    return discord, kept


def place_of(discord: SimulatedDiscord) -> tuple[Channel, User]:
    by_name = {one.name: one for one in discord.world.channels.values()}
    return by_name["general"], next(one for one in discord.world.users.values() if not one.bot)


def posted(discord: SimulatedDiscord, **facts: object) -> Message:
    """Post a card with a film as the bot."""
    channel, _ = place_of(discord)
    message = discord.messages.new(channel, discord.bot, **facts)
    upload = Upload({"components": [GALLERY], "flags": V2}, {0: FILM})
    return discord.messages.write(message, upload, through="a", limit=2**20)


async def test_messages_come_back_with_their_files(tmp_path: Path) -> None:
    first, kept = opened(tmp_path)
    channel, ada = place_of(first)
    said = await first.say(ada, channel, "hello", [("notes.txt", b"notes", "text/plain")])
    reply = {"message_id": str(said.id)}
    card = posted(first, used=(ada, "/video"), reference=reply)
    await kept.save()

    second, _ = opened(tmp_path)
    there, here = (second.messages.get(one.id) for one in (said, card))
    assert (there.author.id, there.text) == (ada.id, "hello")
    assert [file.data for file in there.now.files] == [b"notes"]
    assert here.film == b"a film"
    assert here.reference == reply
    assert here.used is not None
    assert (here.used[0].id, here.used[1]) == (ada.id, "/video")
    file = here.now.files[0]
    assert second.cdn.file(file.id) == file
    assert here.now.components[0]["items"][0]["media"]["url"] == file.url


async def test_private_answers_and_deleted_messages_are_not_kept(tmp_path: Path) -> None:
    first, kept = opened(tmp_path)
    _, ada = place_of(first)
    posted(first, seen_by=ada)
    deleted = posted(first)
    await kept.save()
    assert len(list((tmp_path / "files").iterdir())) == 1

    first.messages.delete(deleted)
    await kept.save()

    assert list((tmp_path / "files").iterdir()) == []
    second, _ = opened(tmp_path)
    assert second.messages.every == {}


async def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    first, kept = opened(tmp_path)
    await kept.save()
    assert not (tmp_path / "messages.json").exists()
    posted(first)
    await kept.save()
    (tmp_path / "messages.json").unlink()
    await kept.save()
    assert not (tmp_path / "messages.json").exists()


async def test_what_came_last_is_written_at_the_end(tmp_path: Path) -> None:
    first, kept = opened(tmp_path)
    writing = asyncio.create_task(kept.keep_writing())
    await asyncio.sleep(0)
    posted(first)
    writing.cancel()
    with suppress(asyncio.CancelledError):
        await writing
    second, _ = opened(tmp_path)
    assert len(second.messages.every) == 1


@pytest.mark.parametrize("text", ["[{", "[{}]", '[{"id": "1", "channel": "x"}]'])
def test_what_cannot_be_read_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "messages.json").write_text(text, encoding="utf-8")
    with pytest.raises((ValueError, KeyError)):
        opened(tmp_path)
