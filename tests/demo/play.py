"""A monkey plays with a demo of its own; afterwards every request has to have ended."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser

from tests.browser import WINDOW, opened
from tests.demo.monkey import Monkey, Tally
from tests.demo.process import running
from tests.demo.settled import ends, rest
from tests.demo.visitor import COMPLETED, PEOPLE, Visitor


@dataclass(frozen=True)
class Report:
    """What the monkey did, and how the requests ended that the bot accepted."""

    tally: Tally
    ends: Counter[str]

    def __str__(self) -> str:
        done, missed = self.tally.done, self.tally.missed
        each = ", ".join(f"{name} {number}" for name, number in done.most_common())
        ends = ", ".join(f"{number} {name}" for name, number in self.ends.most_common())
        return (
            f"{done.total()} actions ({each}), {missed.total()} that found nothing; "
            f"{self.ends.total()} requests accepted: {ends}"
        )


async def play(
    browser: Browser, folder: Path, *, actions: int, seed: int, videos: int, **environment: str
) -> Report:
    """Let it act on a demo that keeps its state in a folder, and look at every card at the end.

    Afterwards somebody asks for one more video, which has to play.
    """
    async with (
        running("--keep", str(folder), **environment) as demo,
        opened(browser, demo.address) as page,
    ):
        visitor = Visitor(page)
        await visitor.ready()
        monkey = Monkey(visitor, seed=seed, videos=videos)
        await monkey.act(actions)
        await rest(folder)
        await page.set_viewport_size(WINDOW)
        await page.reload()
        await visitor.ready()
        await visitor.plays(await visitor.ask("a lamp after all that"), completed=COMPLETED)
        await rest(folder)
        return Report(monkey.tally, await ends(visitor, folder, PEOPLE))
