"""The embedded server with faults in front of it; its films may be held until the test says so."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from bot.server.app import ServerConfig, running
from tests.videos_server.server import ScriptedServer

FILMS = "RUSHES_TEST_FILMS"
"""The environment's name for the folder of films that were rendered once; set by conftest.py."""


@asynccontextmanager
async def embedded_videos(folder: Path) -> AsyncGenerator[ScriptedServer]:
    """Start a server whose films are copies of one that is really rendered."""
    config = ServerConfig(folder=folder)
    async with running(config, command=copying()) as upstream, in_front_of(upstream) as server:
        yield server


def copying() -> tuple[str, ...]:
    """Return the command of the renderer that renders each kind of film once in a test run."""
    program = Path(__file__).with_name("copying_renderer.py")
    return (sys.executable, "-I", "-S", str(program), os.environ[FILMS])


def finish(name: str) -> None:
    """Let the renders of prompts that end with `until NAME` be finished."""
    (Path(os.environ[FILMS]) / name).touch()


@asynccontextmanager
async def held_videos(
    folder: Path, template: Path, *, workers: int = 1
) -> AsyncGenerator[ScriptedServer]:
    """Start a server whose films are copies of `template`, finished after `finish()`."""
    gate = folder.with_name("films-may-be-finished")
    program = Path(__file__).with_name("held_renderer.py")
    command = (sys.executable, "-I", "-S", str(program), str(template), str(gate))
    config = ServerConfig(folder=folder, workers=workers)
    async with running(config, command=command) as upstream, in_front_of(upstream, gate) as server:
        yield server


@asynccontextmanager
async def in_front_of(upstream: str, gate: Path | None = None) -> AsyncGenerator[ScriptedServer]:
    """Pass requests on to a server that runs."""
    async with (
        aiohttp.ClientSession() as session,
        ScriptedServer(upstream, session, gate).serving() as server,
    ):
        yield server


def render_template(folder: Path) -> Path:
    """Have the preview renderer make one small film."""
    film = folder / "film.mp4"
    order = {
        "prompt": "a cat", "width": 320, "height": 240, "seconds": 1, "image": None,
        "film": str(film), "thumbnail": str(folder / "film.jpg"),
        "spritesheet": str(folder / "sheet.jpg"),
    }  # fmt: skip
    command = [sys.executable, "-m", "bot.server.renderer"]
    subprocess.run(
        command, input=json.dumps(order), text=True, check=True, stdout=subprocess.PIPE, timeout=60
    )
    return film
