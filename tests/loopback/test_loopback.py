"""The loopback Discord is held to the documents, and to what discord.py makes of it."""

import asyncio
import io
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import aiohttp
import discord
import pytest
from discord import app_commands, ui
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.simulator.world import Channel
from tests.loopback.driver import Loopback, loopback

Api = Callable[..., Awaitable[tuple[int, dict[str, Any]]]]


@pytest.fixture
async def place() -> AsyncGenerator[Loopback]:
    async with loopback() as running:
        yield running


@pytest.fixture
def channel(place: Loopback) -> Channel:
    return place.add_channel(place.add_guild())


@pytest.fixture
async def client(
    place: Loopback, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[discord.Client]:
    """discord.py's own client, connected; `channel` is there before it comes."""
    assert channel.guild is not None
    monkeypatch.setattr(Route, "BASE", place.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", URL(place.gateway_url))
    async with discord.Client(intents=discord.Intents(guilds=True), max_messages=None) as made:
        running = asyncio.create_task(made.start(place.token))
        await place.until(lambda: made.get_channel(channel.id) is not None)
        yield made
        await made.close()
        await running


@pytest.fixture
async def api(place: Loopback) -> AsyncGenerator[Api]:
    headers = {"Authorization": f"Bot {place.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def call(method: str, path: str, **body: Any) -> tuple[int, dict[str, Any]]:  # noqa: ANN401
            async with session.request(method, place.api_url + path, json=body) as answer:
                return answer.status, {} if answer.status == 204 else await answer.json()

        yield call


def _in(channel: Channel, client: discord.Client) -> discord.PartialMessageable:
    return client.get_partial_messageable(channel.id)


async def test_discord_py_sleeps_through_a_429(
    place: Loopback, channel: Channel, client: discord.Client, api: Api
) -> None:
    sent = await _in(channel, client).send("hello")
    for _ in range(10):
        await api("GET", f"/channels/{channel.id}/messages/{sent.id}")

    read = await _in(channel, client).fetch_message(sent.id)

    assert read.content == "hello"
    assert place.too_many == 1


async def test_discord_py_resumes_and_hears_what_it_missed(
    place: Loopback, channel: Channel, client: discord.Client
) -> None:
    place.gateway.cut()
    await place.until(lambda: not place.gateway.connected)

    await place.delete_channel(channel)
    await place.until(lambda: place.gateway.resumes == 1)

    await place.until(lambda: client.get_channel(channel.id) is None)
    assert place.gateway.identifies == 1


async def test_a_file_that_a_component_shows_is_no_attachment(
    place: Loopback, channel: Channel, client: discord.Client
) -> None:
    gallery = ui.MediaGallery[ui.LayoutView]().add_item(media="attachment://film.mp4")
    view = ui.LayoutView(timeout=None).add_item(gallery)
    film = discord.File(io.BytesIO(b"a film"), "film.mp4")

    sent = await _in(channel, client).send(view=view, file=film)

    assert sent.attachments == []
    shown = sent.components[0]
    assert isinstance(shown, discord.MediaGalleryComponent)
    assert await client.http.get_from_cdn(shown.items[0].media.url) == b"a film"
    assert place.messages_in(channel)[0].film == b"a film"

    with pytest.raises(discord.HTTPException, match="no file of this message"):
        await sent.edit(view=view, attachments=[])


async def test_an_interaction_is_answered_once_and_within_three_seconds(
    place: Loopback, channel: Channel, api: Api
) -> None:
    place.commands[None] = [{"id": "1", "name": "video", "type": 1}]
    ada = place.add_user()
    hello = {"type": 4, "data": {"content": "hello"}}

    first = await place.slash(ada, channel, "video")
    callback = f"/interactions/{first.id}/{first.token}/callback"
    assert (await api("POST", callback, **hello))[0] == 204
    assert (await api("POST", callback, **hello))[1]["code"] == 40060

    late = await place.slash(ada, channel, "video")
    place.skew(4)
    status, body = await api("POST", f"/interactions/{late.id}/{late.token}/callback", **hello)
    assert (status, body["code"]) == (404, 10062)

    place.skew(15 * 60)
    original = f"/webhooks/{place.bot.id}/{first.token}/messages/@original"
    status, body = await api("PATCH", original, content="too late")
    assert (status, body["code"]) == (401, 50027)


async def test_messages_older_than_an_hour_take_three_edits(
    place: Loopback, channel: Channel, api: Api
) -> None:
    _, sent = await api("POST", f"/channels/{channel.id}/messages", content="old")
    place.skew(3700)
    edits = [
        await api("PATCH", f"/channels/{channel.id}/messages/{sent['id']}", content=f"{number}")
        for number in range(4)
    ]

    assert [status for status, _ in edits] == [200, 200, 200, 429]
    assert edits[-1][1]["code"] == 30046


async def test_the_same_nonce_is_the_same_message(channel: Channel, api: Api) -> None:
    told = {"content": "once", "nonce": "7", "enforce_nonce": True}
    _, first = await api("POST", f"/channels/{channel.id}/messages", **told)
    _, second = await api("POST", f"/channels/{channel.id}/messages", **told)

    assert first["id"] == second["id"]


async def test_what_the_bot_may_not(place: Loopback, channel: Channel, api: Api) -> None:
    thread = place.add_thread(channel)
    _, sent = await api("POST", f"/channels/{thread.id}/messages", content="hello")
    thread.archived = True
    refused = [await api("PATCH", f"/channels/{thread.id}/messages/{sent['id']}", content="edited")]
    channel.bot_may = 1 << 10
    refused.append(await api("POST", f"/channels/{channel.id}/messages", content="hello"))
    channel.bot_may = 0
    refused.append(await api("POST", f"/channels/{channel.id}/messages", content="hello"))
    closed = place.dm(place.add_user("grace", takes_dms=False))
    refused.append(await api("POST", f"/channels/{closed.id}/messages", content="hello"))
    refused.append(await api("GET", "/channels/1"))

    codes = [body["code"] for _, body in refused]
    assert codes == [50083, 50013, 50001, 50007, 10003]


class _Ask(ui.Modal, title="Another film"):
    prompt: ui.TextInput["_Ask"] = ui.TextInput(label="Prompt", custom_id="prompt")

    async def on_submit(self, interaction: discord.Interaction, /) -> None:
        await interaction.response.send_message(self.prompt.value, ephemeral=True)


class _Buttons(ui.View):
    @ui.button(label="Again")
    async def again(self, interaction: discord.Interaction, _: ui.Button["_Buttons"]) -> None:
        await interaction.response.send_modal(_Ask())


def _commands(client: discord.Client) -> app_commands.CommandTree:
    tree = app_commands.CommandTree(client)

    @tree.command(description="Show a picture again")
    async def show(
        interaction: discord.Interaction, image: discord.Attachment, style: str = ""
    ) -> None:
        data = (await image.read()).decode()
        told = f"{data} {style} {interaction.locale} {interaction.guild_locale}"
        await interaction.response.send_message(told, view=_Buttons())

    @show.autocomplete("style")
    async def styles(  # pyright: ignore[reportUnusedFunction]
        _: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}oir", value="noir")]

    @tree.context_menu(name="Read")
    async def read(  # pyright: ignore[reportUnusedFunction]
        interaction: discord.Interaction, message: discord.Message
    ) -> None:
        await interaction.response.send_message(message.content, ephemeral=True)

    return tree


async def test_discord_py_hears_all_that_people_do(
    place: Loopback, channel: Channel, client: discord.Client
) -> None:
    ada = place.add_user("ada", locale="de")
    await _commands(client).sync()

    picture = ("a.png", b"pixels", "image/png")
    typed = await place.autocomplete(ada, channel, "show", "style", style="n")
    await typed.answered()
    assert typed.response_data == {"choices": [{"name": "noir", "value": "noir"}]}

    shown = await place.slash(ada, channel, "show", image=picture, style="noir")
    await shown.answered()
    assert shown.message.text == "pixels noir de en-US"

    pressed = await place.press(ada, shown.message, "Again")
    await pressed.answered()
    submitted = await place.submit(pressed, prompt="a cat")
    await submitted.answered()
    chosen = await place.message_command(ada, shown.message, "Read")
    await chosen.answered()

    private = [message.text for message in place.private_to(ada)]
    assert private == ["a cat", "pixels noir de en-US"]
    assert len(place.messages_in(channel)) == 1
