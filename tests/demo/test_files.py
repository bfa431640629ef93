"""Files at the demo's page: dropped, picked, and in a form; and other sites, which get nothing."""

import base64

import aiohttp
import pytest
from playwright.async_api import expect

from bot.cards import modals
from cogs import make_video
from tests.demo.process import Demo
from tests.demo.visitor import Visitor
from tests.media.images import picture

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

DROP = """([name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name, { type }));
  const target = document.querySelector("#messages");
  for (const type of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
}"""
IMAGE = picture(720, 1280)


async def drop(visitor: Visitor, name: str, kind: str = "image/png", data: bytes = IMAGE) -> None:
    """Drop a file on the page, as from a folder of this machine."""
    await visitor.page.evaluate(DROP, [name, kind, base64.b64encode(data).decode()])


async def test_a_picture_is_dropped_into_a_command(visitor: Visitor, prompt: str) -> None:
    await visitor.begin("video")
    await visitor.give("prompt", prompt)
    await drop(visitor, "cat.png")
    await expect(visitor.page.locator(".dropped")).to_have_text("cat.png")
    await visitor.run()
    await visitor.plays(await visitor.card(prompt))


async def test_a_picture_that_was_dropped_first_goes_into_the_command(
    visitor: Visitor, prompt: str
) -> None:
    await drop(visitor, "first.png")
    await expect(visitor.page.locator(".picked")).to_contain_text("first.png")
    await visitor.begin("video")
    await expect(visitor.page.locator(".dropped")).to_have_text("first.png")
    await visitor.give("prompt", prompt)
    await visitor.run()
    await visitor.plays(await visitor.card(prompt))


async def test_a_dropped_file_is_sent_with_a_message_and_chosen_in_a_form(
    visitor: Visitor, prompt: str
) -> None:
    await drop(visitor, "harbour.png")
    said = await visitor.say(prompt)
    await expect(said.get_by_role("img", name="harbour.png")).to_be_visible()
    await visitor.choose(said, make_video.NAME)
    await expect(visitor.form.get_by_label(modals.WHICH_IMAGE)).to_have_value("0")
    await visitor.submit(modals.PROMPT, f"{prompt} with it")
    await visitor.plays(await visitor.card(f"{prompt} with it"))


async def test_a_picture_that_is_none_is_refused_in_private(visitor: Visitor, prompt: str) -> None:
    await visitor.begin("video")
    await visitor.give("prompt", prompt)
    await drop(visitor, "notes.txt", "text/plain", b"words")
    await visitor.run()
    refused = await visitor.answered("PNG")
    await refused.get_by_role("button", name="Dismiss message").click()
    await expect(refused).to_have_count(0)


@pytest.mark.parametrize("origin", ["http://a.example", "http://127.0.0.1:1", "null"])
async def test_another_site_gets_nothing(demo: Demo, origin: str) -> None:
    headers = {"Origin": origin}
    async with aiohttp.ClientSession(demo.address, headers=headers) as session:
        async with session.post("files?name=a", data=b"a") as answer:
            assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await session.ws_connect("client")
        assert refused.value.status == 403
