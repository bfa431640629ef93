"""Runs the demo: the simulated Discord with its page, and the bot that connects to it."""

import asyncio
import ctypes
import os
import signal
import sys
import tempfile
import webbrowser
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import bot
from bot.demo import town
from bot.demo.kept import KeptMessages
from bot.runtime import dotenv
from bot.runtime.errors import StartError
from bot.runtime.sandbox import PR_SET_PDEATHSIG
from bot.serving.origin import Names
from bot.settings import DOT_ENV
from bot.simulator.discord import SimulatedDiscord
from bot.simulator.page import Page, serve

_POLL_INTERVAL: Final = "0.5"
"""Seconds between two polls: a preview renders in a few, and its progress should be seen."""
_PATIENCE: Final = 12.0
"""Seconds the bot may take to stop; it gives itself less."""
_UNSET: Final = ("DATABASE_URL", "DISCORD_DEV_GUILD", "OPS_PORT", "PUBLIC_URL", "WEB_PORT")
"""Settings of a bot on the real Discord that the demo's bot does not share."""


@dataclass(frozen=True)
class Options:
    """Where the page listens, and the folder that outlives the demo; None for none."""

    host: str
    port: int
    keep: Path | None


async def demo(options: Options) -> None:
    """Run the demo until the caller is cancelled. Raises StartError."""
    async with AsyncExitStack() as stack:
        folder = options.keep or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="rushes-demo-"))
        )
        discord = SimulatedDiscord()
        town.build(discord)
        page = Page(discord, town.GREETING)
        address = await stack.enter_async_context(_listening(discord, page, options))
        if options.keep is not None:
            await stack.enter_async_context(_kept(discord, folder))
        process = await stack.enter_async_context(_bot(discord, folder))
        await stack.enter_async_context(_running(page.watch_bot()))
        stack.push_async_callback(page.close)
        await _announce(address)
        code = await process.wait()
        raise StartError(f"The demo's bot has stopped (exit code {code}); see what it said above.")


@asynccontextmanager
async def _listening(
    discord: SimulatedDiscord, page: Page, options: Options
) -> AsyncGenerator[str]:
    """Serve Discord and the page; yield the page's address. Raises StartError."""
    app = discord.application()
    page.add_to(app, Names(bound=options.host))
    try:
        runner = await serve(app, options.host, options.port)
    except OSError as error:
        raise StartError(
            f"The demo cannot listen on {options.host}, port {options.port} ({error.strerror}); "
            "choose another port: make demo PORT=8290."
        ) from error
    port: int = runner.addresses[0][1]
    reached = f"{reachable(options.host)}:{port}"
    discord.listens_at(reached)
    try:
        yield f"http://{reached}/"
    finally:
        await discord.gateway.close()
        await runner.cleanup()


def reachable(host: str) -> str:
    """Return where this machine reaches what listens on `host`: 0.0.0.0 and :: are everywhere."""
    name = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{name}]" if ":" in name else name


@asynccontextmanager
async def _kept(discord: SimulatedDiscord, folder: Path) -> AsyncGenerator[None]:
    """Bring back the messages of `folder`, and keep those that come. Raises StartError."""
    kept = KeptMessages(discord, folder)
    try:
        await asyncio.to_thread(kept.read)
    except (OSError, ValueError, KeyError) as error:
        raise StartError(
            f"The demo's messages in {folder} cannot be read ({error}); "
            "delete that folder, or keep the demo in another one: make demo KEEP=FOLDER."
        ) from error
    async with _running(kept.keep_writing()):
        yield


@asynccontextmanager
async def _bot(
    discord: SimulatedDiscord, folder: Path
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run `python -m bot run` on this Discord, with its data in `folder`."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "run",
        cwd=folder,  # where no .env is: the environment says all
        env=_environment(discord, folder),
        stdin=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=_end_with_parent,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()


def _end_with_parent() -> None:
    """Have Linux end the bot when the demo is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _environment(discord: SimulatedDiscord, folder: Path) -> dict[str, str]:
    """Return the settings of .env and the environment, as the demo's bot has them."""
    given = dotenv.read(DOT_ENV).values | os.environ
    shared = {name: value for name, value in given.items() if name.upper() not in _UNSET}
    return (
        {"LOG_LEVEL": "WARNING"}
        | shared
        | {
            "DATA_DIR": str(folder),
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "DISCORD_TOKEN": discord.token,
            "POLL_INTERVAL": _POLL_INTERVAL,
            "PYTHONPATH": str(Path(bot.__file__).parents[1]),
        }
    )


@asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run a coroutine beside the block, and cancel it at the end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _announce(address: str) -> None:
    print(  # noqa: T201 - the one line a newcomer needs
        f"\nRushes is ready. Open this address: {address}\n"
        "Type /video in the page, and a video comes into the chat. Ctrl+C ends it.\n",
        flush=True,
    )
    await asyncio.to_thread(webbrowser.open, address)
