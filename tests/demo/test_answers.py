"""What the page does with an answer, and while there is none: nothing is sent twice or unsaid."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.demo.simulated import MODAL, UPDATED, Simulated, button, container, row, text
from tests.demo.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]
NO_ANSWER = "The application did not respond. Try again."


async def card(town: Simulated, page: Visitor) -> Locator:
    """Write a card with one button, and return it."""
    town.write(container(text("a card")), button("Again"))
    return page.messages.locator("article").last


async def test_a_press_is_sent_once_until_it_is_answered(town: Simulated, page: Visitor) -> None:
    again = (await card(town, page)).get_by_role("button", name="Again")
    await again.dblclick()
    await expect(again).to_have_attribute("aria-disabled", "true")
    await expect(again).to_be_focused()
    town.answer(await town.asks(1), UPDATED)
    await expect(again).not_to_have_attribute("aria-disabled", "true")
    assert len(town.asked) == 1
    await again.click()
    town.answer(await town.asks(2), UPDATED)


async def test_a_try_of_the_greeting_is_sent_once(town: Simulated, page: Visitor) -> None:
    town.offer("video", {"name": "prompt", "type": 3, "description": "What to see"})
    await page.page.reload()
    lamp = page.messages.get_by_role("button", name="A lamp")
    await lamp.dblclick()
    await town.asks(1)
    await expect(page.toasts).to_have_text(NO_ANSWER)
    assert len(town.asked) == 1


async def test_a_press_that_nobody_answers_is_said_under_the_message(
    town: Simulated, page: Visitor
) -> None:
    shown = await card(town, page)
    await page.press(shown, "Again")
    await expect(shown.get_by_role("alert")).to_have_text(NO_ANSWER)


async def test_a_failure_of_a_message_that_is_gone_is_a_toast(
    town: Simulated, page: Visitor
) -> None:
    await page.press(await card(town, page), "Again")
    await town.asks(1)
    await page.open("film-club")
    await expect(page.toasts).to_have_text(NO_ANSWER)


async def test_a_lost_connection_is_said_once_and_on_whatever_is_sent(
    town: Simulated, page: Visitor
) -> None:
    shown = await card(town, page)
    await expect(shown).to_be_visible()
    notice = page.page.locator("#ended")
    async with town.listener.away():
        await expect(notice).to_contain_text("The demo cannot be reached.")
        await notice.evaluate("node => (node.stays = true)")
        await page.press(shown, "Again")
        await expect(shown.get_by_role("alert")).to_contain_text("The demo is not connected.")
        await page.typed.fill("not lost")
        await page.typed.press("Enter")
        await expect(page.toasts).to_contain_text("The demo is not connected.")
        await expect(page.typed).to_have_value("not lost")
        await page.page.wait_for_event("console", lambda said: "WebSocket" in said.text)
        assert await notice.evaluate("node => node.stays")
    await expect(notice).to_have_count(0)


async def test_a_command_that_may_have_arrived_is_not_called_unsent(
    town: Simulated, page: Visitor
) -> None:
    town.offer("video")
    await page.page.reload()
    await page.begin("video")
    await page.run()
    await town.asks(1)
    async with town.listener.away():
        await expect(page.toasts).to_contain_text("See whether it arrived")
        await expect(page.page.locator("form.command")).to_be_visible()


async def test_a_menu_gives_the_focus_back(town: Simulated, page: Visitor) -> None:
    town.offer("Make a video", kind=3)
    town.write(content="one")
    town.write(content="two")
    await page.page.reload()
    one, two = (page.messages.locator("article").filter(has_text=each) for each in ("one", "two"))
    await one.press("m")
    await page.page.keyboard.press("Tab")
    await expect(page.menu).to_have_count(0)
    assert await one.evaluate("one => one.contains(document.activeElement)")
    await one.press("m")
    await two.click(button="right")
    await expect(page.menu).to_have_count(1)
    await page.menu.get_by_role("menuitem").click()
    await expect(two).to_be_focused()
    town.answer(await town.asks(1), UPDATED)


async def test_a_field_that_is_not_known_is_a_sentence(town: Simulated, page: Visitor) -> None:
    await page.press(await card(town, page), "Again")
    unknown: dict[str, Any] = {"type": 21, "custom_id": "choice", "options": []}
    field = {"type": 18, "label": "Choose", "component": unknown}
    town.answer(await town.asks(1), MODAL, custom_id="form", title="A form", components=[field])
    await expect(page.form).to_contain_text("Component 21 is not shown in this demo.")


async def test_what_is_ticked_in_a_menu_is_sent_when_it_is_closed(
    town: Simulated, page: Visitor
) -> None:
    people = {"type": 5, "custom_id": "people", "min_values": 0, "max_values": 25}
    chosen = [{"id": str(town.grace.id), "type": "user"}]
    message = town.write(row(people | {"default_values": chosen}))
    menu = page.messages.locator("summary")
    await expect(menu).to_have_text("Grace")
    await menu.click()
    await page.messages.get_by_text("Ada").click()
    town.write(container(text("another message")))
    await page.typed.click()
    asked = await town.asks(1)
    assert asked.data["values"] == [str(town.ada.id), str(town.grace.id)]
    both = [{"id": value, "type": "user"} for value in asked.data["values"]]
    town.change(message, row(people | {"default_values": both}))
    town.answer(asked, UPDATED)
    await expect(menu).to_have_text("Ada, Grace")


async def test_a_menu_of_one_can_be_left_empty(town: Simulated, page: Visitor) -> None:
    channels = {"type": 8, "custom_id": "log", "min_values": 0, "channel_types": [0]}
    chosen = [{"id": str(town.general.id), "type": "channel"}]
    town.write(row(channels | {"placeholder": "No channel", "default_values": chosen}))
    await page.messages.locator("summary").click()
    await expect(page.messages.locator(".choices label")).to_have_text(
        ["No channel", "#general", "#film-club"]
    )
    await page.messages.get_by_text("No channel").click()
    asked = await town.asks(1)
    assert asked.data["values"] == []
    town.answer(asked, UPDATED)
