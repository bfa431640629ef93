"""The page by itself: what its messages become, and what stays when they are edited."""

import re
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, FilePayload, expect

from bot.simulator.uploads import NewFile
from tests.browser import opened, until
from tests.demo.simulated import Simulated, button, container, simulated, text, video
from tests.demo.visitor import Visitor
from tests.media.films import film

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


@pytest_asyncio.fixture(loop_scope="session")
async def town() -> AsyncGenerator[Simulated]:
    async with simulated() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def page(town: Simulated, browser: Browser) -> AsyncGenerator[Visitor]:
    async with opened(browser, town.address) as opened_page:
        visitor = Visitor(opened_page)
        await expect(visitor.channel("general")).to_have_attribute("aria-current", "page")
        yield visitor


async def test_an_edit_replaces_nothing_that_stays(town: Simulated, page: Visitor) -> None:
    card = town.write(container(text("### Queued")), button("Cancel"))
    shown = page.messages.locator("article").last
    await shown.evaluate("node => (node.stays = true)")
    town.change(card, container(text("### In progress")), button("Cancel"))
    await expect(shown).to_contain_text("In progress")
    await shown.get_by_role("button", name="Cancel").focus()
    file = NewFile("film.mp4", film(), "video/mp4")
    town.change(
        card, container(text("### Completed"), video("film.mp4")), button("Cancel"), file=file
    )
    await until(shown.locator("video"), "video => video.readyState > 1")
    await expect(shown.get_by_role("button", name="Cancel")).to_be_focused()
    await shown.locator("video").evaluate(
        "video => { video.stays = true; video.currentTime = 0.1; }"
    )

    address = card.now.files[0].url
    for words in ("Delivered", "Delivered again"):
        gallery = {"type": 12, "items": [{"media": {"url": address}}]}
        town.change(card, container(text(f"### {words}"), gallery), button("Again"))
        await expect(shown.locator("h3")).to_have_text(words)

    assert await shown.evaluate("node => node.stays")
    assert await shown.locator("video").evaluate("video => video.stays && video.currentTime > 0")


async def test_edits_elsewhere_are_no_news(town: Simulated, page: Visitor) -> None:
    await page.open("film-club")
    card = town.write(container(text("one")))
    news = page.channel("general")
    await expect(news).to_have_class(re.compile("unread"))
    await page.open("general")
    await page.open("film-club")
    town.change(card, container(text("two")))
    town.write(container(text("a mark")), channel=town.other)
    await expect(page.messages).to_contain_text("a mark")
    await expect(news).not_to_have_class(re.compile("unread"))


async def test_a_ping_is_a_toast_a_number_and_in_the_title(town: Simulated, page: Visitor) -> None:
    await page.open("film-club")
    town.write(content=f"<@{town.ada.id}> your video is ready", ping=town.ada)
    await expect(page.toasts).to_have_text("Rushes mentioned you in general")
    await expect(page.page).to_have_title("(1) film-club · Rushes demo")
    await expect(page.channel("general").get_by_label("1 mentions")).to_have_text("1")
    await page.toasts.click()
    await expect(page.messages.locator("article.pings")).to_contain_text("@Ada your video")
    await expect(page.page).to_have_title("general · Rushes demo")


async def test_a_press_that_nobody_answers_is_said_under_the_message(
    town: Simulated, page: Visitor
) -> None:
    town.write(container(text("a card")), button("Again"))
    card = page.messages.locator("article").last
    await page.press(card, "Again")
    await expect(card.get_by_role("alert")).to_have_text("This interaction failed")
    await expect(card.get_by_role("button", name="Again")).not_to_have_class(re.compile("busy"))


async def test_the_end_stays_in_sight_when_the_window_changes(
    town: Simulated, page: Visitor
) -> None:
    for number in range(30):
        town.write(content=f"message number {number} with some words that take a line or two")
    last = page.messages.locator("article").last
    await expect(last).to_contain_text("number 29")
    await expect(last).to_be_in_viewport()
    await page.page.set_viewport_size({"width": 390, "height": 500})
    await expect(last).to_be_in_viewport(ratio=0.9)


async def test_no_more_than_the_newest_messages_are_shown(town: Simulated, page: Visitor) -> None:
    for number in range(70):
        town.write(content=f"message {number}.")
    await expect(page.messages).to_contain_text("message 69.")
    await expect(page.messages.locator("article")).to_have_count(60)
    await expect(page.messages).not_to_contain_text("message 9.")


MARKDOWN = (
    ("**bold** and *slanted*", "<strong>bold</strong> and <em>slanted</em>"),
    ("***both***", "<strong><em>both</em></strong>"),
    ("__under__ ~~gone~~", "<u>under</u> <s>gone</s>"),
    ("`a *b*`", "<code>a *b*</code>"),
    (r"\*plain\*", "*plain*"),
    ("2 * 3 * 4", "2 * 3 * 4"),
    ("snake_case_name", "snake_case_name"),
    ("### Title", "<h3>Title</h3>"),
    ("-# small", "<small>small</small>"),
    ("> one\n> two", "<blockquote>one|two</blockquote>"),
    ("- one\n- two", "<ul><li>one</li><li>two</li></ul>"),
    ("1. one\n2. two", "<ol><li>one</li><li>two</li></ol>"),
    ("```py\n*code*\n```", "<pre><code>*code*</code></pre>"),
    ("[words](https://a.example/b)", "<a>words</a>"),
    ("[no](javascript:alert(1))", "[no](javascript:alert(1))"),
    ("see https://a.example/b.", "see <a>https://a.example/b</a>."),
    ("<@1>, <#1>, </video:1>", "<span>@Rushes</span>, <span>#unknown</span>, <span>/video</span>"),
    ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
    ("||secret||", "<span>secret</span>"),
)
PLAIN_HTML = """node => {
  const copy = node.cloneNode(true);
  for (const each of copy.querySelectorAll("*"))
    for (const { name } of [...each.attributes]) each.removeAttribute(name);
  return copy.innerHTML;
}"""


async def test_markdown_is_what_discord_makes_of_it(town: Simulated, page: Visitor) -> None:
    for given, _ in MARKDOWN:
        town.write(content=given)
    texts = page.messages.locator("article .text")
    await expect(texts).to_have_count(len(MARKDOWN))
    found = [await one.evaluate(PLAIN_HTML) for one in await texts.all()]
    lines = [re.sub(r"</div><div>", "|", one) for one in found]
    assert [re.sub(r"</?div>", "", one) for one in lines] == [wanted for _, wanted in MARKDOWN]


async def test_times_are_relative_and_a_spoiler_is_opened(town: Simulated, page: Visitor) -> None:
    now = int(town.discord.clock.now())
    town.write(content=f"<t:{now - 7200}:R> and <t:{now + 86400 * 3 + 60}:R>, ||a secret||")
    said = page.messages.locator("article .text")
    await expect(said).to_contain_text("2 hours ago and in 3 days")
    await said.get_by_role("button", name="Spoiler").click()
    await expect(said.locator(".spoiler")).to_have_class("spoiler shown")


async def test_a_link_to_a_message_leads_there(town: Simulated, page: Visitor) -> None:
    wanted = town.write(content="look at this one")
    for number in range(30):
        town.write(content=f"message {number}, with more under it\nand a second line")
    channel = f"https://discord.com/channels/{town.guild.id}/{town.general.id}"
    town.write(content=f"[there]({channel}/{wanted.id}) or [gone]({channel}/7)", channel=town.other)
    shown = page.messages.locator("article").filter(has_text="look at this one")
    await expect(shown).not_to_be_in_viewport()

    await page.open("film-club")
    await page.messages.get_by_role("link", name="gone").click()
    await expect(page.toasts).to_have_text("That message is not there any more.")
    await page.open("film-club")
    await page.messages.get_by_role("link", name="there").click()

    await expect(page.channel("general")).to_have_attribute("aria-current", "page")
    await expect(shown).to_be_in_viewport()
    await expect(shown).to_be_focused()


async def test_a_command_that_is_cancelled_asks_for_no_choices(
    town: Simulated, page: Visitor
) -> None:
    search = {"name": "search", "type": 3, "description": "Words", "autocomplete": True}
    town.discord.commands = {None: [{"name": "find", "type": 1, "options": [search]}]}
    await page.page.clock.install()
    await page.page.reload()
    await page.begin("find")
    await page.give("search", "a")
    await page.page.get_by_label("Cancel the command").click()
    await page.page.clock.run_for(1000)
    await expect(page.typed).to_be_focused()


async def test_a_file_that_cannot_be_sent_is_said_and_stays(town: Simulated, page: Visitor) -> None:
    await page.page.route("**/files*", lambda route: route.abort())
    file: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}
    await page.page.get_by_label("Attach a file").set_input_files(file)
    await page.typed.press("Enter")
    await expect(page.toasts).to_have_text("A file could not be sent. Try again.")
    await page.page.unroute("**/files*")
    await page.typed.press("Enter")
    await expect(page.messages.get_by_role("link", name="a.txt")).to_be_visible()
    (said,) = town.discord.messages_in(town.general)
    assert [each.data for each in said.now.files] == [b"words"]


async def test_what_is_typed_stays_in_its_channel_and_with_its_person(page: Visitor) -> None:
    await page.typed.fill("of Ada")
    await page.open("film-club")
    await expect(page.typed).to_have_value("")
    await page.open("general")
    await expect(page.typed).to_have_value("of Ada")
    await page.be("Grace")
    await expect(page.typed).to_have_value("")


async def test_a_message_of_every_component(town: Simulated, page: Visitor) -> None:
    choice = [{"label": "One", "value": "1"}, {"label": "Two", "value": "2", "default": True}]
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://a.example/"}
    town.write(
        container(text("words"), {"type": 14}, {"type": 14, "divider": False}),
        {"type": 9, "components": [text("beside")], "accessory": link},
        {"type": 1, "components": [{"type": 3, "custom_id": "s", "options": choice}]},
        {"type": 1, "components": [{"type": 5, "custom_id": "who", "placeholder": "Who?"}]},
        {"type": 99},
    )
    message = page.messages.locator("article").last
    await expect(message.get_by_role("link", name="Open")).to_have_attribute(
        "rel", re.compile("noopener")
    )
    await expect(message.get_by_label("Make a selection")).to_have_value("2")
    await message.get_by_label("Who?").select_option(label="Grace")
    await expect(message.get_by_role("alert")).to_have_text("This interaction failed")
    await expect(message).to_contain_text("Component 99 is not shown in this demo.")
