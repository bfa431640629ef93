"""Videos one after another and several at once, while two other processes keep the machine busy."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from tests import database
from tests.browser import opened
from tests.demo.process import Demo, running
from tests.demo.visitor import PEOPLE, Visitor

_BUSY: Final = 2
"""Processes that do nothing but use the processor."""
_SPIN: Final = "import os, sys\nwhile os.getppid() == int(sys.argv[1]): pass"
"""It ends with the process that started it, even where that is killed."""


@contextmanager
def busy() -> Generator[None]:
    """Keep two processors busy."""
    command = [sys.executable, "-c", _SPIN, str(os.getpid())]
    others = [subprocess.Popen(command) for _ in range(_BUSY)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


async def load(
    browser: Browser, folder: Path, *, one_by_one: int, at_once: int, **environment: str
) -> str:
    """Ask, see every video play, and compare with what the bot has written down."""
    async with running("--keep", str(folder), **environment) as demo:
        started = time.monotonic()
        with busy():
            await _one_by_one(browser, demo, one_by_one)
            between = time.monotonic()
            await _at_once(browser, demo, at_once)
        ended = time.monotonic()
    statuses = [row["status"] for row in database.rows(folder)]
    assert statuses == ["delivered"] * (one_by_one + at_once), statuses
    return (
        f"{one_by_one} videos one after another in {between - started:.0f} s, "
        f"{at_once} at once in {ended - between:.0f} s: every one plays"
    )


async def _one_by_one(browser: Browser, demo: Demo, number: int) -> None:
    async with opened(browser, demo.address) as page:
        visitor = Visitor(page)
        await visitor.ready()
        prompts = [f"number {at:02} of a row" for at in range(number)]
        for prompt in prompts:
            await visitor.plays(await visitor.ask(prompt))
        await page.reload()
        for prompt in prompts:
            await visitor.plays(await visitor.card(prompt))


async def _at_once(browser: Browser, demo: Demo, number: int) -> None:
    """Several people ask in the same moment, each on a page of their own."""
    async with AsyncExitStack() as stack:
        asking: list[Visitor] = []
        for person in PEOPLE[:number]:
            page = await stack.enter_async_context(opened(browser, demo.address))
            visitor = Visitor(page)
            await visitor.be(person)
            await visitor.begin("video")
            await visitor.give("prompt", f"{person} asks with the others")
            asking.append(visitor)
        await asyncio.gather(*(visitor.run() for visitor in asking))
        for visitor in asking:
            for person in PEOPLE[:number]:
                await visitor.plays(await visitor.card(f"{person} asks with the others"))
