"""What administrators and their people read about limits, drawn by the bot on the demo's page."""

from collections.abc import Sequence

import pytest
from discord import ui
from playwright.async_api import Browser, expect

from bot.cards import confirm, limits, reports
from bot.cards.admin import settings_card
from bot.cards.i18n import language
from bot.jobs.guild_settings import AuditEntry
from bot.jobs.meters import Limit, MeterKey, Period, Scope, Unit, Usage
from bot.jobs.usage import Total
from bot.requests.admission import NotConfirmed, Offer
from bot.requests.community import Community, CommunityLimit, Subject
from tests.browser import opened
from tests.demo.pictures import PICTURES, take
from tests.demo.simulated import Simulated, simulated

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.skipif(PICTURES is None, reason="only for the documentation's pictures"),
]
EN = language("en-US")
OFFER = Offer(
    models=("sora-2", "wan-2.2"), sizes=("1280x720", "720x1280"), seconds=("4", "8", "12")
)
DAY = 86400.0


def meter(town: Simulated, unit: Unit, most: int, scope: Scope = Scope.PERSON) -> Limit:
    now = town.discord.clock.now()
    return Limit(MeterKey(0, scope, "1", unit, Period.DAY, now), most, now + DAY / 2)


def texts(town: Simulated) -> dict[str, str]:
    """Return the answers that are plain text, by the names of their pictures."""
    now = town.discord.clock.now()
    videos, money = (
        meter(town, Unit.VIDEOS, 10),
        meter(town, Unit.MONEY, 20_000_000, Scope.EVERYONE),
    )
    counted = ((videos, Usage(held=1, spent=4)), (money, Usage(held=400_000, spent=6_600_000)))
    listed = limits.quota(counted, 3, "USD", EN)
    grace, ada = town.grace.id, town.ada.id
    rows: Sequence[tuple[str, Total]] = (
        (f"<@{grace}>", Total(14, 96, 9_600_000, 1)),
        (f"<@{ada}>", Total(5, 28, 2_800_000)),
    )
    paused = AuditEntry(
        guild_id=1, actor_id=grace, action="set paused", at=now - 60,
        before='{"paused": null}', after='{"paused": "The video server is being moved"}',
    )  # fmt: skip
    limit = CommunityLimit(subject=Subject.EACH, unit=Unit.VIDEOS, period=Period.DAY, most=5)
    limited = AuditEntry(
        guild_id=1, actor_id=grace, action="set limits", at=now - 3600,
        before='{"limits": []}', after=f'{{"limits": [{limit.model_dump_json()}]}}',
    )  # fmt: skip
    theirs = limits.counted(counted, "USD", EN, person=f"<@{ada}>")
    return {
        "quota": listed,
        "usage": reports.usage_report(rows, now - 7 * DAY, EN, "USD"),
        "explain": f"<@{ada}> can make a video here.\n\n{theirs}",
        "audit": reports.changes((paused, limited), EN, "USD"),
    }


def cards(town: Simulated) -> dict[str, ui.LayoutView]:
    """Return the answers with menus or buttons, by the names of their pictures."""
    community = Community(blocked=frozenset({town.ada.id}), sizes=("1280x720",))
    asked = NotConfirmed(1_200_000, 13_400_000, "USD")
    return {
        "settings": settings_card(community, OFFER, lambda _: True, EN),
        "confirm": confirm.question("0" * 32, "a calico cat playing a piano", asked, EN),
    }


async def test_what_governs_is_pictured(browser: Browser) -> None:
    async with simulated() as town, opened(browser, town.address) as page:
        await page.set_viewport_size({"width": 1000, "height": 1300})
        shown = page.get_by_role("log").locator("article")
        for name, text in texts(town).items():
            town.write(content=text, used=(town.grace, f"/{name}"))
            await expect(shown.last).to_contain_text(f"/{name}")
            await take(shown.last, f"limits-{name}")
        for name, view in cards(town).items():
            town.write(*view.to_components(), used=(town.grace, f"/{name}"))
            await expect(shown.last).to_contain_text(f"/{name}")
            await take(shown.last, f"limits-{name}")
