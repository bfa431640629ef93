"""The bot as a process of its own, on a loopback Discord; started, killed and stopped by its id."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path
from typing import Self

from tests.loopback.driver import Loopback
from tests.loopback.forked import ForkedProcess, fork
from tests.loopback.hurried import HURRIED
from tests.processes import PATIENCE

VIDEOS_KEY = "sk-loopback-videos-key"
_FORKED = frozenset({"bot", HURRIED})
"""Modules that need no Python of their own; one that exchanges a clock has to be loaded first."""


class BotProcess:
    """`python -m bot run`; `environment` overrides what is set here, by the names of .env."""

    def __init__(
        self, discord: Loopback, folder: Path, videos_base_url: str, **environment: str
    ) -> None:
        self._discord = discord
        self._folder = folder
        self._process: asyncio.subprocess.Process | ForkedProcess | None = None
        self.log_file = folder / "bot.log"
        self.entry: tuple[str, ...] = ()
        """A command that becomes the bot, before the bot's own."""
        self._environment = {
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "VIDEOS_BASE_URL": videos_base_url,
            "VIDEOS_API_KEY": VIDEOS_KEY,
            # As a server that knows no create again by its key, which most are.
            "VIDEOS_DIALECT": "vllm-omni",
            "VIDEOS_REMIX": "true",
            "DATA_DIR": str(folder),
            "POLL_INTERVAL": "0.2",
            "LOG_LEVEL": "INFO",
        } | environment

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            await self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    @property
    def log(self) -> str:
        """Everything it said, over all its starts."""
        return self.log_file.read_text()

    async def launch(self, module: str = "bot", *arguments: str) -> None:
        """Start the process, and do not wait for anything.

        Another `module` than the bot's own has to become it, after its own arguments.
        """
        assert self._process is None, "it runs already"
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [module, *arguments, "run"]
        environment = os.environ | self._environment
        with self.log_file.open("ab") as log:
            if module in _FORKED and not self.entry:
                self._process = await fork(command, environment, self.log_file)
                return
            self._process = await asyncio.create_subprocess_exec(
                *self.entry, sys.executable, "-m", *command,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            )  # fmt: skip

    async def start(self, module: str = "bot", *arguments: str) -> None:
        """Start it and wait until every shard has identified: from now on it hears people."""
        before = self._discord.gateway.identifies
        await self.launch(module, *arguments)
        gateway = self._discord.gateway
        try:
            await self._discord.until(
                lambda: self.ended or (gateway.identifies > before and gateway.connected),
                within=PATIENCE,
            )
            assert not self.ended, self.log
        except BaseException:
            # Its caller has no block yet that would end it.
            await self.kill()
            raise

    @property
    def ended(self) -> bool:
        """Whether it went by itself."""
        return self._process is not None and self._process.returncode is not None

    @property
    def exit_code(self) -> int | None:
        """What it ended with by itself; None while it runs."""
        return None if self._process is None else self._process.returncode

    async def until_ended(self) -> None:
        """Wait until it goes by itself."""
        assert self._process is not None, "it does not run"
        await asyncio.wait_for(self._process.wait(), PATIENCE)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> tuple[int, float]:
        """Ask it to stop, as systemd and Docker do; give its exit code and the seconds it took."""
        started = time.monotonic()
        code = await self._end(signal.SIGTERM)
        return code, time.monotonic() - started

    async def restart(self) -> None:
        """Kill it, and start it again on what it wrote to disk."""
        await self.kill()
        await self.start()

    async def _end(self, how: signal.Signals) -> int:
        process, self._process = self._process, None
        assert process is not None, "it does not run"
        if process.returncode is None:
            os.kill(process.pid, how)
        try:
            return await asyncio.wait_for(process.wait(), PATIENCE)
        except TimeoutError:
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            raise
