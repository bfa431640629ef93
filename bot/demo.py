"""The demo: a simulated Discord in the browser, with the real bot inside.

simcord holds the servers, members and messages; nothing leaves this machine.
"""

import asyncio
import contextvars
import logging
import tempfile
import webbrowser
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import simcord

from bot.app import open_bot
from bot.demo_page import adapt
from bot.runtime.timing import Timing
from bot.settings import Settings

_log = logging.getLogger(__name__)

LOOK: Final = 0.25
"""Seconds between two looks for something new to show."""
POLL: Final = 0.5
"""Seconds between two polls; a preview renders in a few seconds, and its bar should be seen."""
SETTLE: Final = 5.0
"""Seconds simcord waits for the bot to come to rest after something was typed or pressed."""
SIZE: Final = (1280, 860)


async def demo(settings: Settings) -> None:
    """Show the demo until its page ends the session or the caller is cancelled."""
    with tempfile.TemporaryDirectory(prefix="rushes-demo-") as folder:
        own = settings.model_copy(
            update={
                "data_dir": Path(folder),
                "database_url": None,
                "discord_dev_guild": None,
                "public_url": None,
                "web_port": None,
                "ops_port": None,
                "poll_interval": POLL,
            }
        )
        clock = _WallClock()
        async with open_bot(own, Timing(sleep=clock.sleep), idle_connection=0) as bot:
            options = {"shard_count": 1, "settle_timeout": SETTLE, "check_errors": False}
            running = simcord.run(bot, **options)
            clock.env = running._env  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            async with running as env:
                # simcord keeps the files itself.
                bot.fetch_image = bot.http.get_from_cdn
                await _stage(env)


class _WallClock:
    """Lets the bot wait in real time without simcord waiting along.

    After each action simcord waits until nothing of the bot moves. A declared external wait is at
    rest; its timer is made in an empty context, where simcord does not count it as the bot's.
    """

    env: simcord.Env

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        awake = asyncio.Event()
        contextvars.Context().run(loop.call_later, seconds, awake.set)
        await self.env.external_wait(awake.wait(), reason="the bot's own clock")


async def _stage(env: simcord.Env) -> None:
    env.backend.bot_user.name = "Rushes"
    _keep_time(env)
    guild = env.create_guild("Rushes")
    channel = guild.create_text_channel("film-club", topic="Type /video and describe a film")
    viewers = [
        guild.add_member(env.create_user(name, global_name=name.title()))
        for name in ("ada", "grace")
    ]
    width, height = SIZE
    async with env.preview(
        channel, viewers=viewers, layout="channel", width=width, height=height
    ) as preview:
        adapt(preview)
        print(  # noqa: T201 - the one line a newcomer needs
            f"\nRushes is ready: {preview.url}\n"
            "Type /video in the page, and a film comes into the chat. Ctrl+C ends it.\n",
            flush=True,
        )
        await asyncio.to_thread(webbrowser.open, preview.url)
        showing = asyncio.create_task(_keep_showing(env, preview))
        try:
            await preview.wait_closed()
        finally:
            showing.cancel()


async def _keep_showing(env: simcord.Env, preview: simcord.Preview) -> None:
    """Publish the page when the bot has changed a message, and only then.

    A publication while somebody types interrupts them, so none is made without need.
    """
    shown = _edits(env)
    while True:
        await asyncio.sleep(LOOK)
        _keep_time(env)
        if (edits := _edits(env)) == shown:
            continue
        try:
            await preview.refresh()
        except (TimeoutError, simcord.SetupError) as busy:
            _log.debug("the page is busy, it is refreshed at the next look: %s", busy)
        else:
            shown = edits


def _edits(env: simcord.Env) -> int:
    return sum(request.method in ("PATCH", "DELETE", "POST") for request in env.http_requests)


def _keep_time(env: simcord.Env) -> None:
    """Move simcord's clock to ours: it begins in the past and stands still between timers."""
    behind = (datetime.now(UTC) - env.now()).total_seconds()
    if behind > 0:
        env.backend.advance_clock(behind)
