"""`python -m tests.interop [--home FOLDER]`: other people's programs and the embedded server.

The SDKs and curl talk to it, LiteLLM's proxy stands in front of it, and the bot makes a film
through that proxy. A line for each check; exit code 1 if one failed or could not be made.
"""

import argparse
import asyncio
import importlib.metadata
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from bot.server.app import ServerConfig, running
from tests.interop.places import (
    KEY,
    MissingError,
    litellm_program,
    litellm_proxy,
    npm_folder,
    run,
)
from tests.loopback.driver import loopback
from tests.loopback.process import BotProcess

PROMPT = "A calico cat playing a piano on stage"
SDK = Path(__file__).with_name("sdk.py")


class Report:
    """Prints each check's line and remembers whether any failed."""

    def __init__(self) -> None:
        self.failed = 0
        self.passed = 0

    def add(self, group: str, name: str, *, ok: bool, why: str = "") -> None:
        """Print one check."""
        self.passed += ok
        self.failed += not ok
        print(f"{'ok    ' if ok else 'FAILED'} {group}: {name}{why and f': {why}'}", flush=True)  # noqa: T201

    def add_tap(self, group: str, code: int, said: str) -> None:
        """Print the checks of a program that speaks TAP; one that says nothing has failed."""
        lines = [line for line in said.splitlines() if line.startswith(("ok ", "not ok "))]
        for line in lines:
            verdict, _, name = line.partition(" - ")
            self.add(group, name, ok=verdict.startswith("ok"))
        if not lines or (code and not any(line.startswith("not ok") for line in lines)):
            self.add(group, "the program ran", ok=False, why=said[-400:])


async def _curl(report: Report, base_url: str, group: str, *more: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        report.add(group, "curl is installed", ok=False)
        return
    code, said = await run(
        curl, "--silent", f"{base_url}/videos",
        "-H", f"Authorization: Bearer {KEY}", "-F", f"prompt={PROMPT}", *more,
    )  # fmt: skip
    ok = code == 0 and '"object":"video"' in said.replace(" ", "")
    report.add(group, "create as in the reference", ok=ok, why="" if ok else said[:200])


async def _bot(report: Report, proxy_url: str, server_url: str, folder: Path) -> None:
    """Make a film through the proxy, from /video to the message."""
    async with loopback() as discord:
        channel = discord.add_channel(discord.add_guild())
        ada = discord.add_user("ada")
        async with BotProcess(discord, folder / "bot", proxy_url, VIDEOS_MODELS="preview") as bot:
            interaction = await discord.slash(ada, channel, "video", prompt="a bot's own film")
            await interaction.answered()
            try:
                await discord.until(lambda: interaction.message.film is not None, within=60)
            except TimeoutError:
                report.add("bot", "/video to film", ok=False, why=bot.log[-800:])
                return
            film = interaction.message.film
            report.add("bot", "/video to film", ok=film is not None and film[4:8] == b"ftyp")
            report.add("bot", "one message", ok=len(discord.messages_in(channel)) == 1)
            report.add("bot", "it says Completed", ok="Completed" in interaction.message.text)
    code, said = await run(
        shutil.which("curl") or "curl", "--silent", f"{server_url}/videos?limit=100",
        "-H", f"Authorization: Bearer {KEY}",
    )  # fmt: skip
    prompts = [job["prompt"] for job in json.loads(said)["data"]] if code == 0 else []
    report.add("bot", "one create on the server", ok=prompts.count("a bot's own film") == 1)


async def _all(home: Path, report: Report) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        config = ServerConfig(folder=folder / "server", api_key=KEY, workers=2)
        async with running(config) as base_url:
            await _python(report, base_url)
            await _curl(report, base_url, "curl", "-F", "model=sora-2")
        # The SDKs' programs count what is listed, so each finds a server of its own.
        async with running(replace(config, folder=folder / "another server")) as base_url:
            await _npm(report, home, base_url)
            await _litellm(report, home, base_url, folder)


async def _python(report: Report, base_url: str) -> None:
    told = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": KEY}
    group = f"python openai {importlib.metadata.version('openai')}"
    report.add_tap(group, *await run(sys.executable, str(SDK), environment=told))


async def _npm(report: Report, home: Path, base_url: str) -> None:
    try:
        place = await npm_folder(home)
    except MissingError as error:
        report.add("npm openai", "installed", ok=False, why=str(error))
        return
    package = json.loads((place / "node_modules" / "openai" / "package.json").read_bytes())
    told = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": KEY}
    node = shutil.which("node") or "node"
    report.add_tap(
        f"npm openai {package['version']}", *await run(node, "sdk.mjs", cwd=place, environment=told)
    )


async def _litellm(report: Report, home: Path, base_url: str, folder: Path) -> None:
    try:
        program = await litellm_program(home)
        async with litellm_proxy(program, base_url, folder) as proxy_url:
            _, version = await run(
                str(program.with_name("python")), "-c",
                "from importlib.metadata import version; print(version('litellm'))",
            )  # fmt: skip
            group = f"litellm {version.strip()}"
            told = {
                "OPENAI_BASE_URL": proxy_url, "OPENAI_API_KEY": KEY, "MODEL": "preview",
                "VIA": "proxy",
            }  # fmt: skip
            report.add_tap(group, *await run(sys.executable, str(SDK), environment=told))
            await _curl(report, proxy_url, f"{group}, curl", "-F", "model=preview")
            await _bot(report, proxy_url, base_url, folder)
    except (MissingError, TimeoutError) as error:
        report.add("litellm", "runs", ok=False, why=str(error) or "it did not start in time")


def main() -> None:
    """Run every check; exit 1 if one failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, default=Path(".interop"), help="where to install")
    report = Report()
    asyncio.run(_all(parser.parse_args().home.resolve(), report))
    print(f"{report.passed} passed, {report.failed} failed")  # noqa: T201
    sys.exit(bool(report.failed))


if __name__ == "__main__":
    main()
