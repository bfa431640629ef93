"""Processes that tests start, and stop again by their ids."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Self
from urllib.request import urlopen

import pytest

PATIENCE = 60.0
"""Seconds any process of ours may take to say its first word, on a busy machine."""


def free_port() -> int:
    """A port that nobody listens on, for a program that must be told one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class VideosServer:
    """`python -m bot serve` as a child process, on a port that it keeps when started again."""

    def __init__(self, folder: Path, *arguments: str, module: str = "bot") -> None:
        self.folder = folder
        self._module = module
        self._arguments = arguments
        self.base_url = ""
        self._port = 0
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end(signal.SIGTERM)

    def start(self) -> None:
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", self._module, "serve",
                "--port", str(self._port), "--data", str(self.folder), *self._arguments,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.base_url = self._process.stdout.readline().strip()
        if not self.base_url:
            pytest.fail("the Videos server did not start")
        self._port = int(self.base_url.split(":")[2].split("/")[0])

    @property
    def pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def jobs(self) -> list[dict[str, object]]:
        """Every job that was ever created here."""
        with urlopen(f"{self.base_url}/videos?limit=100", timeout=PATIENCE) as answer:
            return json.load(answer)["data"]

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        os.kill(self._process.pid, how)
        self._process.communicate(timeout=PATIENCE)
        self._process = None
