"""Somebody who uses the demo's page."""

import base64
import re
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser import until

PEOPLE: Final = ("Ada", "Grace", "Mia", "Alan", "Yuki", "Noah")
COMPLETED: Final = re.compile("Completed|完成")
"""The title of a completed card in the languages of these people."""
TALLY: Final = """(messages) => {
  window.titles = [];
  const note = () => messages.querySelectorAll("article h3").forEach((title) => {
    const words = title.textContent.replace(/[^a-zA-Z ]/g, "").trim();
    if (window.titles.at(-1) !== words) window.titles.push(words);
  });
  const everything = { childList: true, subtree: true, characterData: true };
  new MutationObserver(note).observe(messages, everything);
}"""
STATE: Final = "video => [video.readyState, video.networkState, video.error?.message, video.src]"
READ: Final = """async (video) => {
  const bytes = new Uint8Array(await (await fetch(video.currentSrc)).arrayBuffer());
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768)
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}"""


class Visitor:
    """A page, and what a person does there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.messages = page.get_by_role("log")
        self.cards = self.messages.locator("article").filter(has=page.locator("h3"))
        self.private = self.messages.locator("article.private")
        self.form = page.get_by_role("dialog")
        self.menu = page.get_by_role("menu")
        self.toasts = page.locator("#toasts .toast")
        self.chosen = page.locator("#commands li.chosen")
        self.typed = page.locator("#typed")

    # ---------------------------------------------------------------- who and where

    async def be(self, name: str) -> None:
        """Become another person."""
        person = self.page.locator("#person")
        option = person.locator("option").filter(has_text=re.compile(rf"^{name}\b"))
        await person.select_option(await option.get_attribute("value"))
        await expect(person.locator("option[selected]")).to_have_text(re.compile(rf"^{name}\b"))

    async def open(self, channel: str) -> None:
        """Open a channel by its name."""
        await self.open_entry(self.channel(channel))

    async def open_entry(self, entry: Locator) -> None:
        """Open the channel of an entry in the sidebar, and wait for its messages."""
        await entry.click()
        await expect(entry).to_have_attribute("aria-current", "page")
        await expect(self.messages).to_have_attribute("aria-busy", "false")

    def channel(self, name: str) -> Locator:
        """The channel's entry in the sidebar."""
        words = re.compile(rf"^\S* ?{re.escape(name)}( 18\+)?( ?\d+)?$")
        return self.page.locator(".places li > button").filter(has_text=words)

    async def ready(self) -> None:
        """Wait until the bot is there."""
        await expect(self.page.locator("#header strong")).to_be_visible()
        await expect(self.page.get_by_text("Rushes is starting")).to_have_count(0)

    # ---------------------------------------------------------------- typing

    async def say(self, text: str) -> Locator:
        """Write a message, and return it."""
        await self.typed.fill(text)
        await self.typed.press("Enter")
        said = self.messages.locator("article").filter(has_text=text).last
        await expect(said).to_be_visible()
        return said

    async def begin(self, command: str) -> None:
        """Type a command's name and take it."""
        await self.typed.fill(f"/{command}")
        await expect(self.chosen).to_contain_text(f"/{command}")
        await self.typed.press("Enter")
        await expect(self.page.locator("form.command .slash")).to_have_text(f"/{command}")

    async def give(self, option: str, value: str) -> None:
        """Fill in an option, after asking for it where it is optional."""
        field = self.page.locator(f"#option-{option}")
        if await field.count() == 0:
            await self.page.locator(f".chip[data-option={option}]").click()
        if await field.evaluate("field => field.tagName") == "SELECT":
            await field.select_option(label=value)
        else:
            await field.fill(value)

    async def run(self) -> None:
        """Send the command."""
        await self.page.locator("form.command .send").click()

    async def ask(self, prompt: str, **options: str) -> Locator:
        """Use /video, and return its card."""
        await self.begin("video")
        for name, value in {"prompt": prompt, **options}.items():
            await self.give(name, value)
        await self.run()
        return await self.card(prompt)

    async def card(self, prompt: str) -> Locator:
        """Return the card of a prompt, once it is there."""
        quoted = self.page.locator("blockquote", has_text=prompt)
        card = self.messages.locator("article").filter(has=quoted)
        await expect(card).to_have_count(1)
        return card

    # ---------------------------------------------------------------- cards

    async def press(self, card: Locator, label: str) -> None:
        """Press a button."""
        await card.get_by_role("button", name=label, exact=True).click()

    async def plays(self, card: Locator, completed: str | re.Pattern[str] = "Completed") -> None:
        """Wait for the completed card and its video that has something to show."""
        await expect(card.locator("h3")).to_contain_text(completed)
        film = card.locator("video")
        try:
            await until(film, "video => video.readyState > 1")
        except TimeoutError:
            pytest.fail(f"the video does not play: {await film.evaluate(STATE)}")

    async def answered(self, sentence: str) -> Locator:
        """Wait for a private answer, and return it."""
        answer = self.private.filter(has_text=sentence).last
        await expect(answer).to_be_visible()
        return answer

    async def submit(self, label: str, text: str) -> None:
        """Fill in the form's text and send it; it closes when it is accepted."""
        await self.form.get_by_label(label).fill(text)
        await self.form.get_by_role("button", name="Submit").click()
        await expect(self.form).to_have_count(0)

    async def choose(self, message: Locator, entry: str) -> None:
        """Choose an entry of a message's Apps menu."""
        await message.hover()
        await message.get_by_title("Apps").click()
        await self.menu.get_by_role("menuitem", name=entry).click()


async def film_of(card: Locator) -> bytes:
    """The bytes that the card's player plays."""
    return base64.b64decode(await card.locator("video").evaluate(READ))
