"""The demo's own beginning and end: its port, Ctrl+C, and what --keep keeps."""

import asyncio
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.cards.buttons import LABELS, Action
from bot.cards.modals import PROMPT
from tests.browser import opened
from tests.demo.process import Demo
from tests.demo.visitor import Visitor, film_of
from tests.processes import PATIENCE, VideosServer

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


async def ended(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a demo that ends by itself."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "bot", "demo", *arguments],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


async def test_a_port_that_is_taken_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        failed = await ended("--port", str(port))
    assert failed.returncode == 1
    assert failed.stdout == ""
    (sentence,) = failed.stderr.splitlines()
    assert f"cannot listen on 127.0.0.1, port {port}" in sentence
    assert "make demo PORT=8290" in sentence


async def test_ctrl_c_is_said_and_what_was_kept_goes_on(
    server: VideosServer, browser: Browser, kept: Path, prompt: str
) -> None:
    demo = Demo("--keep", str(kept), VIDEOS_BASE_URL=server.base_url)
    with demo:
        async with opened(browser, demo.address) as page:
            visitor = Visitor(page)
            await visitor.ready()
            await visitor.say("this stays")
            card = await visitor.ask(prompt)
            await visitor.plays(card)
            film = await film_of(card)
            await visitor.typed.fill("not sent yet")

            code = await asyncio.to_thread(demo.stop, signal.SIGINT)
            assert code == 0
            farewell = page.get_by_text("The demo has ended. Run make demo to start it again")
            await expect(farewell).to_be_visible()
            await visitor.press(card, LABELS[Action.AGAIN])
            # An attempt to connect again that failed changes nothing in what is said.
            await page.wait_for_event("console", lambda said: "WebSocket" in said.text)
            await expect(farewell).to_be_visible()

            await asyncio.to_thread(demo.start, demo.port)
            await expect(farewell).to_have_count(0)
            await visitor.ready()
            await expect(visitor.typed).to_have_value("not sent yet")
            await expect(visitor.messages.get_by_text("this stays")).to_be_visible()
            await visitor.plays(card)
            assert await film_of(card) == film
            await visitor.press(card, LABELS[Action.EDIT])
            await visitor.submit(PROMPT, f"{prompt} once more by an old button")
            await visitor.plays(await visitor.card("once more by an old button"))


@pytest.fixture
def spoilt(kept: Path) -> Path:
    """A folder whose messages were cut short."""
    kept.mkdir()
    (kept / "messages.json").write_text("[{", encoding="utf-8")
    return kept


async def test_messages_that_cannot_be_read_are_one_sentence(spoilt: Path) -> None:
    failed = await ended("--port", "0", "--keep", str(spoilt))
    assert failed.returncode == 1
    (sentence,) = failed.stderr.splitlines()
    assert f"messages in {spoilt} cannot be read" in sentence
