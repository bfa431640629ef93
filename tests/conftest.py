"""What every test may use: the embedded Videos server as a process of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import VideosServer
from tests.videos_server.embedded import FILMS, render_template


def pytest_configure(config: pytest.Config) -> None:
    """Make a folder for the films that are rendered once; workers inherit its name."""
    if FILMS not in os.environ:
        os.environ[FILMS] = tempfile.mkdtemp(prefix="rushes-films-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(FILMS), ignore_errors=True))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[VideosServer]:
    """A server whose films are copies of one that is really rendered."""
    with VideosServer(tmp_path / "server", module="tests.videos_server.serve") as running:
        yield running


@pytest.fixture
def rendering_server(tmp_path: Path) -> Iterator[VideosServer]:
    """A server as it is used, which renders every film."""
    with VideosServer(tmp_path / "server") as running:
        yield running


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return render_template(tmp_path_factory.mktemp("template"))
