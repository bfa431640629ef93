"""Where other people's programs live: an environment for each, installed by name."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.processes import free_port

KEY = "sk-loopback-videos-key"
"""What the embedded server and the proxy ask for; the bot's process is given it too."""

LITELLM = "litellm[proxy]"
NPM = "openai"

_START = 120.0
"""Seconds a proxy may take to answer; LiteLLM's imports alone take ten."""

_CONFIG = """
model_list:
  - model_name: preview
    litellm_params: {{model: openai/preview, api_base: "{base_url}", api_key: {key}}}
    model_info: {{mode: video_generation}}
router_settings: {{num_retries: 0}}
general_settings: {{master_key: {key}}}
"""


class MissingError(Exception):
    """A program that is needed is not there, or could not be installed."""


async def run(
    *command: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Run a program to its end; gives its exit code and all that it said."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=os.environ | dict(environment or {}),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace")


async def _must(*command: str, cwd: Path | None = None) -> None:
    code, said = await run(*command, cwd=cwd)
    if code:
        raise MissingError(f"{' '.join(command)}: {said[-800:]}")


async def npm_folder(home: Path) -> Path:
    """Install the npm SDK, once; gives the folder that finds it. Raises MissingError."""
    folder = home / "npm"
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise MissingError("node and npm are not installed")
    if not (folder / "node_modules" / NPM).exists():
        folder.mkdir(parents=True, exist_ok=True)
        await _must(
            npm, "install", "--silent", "--no-save", "--prefix", str(folder), f"{NPM}@latest"
        )
    shutil.copy(Path(__file__).with_name("sdk.mjs"), folder)
    return folder


async def litellm_program(home: Path) -> Path:
    """Install the LiteLLM proxy in an environment of its own, once. Raises MissingError."""
    folder = home / "litellm"
    program = folder / "bin" / "litellm"
    if not program.exists():
        await _must(sys.executable, "-m", "venv", "--clear", str(folder))
        await _must(str(folder / "bin" / "pip"), "install", "--quiet", LITELLM)
    return program


@asynccontextmanager
async def litellm_proxy(program: Path, base_url: str, folder: Path) -> AsyncGenerator[str]:
    """Run the proxy in front of a server; gives its own base URL. Raises MissingError."""
    config, log, port = folder / "litellm.yaml", folder / "litellm.log", free_port()
    config.write_text(_CONFIG.format(base_url=base_url, key=KEY))
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port),
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        origin = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session, asyncio.timeout(_START):
            while not await _answers(session, f"{origin}/health/liveliness"):
                if process.returncode is not None:
                    raise MissingError(f"LiteLLM ended: {log.read_text()[-800:]}")
                await asyncio.sleep(0.5)
        yield f"{origin}/v1"
    finally:
        if process.returncode is None:
            process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 10)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.ok
    except aiohttp.ClientError:
        return False
