"""What has to hold of a demo once everybody rests: every request of its bot ends on a card."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Final

from tests import database
from tests.browser import PATIENCE, until
from tests.demo.visitor import Visitor

RUNNING: Final = frozenset({"requested", "sending", "queued", "in_progress", "completed"})
SETTLES: Final = 10 * PATIENCE
"""Seconds for the films that are still to be rendered, on a machine with much else to do."""


async def rest(folder: Path) -> None:
    """Wait until nothing runs in the bot whose data is in a folder."""
    async with asyncio.timeout(SETTLES):
        # Nobody is told of a change in another process's database.
        while any(row["status"] in RUNNING for row in await rows(folder)):  # noqa: ASYNC110
            await asyncio.sleep(0.5)


async def rows(folder: Path) -> list[database.Row]:
    """Return every render with its request."""
    return await asyncio.to_thread(database.rows, folder)


async def ends(visitor: Visitor, folder: Path, people: tuple[str, ...]) -> Counter[str]:
    """Look at every card in every channel of these people; count the ends of all requests.

    A delivered video plays, and a cancelled one says so. A card that nobody sees was deleted.
    """
    statuses = {str(row["message_id"]): row["status"] for row in await rows(folder)}
    unseen = set(statuses)
    for person in people:
        await visitor.be(person)
        for entry in await visitor.page.locator(".places li > button").all():
            await visitor.open_entry(entry)
            for number in sorted(unseen):
                card = visitor.page.locator(f"#m{number}")
                if await card.count():
                    unseen.discard(number)
                    await _tells(visitor, number, statuses[number])
    counted = Counter(statuses[number] for number in statuses.keys() - unseen)
    return counted + Counter({"deleted": len(unseen)})


async def _tells(visitor: Visitor, number: str, status: str) -> None:
    """Wait until a card tells how its request ended."""
    card = visitor.page.locator(f"#m{number}")
    if status == "delivered":
        await card.scroll_into_view_if_needed()
        await until(card.locator("video"), "video => video.readyState > 1")
    else:
        title = await card.locator("h3").inner_text()
        assert status.capitalize() in title, f"{number} is {status}, and its card says {title}"
