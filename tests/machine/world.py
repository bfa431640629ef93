"""All around the bot: a Discord, a Videos server, people, a disk, and a bot that may be dead."""

import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
import time_machine
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.cards.buttons import TEMPLATE, Action
from bot.client import point_at
from bot.jobs.writer import Writer
from bot.server import queue
from bot.server.app import ServerConfig, running
from bot.settings import Settings
from bot.simulator.components import walk
from bot.simulator.limits import Limits
from bot.simulator.messages import Message
from bot.simulator.world import USUAL, Channel, User
from tests import database
from tests.loopback.driver import Loopback, loopback
from tests.machine.held_renderer import HeldRenderer
from tests.machine.leaping import INSIDE, LeapingLoop
from tests.machine.process import Process
from tests.media.images import png
from tests.videos_server.embedded import in_front_of
from tests.videos_server.server import ScriptedServer

R = TypeVar("R")

STARTED: Final = 1.0
"""Seconds in which a bot has come as far as it can without a disk."""
_QUICK: Final = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made there
"""A disk that is quick to sync, where there is one."""


CAT: Final = png(72, 128)


class World:
    """To be closed. Everything in it happens in `loop`, and only while that is run."""

    discord: Loopback
    videos: ScriptedServer

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._folder = Path(
            self._stack.enter_context(
                tempfile.TemporaryDirectory(dir=_QUICK if _QUICK.is_dir() else None)
            )
        )
        self.lives = 0
        """Processes of the bot so far."""
        # From now on, as files are dated by the disk's own clock.
        clock = self._stack.enter_context(time_machine.travel(time.time(), tick=False))
        self.loop = LeapingLoop(clock.shift)
        self._stack.callback(self.loop.close)
        self._rest = AsyncExitStack()
        self._shift = clock.shift
        self.renderer = HeldRenderer()
        self.was_closed = False
        """Whether the bot was ever shut out of the channel."""
        self.clock_error = 0.0
        """Seconds that the bot's machine will be ahead at the bot's next start."""
        self.after_commit: Callable[[], None] = lambda: None
        """Called whenever the bot has written something down."""
        self._patch()
        self.run(self._open())
        self.process: Process | None = None
        self.is_full = False
        self.disk = self._folder / "bot-0"
        self.disk.mkdir()

    def _patch(self) -> None:
        patch = self._stack.enter_context(pytest.MonkeyPatch.context())
        commit = Writer._commit  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

        def committed(writer: Writer, batch: Any) -> list[int]:  # noqa: ANN401
            counts = commit(writer, batch)
            if (inside := INSIDE.get()) is None or not inside.cut_off:
                self.after_commit()
            return counts

        patch.setattr(Writer, "_commit", committed)
        patch.setattr(queue, "render", self.renderer.render)
        # Put back at the end, as point_at sets them for good.
        patch.setattr(Route, "BASE", Route.BASE)
        patch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
        patch.setattr(HTTPClient, "get_bot_gateway", HTTPClient.get_bot_gateway)

    async def _open(self) -> None:
        rest = self._rest
        self.discord = await rest.enter_async_context(loopback())
        self.discord.limits = Limits(self.loop.time)
        config = ServerConfig(folder=self._folder / "videos", workers=9, keep_seconds=10**7)
        upstream = await rest.enter_async_context(running(config))
        self.videos = await rest.enter_async_context(in_front_of(upstream))
        # It goes by real time, which nothing else here does.
        self.videos.without_headers = ("openai-poll-after-ms",)
        point_at(api_url=self.discord.api_url, gateway_url=self.discord.gateway_url)
        self.channel: Channel = self.discord.add_channel(self.discord.add_guild())
        self.people: tuple[User, ...] = (
            self.discord.add_user("ada"),
            self.discord.add_user("grace"),
        )

    def close(self) -> None:
        if self.process is not None:
            self.kill()
        self.renderer.finish_all()
        self.run(self._rest.aclose())
        self._stack.close()

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        return self.loop.run_until_complete(work)

    # ---------------------------------------------------------------- the bot

    def start(self) -> None:
        """Start the bot on what is on its disk, and wait until it hears people.

        One that cannot write there hears nobody until it can.
        """
        self.lives += 1
        process = self.process = Process(self.loop, self.disk, self._settings, self.discord.token)
        gateway = self.discord.gateway
        before = gateway.identifies
        process.start(self.clock_error)

        async def heard() -> None:
            await self.discord.until(
                lambda: not process.runs or (gateway.identifies > before and gateway.connected)
            )

        if self.is_full:
            self.loop.let_pass(STARTED)
        else:
            self.run(heard())
        assert process.runs, process.failure

    def kill(self) -> None:
        assert self.process is not None
        left = self._folder / f"bot-{self.lives}"
        self.process.kill(left)
        shutil.rmtree(self.disk)
        self.disk, self.process = left, None

    def stop(self) -> None:
        assert self.process is not None
        self.process.stop()
        self.process = None

    def _settings(self, folder: Path) -> Settings:
        values: dict[str, Any] = {
            "data_dir": folder,
            "videos_base_url": self.videos.base_url,
            "discord_api_url": self.discord.api_url,
            "videos_dialect": "vllm-omni",
            "videos_remix": True,
            "poll_interval": 5.0,
            "keep_delivered_hours": 24.0 * 300,
            "keep_undelivered_hours": 24.0 * 300,
        }
        return Settings(_env_file=None, **values)  # pyright: ignore[reportCallIssue]

    # ---------------------------------------------------------------- time

    def sleeps(self, seconds: float) -> None:
        """Let the bot's machine sleep: its timers stand still, all clocks go on."""
        self._shift(seconds)

    # ---------------------------------------------------------------- the disk

    def fill_disk(self) -> None:
        self.is_full = True
        database.fill(self.disk)

    def clear_disk(self) -> None:
        self.is_full = False
        database.make_room(self.disk)

    def rows(self) -> list[database.Row]:
        """Every job as it is on disk."""
        return database.rows(self.disk)

    def films(self) -> set[str]:
        folder = self.disk / "films"
        return {path.name for path in folder.iterdir()} if folder.is_dir() else set()

    # ---------------------------------------------------------------- Discord

    def close_channel(self) -> None:
        self.was_closed = True
        self.run(self.discord.permit(self.channel, 0))

    def open_channel(self) -> None:
        self.run(self.discord.permit(self.channel, USUAL))

    def public(self) -> list[Message]:
        """What is to be seen in the channel and in direct messages of the bot."""
        places = (self.channel, *(self.discord.dm(person) for person in self.people))
        return [one for place in places for one in self.discord.messages_in(place)]

    def shown(self) -> Counter[bytes]:
        """How often each film is to be seen."""
        return Counter(file.data for one in self.public() for file in one.now.shown_files)

    # ---------------------------------------------------------------- what people do

    def buttons(self, who: User) -> list[tuple[Message, Action, str]]:
        """What this person can press, but for what opens a form."""
        seen = [*self.public(), *self.discord.private_to(who)]
        found = [button for message in seen for button in buttons_of(message)]
        return [one for one in found if one[1] not in (Action.EDIT, Action.REMIX)]

    def cards_of(self, job_id: str) -> list[list[tuple[Message, Action, str]]]:
        """The buttons of each message that has some of this job."""
        rows = [buttons_of(message) for message in self.public()]
        return [row for row in rows if any(of == job_id for _, _, of in row)]

    def ask(self, prompt: str, *, pictured: bool = False) -> None:
        """Have the first of the people ask for a film in the channel, from an image perhaps."""
        given = {"image": ("cat.png", CAT, "image/png")} if pictured else {}
        self.run(self.discord.slash(self.people[0], self.channel, "video", prompt=prompt, **given))

    def press(self, who: User, message: Message, custom_id: str) -> bool:
        """Press a button; False where it went while the finger came down."""
        try:
            self.run(self.discord.press(who, message, custom_id))
        except ValueError:
            return False
        return True


def buttons_of(message: Message) -> list[tuple[Message, Action, str]]:
    names = (part.get("custom_id", "") for part in walk(message.now.components))
    found = (re.fullmatch(TEMPLATE, name) for name in names)
    return [(message, Action(one["action"]), one["job"]) for one in found if one is not None]
