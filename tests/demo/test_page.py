"""The page by itself: what its messages become, and what stays when they are edited."""

import re

import pytest
from playwright.async_api import expect

from bot.simulator.uploads import NewFile
from tests.browser import until
from tests.demo.simulated import Simulated, button, container, text, video
from tests.demo.visitor import Visitor
from tests.media.films import film

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]


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
    ("<@1>, <#1>", "<span>@Rushes</span>, <span>#unknown</span>"),
    ("a_b *c* d_e **f**", "a_b <em>c</em> d_e <strong>f</strong>"),
    ("***", "***"),
    ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
)
PLAIN_HTML = """node => {
  const copy = node.cloneNode(true);
  for (const each of copy.querySelectorAll("*"))
    for (const { name } of [...each.attributes]) each.removeAttribute(name);
  return copy.innerHTML;
}"""

COUNT_CHANGES = """node => {
  window.changes = 0;
  const everything = { childList: true, subtree: true, characterData: true };
  new MutationObserver((records) => (window.changes += records.length)).observe(node, everything);
}"""
COUNT_MADE = """() => {
  window.made = 0;
  const make = document.createElement;
  document.createElement = (tag) => (window.made++, make.call(document, tag));
}"""


async def test_markdown_is_what_discord_makes_of_it(town: Simulated, page: Visitor) -> None:
    for given, _ in MARKDOWN:
        town.write(content=given)
    texts = page.messages.locator("article .text")
    await expect(texts).to_have_count(len(MARKDOWN))
    found = [await one.evaluate(PLAIN_HTML) for one in await texts.all()]
    lines = [re.sub(r"</div><div>", "|", one) for one in found]
    assert [re.sub(r"</?div>", "", one) for one in lines] == [wanted for _, wanted in MARKDOWN]


async def test_a_relative_time_is_written_when_it_changes(town: Simulated, page: Visitor) -> None:
    await page.page.clock.install()
    await page.page.reload()
    now = int(town.discord.clock.now())
    town.write(content=f"<t:{now - 7200}:R> and <t:{now + 86400 * 3 + 60}:R>")
    said = page.messages.locator("article .text")
    await expect(said).to_contain_text("2 hours ago and in 3 days")
    await said.evaluate(COUNT_CHANGES)
    await page.page.clock.run_for(10_000)
    assert await page.page.evaluate("window.changes") == 0
    await page.page.clock.run_for(3_600_000)
    await expect(said).to_contain_text("3 hours ago and in 2 days")


async def test_a_new_message_leaves_the_others_alone(town: Simulated, page: Visitor) -> None:
    for number in range(40):
        town.write(content=f"message {number}.")
    await expect(page.messages).to_contain_text("message 39.")
    await page.page.evaluate(COUNT_MADE)
    town.write(content="one more")
    await expect(page.messages).to_contain_text("one more")
    assert await page.page.evaluate("window.made") < 40, "fewer than the messages there are"


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


async def test_a_message_of_every_component(town: Simulated, page: Visitor) -> None:
    link = {"type": 2, "style": 5, "label": "Open", "url": "https://a.example/"}
    town.write(
        container(text("words"), {"type": 14}, {"type": 14, "divider": False}),
        {"type": 9, "components": [text("beside")], "accessory": link},
        button("Again"),
        {"type": 99},
    )
    message = page.messages.locator("article").last
    await expect(message.get_by_role("link", name="Open")).to_have_attribute(
        "rel", re.compile("noopener")
    )
    await expect(message.get_by_role("button", name="Again")).to_be_enabled()
    await expect(message).to_contain_text("Component 99 is not shown in this demo.")
