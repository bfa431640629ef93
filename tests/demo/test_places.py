"""Every kind of channel at the demo's page, and what people may do to each other's messages."""

import re

import pytest
from playwright.async_api import Browser, expect

from bot.cards.buttons import LABELS, Action
from cogs import buttons
from tests.browser import opened
from tests.demo.process import Demo
from tests.demo.visitor import COMPLETED, Visitor
from tests.videos_server.embedded import finish

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

PLACES = (
    ("Ada", "general"),
    ("Ada", "film-club"),
    ("Ada", "after-dark"),
    ("Ada", "storyboards"),
    ("Ada", "Cats on stage"),
    ("Ada", "Rushes"),
    ("Ada", "Noah and Ada"),
    ("Mia", "moderators"),
    ("Yuki", "Rushes"),
    ("Noah", "lounge"),
)


async def test_a_video_comes_into_every_kind_of_channel(visitor: Visitor) -> None:
    for person, channel in PLACES:
        await visitor.be(person)
        await visitor.open(channel)
        await visitor.ask(f"a lamp for {person} in {channel}")
    for person, channel in PLACES:
        await visitor.be(person)
        await visitor.open(channel)
        card = await visitor.card(f"a lamp for {person} in {channel}")
        await visitor.plays(card, completed=COMPLETED)


async def test_everybody_sees_their_own_places(visitor: Visitor) -> None:
    closed = visitor.channel("moderators")
    await expect(visitor.channel("general")).to_be_visible()
    await expect(closed).to_have_count(0)
    await visitor.be("Alan")
    await expect(closed).to_be_visible()
    await visitor.be("Noah")
    await expect(closed).to_have_count(0)
    await expect(visitor.channel("general")).to_have_count(0)
    await expect(visitor.channel("lounge")).to_be_visible()
    await expect(visitor.channel("Noah and Ada")).to_be_visible()
    await visitor.be("Grace")
    await expect(visitor.channel("Noah and Ada")).to_have_count(0)


async def test_a_moderator_deletes_a_members_card(
    visitor: Visitor, demo: Demo, browser: Browser, prompt: str
) -> None:
    card = await visitor.ask(prompt)
    await visitor.plays(card)
    async with opened(browser, demo.address) as page:
        other = Visitor(page)
        await other.be("Grace")
        theirs = await other.card(prompt)
        await other.press(theirs, LABELS[Action.DELETE])
        await other.answered(buttons.NOT_YOURS)
        await other.be("Mia")
        await other.press(theirs, LABELS[Action.DELETE])
        question = await other.answered(buttons.REALLY)
        await other.press(question, LABELS[Action.DELETE_SURELY])
        await expect(theirs).to_have_count(0)
    await expect(card).to_have_count(0)


async def test_a_message_is_deleted_by_its_author_and_by_moderators(visitor: Visitor) -> None:
    for deleter, words in (("Ada", "I take this back"), ("Mia", "Mia takes this back")):
        await visitor.be("Ada")
        await visitor.say(words)
        await visitor.be("Grace")
        said = visitor.messages.locator("article").filter(has_text=words)
        await expect(said).to_be_visible()
        await expect(said.get_by_label("Delete message")).to_have_count(0)
        await visitor.be(deleter)
        await said.hover()
        await said.get_by_label("Delete message").click()
        await expect(said).to_have_count(0)


async def test_who_waits_elsewhere_is_pinged(visitor: Visitor, held: str) -> None:
    card = await visitor.ask(f"a ping until {held}")
    await visitor.press(card, LABELS[Action.NOTIFY])
    await visitor.answered(buttons.WILL_NOTIFY)

    await visitor.open("film-club")
    finish(held)

    await expect(visitor.toasts).to_have_text(["Rushes mentioned you in general"])
    await expect(visitor.channel("general").get_by_label("1 mentions")).to_be_visible()
    await expect(visitor.page).to_have_title(re.compile(r"^\(1\) film-club"))
    await visitor.toasts.first.click()
    await expect(visitor.channel("general")).to_have_attribute("aria-current", "page")
    await expect(visitor.messages.locator("article.pings").last).to_be_visible()
    await expect(visitor.page).to_have_title(re.compile("^general"))
