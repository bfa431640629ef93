"""What every test may use: the embedded Videos server as a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import VideosServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VideosServer]:
    with VideosServer(tmp_path / "server") as running:
        yield running
