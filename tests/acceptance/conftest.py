"""The demo as a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.processes import PATIENCE


@pytest.fixture
def demo() -> Iterator[str]:
    """Run the demo with a browser command that opens nothing; yield its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "demo"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"BROWSER": "true", "LOG_LEVEL": "WARNING"},
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if address := re.search(r"http://127\.0\.0\.1:\S+", line):
                yield address[0]
                break
        else:
            pytest.fail("the demo printed no address")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert process.returncode == 0
