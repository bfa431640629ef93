"""Where people type: nothing is sent twice, elsewhere or lost."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
from playwright.async_api import FilePayload, Route, expect

from bot.simulator.world import Role
from tests.demo.simulated import CHOICES, UPDATED, Simulated
from tests.demo.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
WORDS: Final = {"name": "prompt", "type": 3, "description": "What to see"}
IMAGE: Final = {"name": "image", "type": 11, "description": "The first frame"}
SEARCH: Final = {"name": "search", "type": 3, "description": "Words", "autocomplete": True}
ESCAPE_OF_AN_INPUT_METHOD: Final = """field => field.dispatchEvent(
  new KeyboardEvent("keydown", { key: "Escape", isComposing: true, bubbles: true }))"""
IS_PREVENTED: Final = """([selector, isFile]) => {
  const dataTransfer = new DataTransfer();
  if (isFile) dataTransfer.items.add(new File(["words"], "dropped.txt"));
  else dataTransfer.setData("text/plain", "words");
  const target = document.querySelector(selector);
  return ["dragover", "drop"].map((type) => !target.dispatchEvent(
    new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })));
}"""


def file(name: str) -> FilePayload:
    return {"name": name, "mimeType": "text/plain", "buffer": b"words"}


@asynccontextmanager
async def held_files(page: Visitor, *, fail: bool = False) -> AsyncGenerator[None]:
    """Let no file arrive while the block runs; afterwards they do, or fail."""
    reached, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        reached.set()
        await released.wait()
        await (route.abort() if fail else route.continue_())

    await page.page.route("**/files*", hold)
    try:
        yield
        await reached.wait()
    finally:
        released.set()


async def offered(town: Simulated, page: Visitor, *options: dict[str, Any]) -> None:
    """Offer /video with these options."""
    town.offer("video", *options)
    await page.page.reload()


async def attach(page: Visitor, *names: str) -> None:
    await page.page.get_by_label("Attach a file").set_input_files([file(name) for name in names])


async def test_a_message_is_sent_once_and_where_it_was_written(
    town: Simulated, page: Visitor
) -> None:
    await attach(page, "a.txt")
    await page.typed.fill("with a file")
    async with held_files(page):
        await page.typed.press("Enter")
        await page.typed.fill("the next one")
        await page.typed.press("Enter")
        await expect(page.page.get_by_role("button", name="Send")).to_be_disabled()
        await page.open("film-club")
    await town.discord.until(lambda: town.discord.messages_in(town.general))
    (said,) = town.discord.messages_in(town.general)
    assert (said.text, [each.name for each in said.now.files]) == ("with a file", ["a.txt"])
    assert town.discord.messages_in(town.other) == []
    await page.open("general")
    await expect(page.typed).to_have_value("the next one")


async def test_what_cannot_be_sent_comes_back_to_its_channel(
    town: Simulated, page: Visitor
) -> None:
    await attach(page, "a.txt")
    await page.typed.fill("with a file")
    async with held_files(page, fail=True):
        await page.typed.press("Enter")
        await page.typed.fill("the next one")
        await page.open("film-club")
        await page.typed.fill("of another channel")
    await expect(page.toasts).to_have_text("A file could not be sent. Try again.")
    await expect(page.typed).to_have_value("of another channel")
    await page.open("general")
    await expect(page.typed).to_have_value("with a file\nthe next one")
    await expect(page.page.locator(".picked")).to_contain_text("a.txt")
    await page.page.unroute("**/files*")
    await page.typed.press("Enter")
    await expect(page.messages.get_by_role("link", name="a.txt")).to_be_visible()
    (said,) = town.discord.messages_in(town.general)
    assert [each.data for each in said.now.files] == [b"words"]


async def test_a_message_that_is_refused_comes_back(page: Visitor) -> None:
    await page.typed.fill("x" * 2001)
    await page.typed.press("Enter")
    await expect(page.toasts).to_contain_text("more than 2000 characters")
    await expect(page.typed).to_have_value("x" * 2001)


async def test_a_command_is_run_once_and_where_it_was_begun(town: Simulated, page: Visitor) -> None:
    await offered(town, page, WORDS, IMAGE)
    await page.begin("video")
    await page.give("prompt", "a lamp")
    await page.page.locator(".chip").click()
    await page.page.locator("#option-image").set_input_files(file("a.txt"))
    async with held_files(page):
        await page.page.locator("form.command").evaluate(
            "form => (form.requestSubmit(), form.requestSubmit())"
        )
        await page.open("film-club")
    asked = await town.asks(1)
    town.answer(asked, UPDATED)
    assert asked.channel is town.general
    assert [each["name"] for each in asked.data["options"]] == ["prompt", "image"]
    assert len(town.asked) == 1


async def test_a_command_that_fails_comes_back_as_it_was(town: Simulated, page: Visitor) -> None:
    await offered(town, page, WORDS, IMAGE)
    await page.begin("video")
    await page.give("prompt", "a lamp")
    await page.run()
    await town.asks(1)
    await page.open("film-club")
    await expect(page.toasts).to_have_text("The application did not respond. Try again.")
    await expect(page.typed).to_be_visible()
    await page.open("general")
    await expect(page.page.locator("#option-prompt")).to_have_value("a lamp")


async def test_drafts_and_files_stay_in_their_channel_and_with_their_person(
    town: Simulated, page: Visitor
) -> None:
    await offered(town, page, WORDS, IMAGE)
    await attach(page, "first.txt", "second.txt")
    await page.begin("video")
    await page.give("prompt", "a lamp")
    await page.open("film-club")
    await page.typed.fill("of Ada")
    await page.open("general")
    await expect(page.page.locator("#option-prompt")).to_have_value("a lamp")
    await expect(page.page.locator(".dropped")).to_have_text("first.txt")
    await expect(page.page.locator(".picked")).to_contain_text("second.txt")
    await page.page.get_by_label("Remove second.txt").click()
    await expect(page.page.locator(".picked")).to_have_count(0)
    await page.open("film-club")
    await expect(page.typed).to_have_value("of Ada")
    await page.be("Grace")
    await expect(page.typed).to_have_value("")


async def test_suggestions_are_named_and_escape_closes_them_first(
    town: Simulated, page: Visitor
) -> None:
    await offered(town, page, SEARCH)
    await page.begin("video")
    await page.give("search", "a")
    found = [{"name": each, "value": each} for each in ("a lamp", "a lake")]
    town.answer(await town.asks(1), CHOICES, choices=found)
    field, listed = page.page.locator("#option-search"), page.page.locator("#suggestions")
    await expect(field).to_have_attribute("aria-controls", "suggestions")
    await field.press("ArrowDown")
    await expect(field).to_have_attribute("aria-activedescendant", "suggestion-0")
    await expect(listed.locator("#suggestion-0")).to_have_text("a lamp")
    await field.evaluate(ESCAPE_OF_AN_INPUT_METHOD)
    await expect(listed).to_be_visible()
    await field.press("Escape")
    await expect(listed).to_have_count(0)
    await field.evaluate(ESCAPE_OF_AN_INPUT_METHOD)
    await expect(field).to_have_value("a")
    await field.press("Escape")
    await expect(page.typed).to_be_focused()


async def test_a_command_that_is_cancelled_asks_for_no_choices(
    town: Simulated, page: Visitor
) -> None:
    town.offer("video", SEARCH)
    await page.page.clock.install()
    await page.page.reload()
    await page.begin("video")
    await page.give("search", "a")
    await page.page.get_by_label("Cancel the command").click()
    await page.page.clock.run_for(1000)
    await page.say("a mark that comes after any question")
    assert town.asked == []


async def test_an_option_that_is_not_known_is_a_sentence(town: Simulated, page: Visitor) -> None:
    await offered(town, page, {"name": "who", "type": 9, "description": "Who?", "required": True})
    await page.begin("video")
    await expect(page.page.locator(".option")).to_contain_text("Options of type 9 are not shown")


async def test_only_files_are_dropped_on_the_page(town: Simulated, page: Visitor) -> None:
    await offered(town, page, IMAGE | {"required": True})
    await page.begin("video")
    assert await page.page.evaluate(IS_PREVENTED, ["#messages", False]) == [False, False]
    assert await page.page.evaluate(IS_PREVENTED, ["#option-image", True]) == [False, False]
    assert await page.page.evaluate(IS_PREVENTED, ["#messages", True]) == [True, True]
    await expect(page.page.locator(".dropped")).to_have_text("dropped.txt")


async def test_a_sub_command_names_people_channels_and_roles(
    town: Simulated, page: Visitor
) -> None:
    town.guild.roles.append(Role(901, "makers", 0))
    named = (("person", 6), ("channel", 7), ("role", 8))
    options = [
        {"name": name, "type": kind, "description": name, "required": True} for name, kind in named
    ]
    parts = [{"name": name, "type": 1, "description": name, "options": options} for name in "ab"]
    town.offer("group", *parts)
    await page.page.reload()
    await page.typed.fill("/group b")
    await page.typed.press("Enter")
    chosen = {"person": "Grace", "channel": "#film-club", "role": "@makers"}
    for name, label in chosen.items():
        await page.page.locator(f'[name="{name}"]').select_option(label=label)
    await page.page.get_by_role("button", name="Send").click()
    asked = await town.asks(1)
    (part,) = asked.data["options"]
    assert part["name"] == "b"
    values = {one["name"]: one["value"] for one in part["options"]}
    ids = (town.grace.id, town.other.id, 901)
    assert list(values.values()) == [str(number) for number in ids]
    assert set(asked.data["resolved"]) == {"users", "members", "channels", "roles"}
    town.answer(asked, UPDATED)
