"""The demo as a process of its own."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self

import pytest

from tests.processes import PATIENCE


class Demo:
    """`python -m bot demo` on a free port, with a browser command that opens nothing."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.address = ""
        self._arguments = arguments
        self._environment = {"BROWSER": "true", "LOG_LEVEL": "WARNING"} | environment
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self, port: int = 0) -> None:
        """Start it and wait for its address."""
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "demo", "--port", str(port), *self._arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | self._environment,
        )
        deadline = threading.Timer(PATIENCE, process.kill)
        deadline.start()
        try:
            self.address = _address(process)
        except BaseException:
            process.kill()
            process.communicate()
            raise
        finally:
            deadline.cancel()
        self._process = process

    def end(self) -> None:
        """Stop it, unless it was stopped."""
        if self._process is not None:
            assert self.stop(signal.SIGTERM) == 0

    @property
    def port(self) -> int:
        return int(self.address.rstrip("/").rsplit(":", 1)[1])

    def stop(self, how: signal.Signals) -> int:
        """Ask it to stop, and return its exit code."""
        assert self._process is not None, "it does not run"
        process, self._process = self._process, None
        process.send_signal(how)
        try:
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
        return process.returncode


def _address(process: subprocess.Popen[str]) -> str:
    """Return the address that the demo prints."""
    assert process.stdout is not None
    for line in process.stdout:
        if address := re.search(r"http://127\.0\.0\.1:\S+", line):
            return address[0]
    pytest.fail("the demo printed no address")


@asynccontextmanager
async def running(*arguments: str, **environment: str) -> AsyncGenerator[Demo]:
    """Run a demo beside an event loop that goes on while it starts and ends."""
    demo = Demo(*arguments, **environment)
    await asyncio.to_thread(demo.start)
    try:
        yield demo
    finally:
        await asyncio.to_thread(demo.end)
