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

CHECK_INTERVAL: Final = 0.25
"""Seconds between two checks for changed messages."""
POLL_INTERVAL: Final = 0.5
"""Seconds between two polls: a preview renders in a few, and its progress should be seen."""
SETTLE: Final = 5.0
"""Seconds simcord waits for the bot to settle after something was typed or pressed."""
SIZE: Final = (1280, 860)


async def demo(settings: Settings) -> None:
    """Run the demo until its page ends the session or the caller is cancelled."""
    clock = _WallClock()
    options = {"shard_count": 1, "settle_timeout": SETTLE, "check_errors": False}
    with tempfile.TemporaryDirectory(prefix="rushes-demo-") as folder:
        own = _demo_settings(settings, Path(folder))
        async with open_bot(
            own,
            Timing(sleep=clock.sleep),
            idle_connection=0,
            # simcord keeps the files itself.
            fetch_image=lambda address: bot.http.get_from_cdn(address),  # noqa: PLW0108 - known later
        ) as bot:
            running = simcord.run(bot, **options)
            clock.env = running._env  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            async with running as env:
                await _show(env)


def _demo_settings(settings: Settings, folder: Path) -> Settings:
    """Return the settings of a bot that keeps all in `folder` and serves nothing outside."""
    changes: dict[str, object] = {
        "data_dir": folder,
        "database_url": None,
        "discord_dev_guild": None,
        "public_url": None,
        "web_port": None,
        "ops_port": None,
        "poll_interval": POLL_INTERVAL,
    }
    return settings.model_copy(update=changes)


class _WallClock:
    """Lets the bot sleep in real time, without simcord waiting for it.

    After each action simcord waits until the bot settles. A declared external wait counts as
    settled; its timer is created in an empty context, where simcord does not count it as the bot's.
    """

    env: simcord.Env

    async def sleep(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        awake = asyncio.Event()
        contextvars.Context().run(loop.call_later, seconds, awake.set)
        await self.env.external_wait(awake.wait(), reason="the bot's own clock")


async def _show(env: simcord.Env) -> None:
    channel, viewers = _create_guild(env)
    width, height = SIZE
    async with env.preview(
        channel, viewers=viewers, layout="channel", width=width, height=height
    ) as preview:
        adapt(preview)
        print(  # noqa: T201 - the one line a newcomer needs
            f"\nRushes is ready: {preview.url}\n"
            "Type /video in the page, and a video comes into the chat. Ctrl+C ends it.\n",
            flush=True,
        )
        await asyncio.to_thread(webbrowser.open, preview.url)
        refreshing = asyncio.create_task(_refresh_on_change(env, preview))
        try:
            await preview.wait_closed()
        finally:
            refreshing.cancel()


def _create_guild(env: simcord.Env) -> tuple[simcord.ChannelHandle, list[simcord.MemberActor]]:
    """Return the channel of the demo, and the members whose view of it the page shows."""
    env.backend.bot_user.name = "Rushes"
    _advance_clock(env)
    guild = env.create_guild("Rushes")
    channel = guild.create_text_channel("film-club", topic="Type /video and describe a video")
    viewers = [
        guild.add_member(env.create_user(name, global_name=name.title()))
        for name in ("ada", "grace")
    ]
    return channel, viewers


async def _refresh_on_change(env: simcord.Env, preview: simcord.Preview) -> None:
    """Refresh the page when the bot has changed a message, and only then.

    A refresh interrupts whoever types, so there is none without need.
    """
    seen = _changes(env)
    while True:
        await asyncio.sleep(CHECK_INTERVAL)
        _advance_clock(env)
        if (changes := _changes(env)) == seen:
            continue
        try:
            await preview.refresh()
        except (TimeoutError, simcord.SetupError) as busy:
            _log.debug("the page is busy, it is refreshed at the next check: %s", busy)
        else:
            seen = changes


def _changes(env: simcord.Env) -> int:
    return sum(request.method in ("PATCH", "DELETE", "POST") for request in env.http_requests)


def _advance_clock(env: simcord.Env) -> None:
    """Advance simcord's clock to ours: it begins in the past and stops between timers."""
    behind = (datetime.now(UTC) - env.now()).total_seconds()
    if behind > 0:
        env.backend.advance_clock(behind)
