"""Everything that somebody can do at the demo's page, done by each of its people."""

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import FilePayload, Locator, expect

from bot.cards import modals, sentences
from bot.cards.buttons import LABELS, Action
from bot.cards.i18n import Language
from bot.cards.library import FILTER_LABELS, Filter
from bot.jobs.reasons import Reason
from cogs import buttons, library, make_video, video
from tests.demo.visitor import Visitor
from tests.media.images import picture
from tests.videos_server.embedded import finish

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


@dataclass(frozen=True)
class Walker:
    """Somebody, where they walk, and the language of what they alone see."""

    name: str
    channel: str
    own: str = "en-US"
    is_member: bool = True
    """Whether the bot is, too: elsewhere it may not remove its messages."""


PEOPLE = (
    Walker("Ada", "film-club"),
    Walker("Grace", "general"),
    Walker("Mia", "moderators"),
    Walker("Alan", "film-club"),
    Walker("Yuki", "general", "ja"),
    Walker("Noah", "lounge", is_member=False),
)


class Walk:
    """One person's way through every command, button, form, menu entry and private answer."""

    def __init__(self, visitor: Visitor, walker: Walker, held: str) -> None:
        self.at = visitor
        self.held = held
        self.is_member = walker.is_member
        self.name = walker.name
        self.own = Language(walker.own)

    def prompt(self, words: str) -> str:
        return f"{words} as {self.name} walks"

    async def commands(self) -> None:
        """Both commands are offered, described in the person's language."""
        await self.at.typed.fill("/")
        picker = self.at.page.get_by_role("listbox", name="Commands")
        await expect(picker).to_contain_text(self.own(video.DESCRIPTION))
        await expect(picker).to_contain_text(self.own(library.DESCRIPTION))
        await self.at.typed.press("Escape")
        await expect(picker).to_have_count(0)

    async def video(self) -> Locator:
        """Ask for one with every option, and to be told of its end."""
        prompt = f"{self.prompt('a lake')} until {self.held}"
        card = await self.at.ask(prompt, seconds="4", size="1280x720")
        await self.at.press(card, LABELS[Action.NOTIFY])
        first = re.escape(self.own(buttons.WILL_NOTIFY))
        other = re.escape(self.own(buttons.WILL_WRITE))
        await expect(
            self.at.private.filter(has_text=re.compile(f"{first}|{other}"))
        ).to_be_visible()
        finish(self.held)
        await self.at.plays(card)
        return card

    async def again(self, card: Locator) -> None:
        await self.at.press(card, LABELS[Action.AGAIN])
        await expect(card).to_have_count(2)
        await self.at.plays(card.last)
        await self.delete(card.last)

    async def edit(self, card: Locator) -> None:
        await self.at.press(card, LABELS[Action.EDIT])
        field = self.at.form.get_by_label(self.own(modals.PROMPT))
        await expect(field).to_have_value(re.compile(self.prompt("a lake")))
        await self.at.submit(self.own(modals.PROMPT), self.prompt("a snowy forest"))
        await self.at.plays(await self.at.card(self.prompt("a snowy forest")))

    async def remix(self, card: Locator) -> None:
        await self.at.press(card, LABELS[Action.REMIX])
        await self.at.submit(self.own(modals.CHANGE), self.prompt("with a red moon"))
        await self.at.plays(await self.at.card(self.prompt("with a red moon")))

    async def cancel(self) -> None:
        card = await self.at.ask(f"{self.prompt('a river')} until {self.held}cancelled")
        await self.at.press(card, LABELS[Action.CANCEL])
        await self.at.answered(self.own(sentences.CANCELLED[Reason.CANCELLED_EVERYWHERE][0]))
        await expect(card.locator("h3")).to_contain_text("Cancelled")

    async def make_a_video(self) -> None:
        """Apps, Make a video: a message's text is the prompt; an image comes with the form."""
        said = await self.at.say(self.prompt("a harbour"))
        await self.at.choose(said, self.own(make_video.NAME))
        await expect(self.at.form.get_by_label(self.own(modals.PROMPT))).to_have_value(
            self.prompt("a harbour")
        )
        image: FilePayload = {
            "name": "harbour.png",
            "mimeType": "image/png",
            "buffer": picture(720, 1280),
        }
        await self.at.form.locator("input[type=file]").set_input_files(image)
        await self.at.form.locator("button[type=submit]").click()
        await expect(self.at.form).to_have_count(0)
        await self.at.plays(await self.at.card(self.prompt("a harbour")))

    async def videos(self) -> Locator:
        """The list, narrowed by a search that is suggested, and by each of its buttons."""
        await self.at.begin("videos")
        await self.at.give("search", "snowy")
        suggested = self.at.page.get_by_role("listbox", name="search")
        await expect(suggested).to_contain_text(self.prompt("a snowy forest"))
        await self.at.page.keyboard.press("ArrowDown")
        await self.at.page.keyboard.press("Enter")
        await self.at.run()
        found = await self.at.answered(self.prompt("a snowy forest"))
        listed = self.at.page.locator(f"#{await found.get_attribute('id')}")
        for filtered in FILTER_LABELS.values():
            button = listed.get_by_role("button", name=self.own(filtered), exact=True)
            if await button.is_enabled():
                await button.click()
            await expect(button).to_be_disabled()
        await self.at.press(listed, self.own(FILTER_LABELS[Filter.ALL]))
        await expect(listed).to_contain_text(self.prompt("a snowy forest"))
        return listed

    async def delete(self, card: Locator) -> None:
        await self.at.press(card, LABELS[Action.DELETE])
        question = await self.at.answered(self.own(buttons.REALLY))
        await self.at.press(question, self.own(LABELS[Action.DELETE_SURELY]))
        answer = await self.at.answered(
            self.own(buttons.DELETED if self.is_member else buttons.NOT_REMOVED)
        )
        for each in (answer, question):
            await each.get_by_role("button", name="Dismiss message").click()
        await expect(self.at.private.filter(has_text=self.own(buttons.REALLY))).to_have_count(0)


@pytest.mark.parametrize("walker", PEOPLE, ids=lambda walker: walker.name)
async def test_everybody_walks_through_everything(
    visitor: Visitor, walker: Walker, held: str
) -> None:
    await visitor.be(walker.name)
    await visitor.open(walker.channel)
    walk = Walk(visitor, walker, held)
    await walk.commands()
    cards = await walk.video()
    await walk.again(cards)
    card = cards.first
    await walk.edit(card)
    await walk.remix(card)
    await walk.cancel()
    await walk.make_a_video()
    await walk.videos()
    await walk.delete(card)
    await expect(card).to_have_count(0 if walker.is_member else 1)
