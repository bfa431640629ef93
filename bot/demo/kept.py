"""The public messages and files of a simulated Discord on disk, for `demo --keep`.

Private answers and interaction tokens end with the demo, as they end with Discord's client.
"""

import asyncio
import json
from pathlib import Path
from typing import Final

from bot.simulator.components import Attachment, readdress
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.messages import Message, Version
from bot.simulator.uploads import NewFile
from bot.simulator.world import Payload

_WRITTEN_EVERY: Final = 1.0


class KeptMessages:
    """Reads the messages of a folder at the start, and saves them as they change."""

    def __init__(self, discord: SimulatedDiscord, folder: Path) -> None:
        self._discord = discord
        self._folder = folder
        self._files = folder / "files"
        self._path = folder / "messages.json"
        self._changed = False
        discord.messages.listeners.append(self._notice)

    def read(self) -> None:
        """Bring the messages back. Blocking. Raises OSError, ValueError, KeyError."""
        self._files.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            return
        for one in json.loads(self._path.read_text()):
            message = self._message(one)
            self._discord.messages.every[message.id] = message

    async def keep_writing(self) -> None:
        """Write once a second, if there is something new, until cancelled; and then once more."""
        try:
            while True:
                await asyncio.sleep(_WRITTEN_EVERY)
                await self.save()
        finally:
            await self.save()

    async def save(self) -> None:
        """Write messages and files where something changed. Raises OSError."""
        if not self._changed:
            return
        self._changed = False
        every = self._discord.messages.every.values()
        public = [one for one in every if one.seen_by is None and not one.deleted]
        described = [_described(one) for one in public]
        files = {str(file.id): file.data for one in public for file in one.now.files}
        await asyncio.to_thread(self._replace, described, files)

    def _replace(self, described: list[Payload], files: dict[str, bytes]) -> None:
        """Write the messages after their files, and delete the files of no message. Blocking."""
        there = {path.name for path in self._files.iterdir()}
        for name in files.keys() - there:
            (self._files / name).write_bytes(files[name])
        written = self._path.with_suffix(".new")
        written.write_text(json.dumps(described))
        written.replace(self._path)
        for name in there - files.keys():
            (self._files / name).unlink()

    def _notice(self, message: Message) -> None:
        self._changed |= message.seen_by is None

    def _message(self, one: Payload) -> Message:
        world = self._discord.world
        author = world.users.get(int(one["author"]), self._discord.bot)
        used = one["used"]
        message = Message(
            int(one["id"]),
            world.channel(one["channel"]),
            author,
            used=None if used is None else (world.users[int(used[0])], used[1]),
            reference=one["reference"],
        )
        files = tuple(self._file(each, message.channel.id) for each in one["files"])
        readdress(one["version"]["components"], files)
        message.versions.append(Version(files=files, **one["version"]))
        return message

    def _file(self, one: Payload, channel: int) -> Attachment:
        data = (self._files / one["id"]).read_bytes()
        file = NewFile(one["name"], data, one["content_type"])
        return self._discord.cdn.add(int(one["id"]), file, channel, one["description"])


def _described(message: Message) -> Payload:
    now = message.now
    return {
        "id": str(message.id),
        "channel": str(message.channel.id),
        "author": str(message.author.id),
        "used": None if message.used is None else [str(message.used[0].id), message.used[1]],
        "reference": message.reference,
        "files": [
            {
                "id": str(file.id),
                "name": file.name,
                "content_type": file.content_type,
                "description": file.description,
            }
            for file in now.files
        ],
        "version": {
            "at": now.at,
            "through": now.through,
            "content": now.content,
            "components": now.components,
            "embeds": now.embeds,
            "flags": now.flags,
        },
    }
