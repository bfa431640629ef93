"""/videos, the message command, and commands in other languages."""

import asyncio
import io
from pathlib import Path
from typing import Any, cast

import discord
import simcord
from PIL import Image

from bot.media.thumbnail import take_thumbnail
from tests.acceptance.actions import fill, finished
from tests.acceptance.stage import PROMPT, Stage, parts_of, settings_for, staged, text_of
from tests.media.images import png
from tests.processes import VideosServer

THUMBNAIL = discord.ComponentType.thumbnail.value


async def listed(who: simcord.MemberActor, stage: Stage, **options: object) -> discord.Message:
    """Ask for the list; return the private answer."""
    result = await who.slash(stage.channel, "videos", **options)
    assert result.response is not None
    assert result.response.ephemeral
    return result.response.message


async def made(stage: Stage, who: simcord.MemberActor, *prompts: str) -> None:
    for prompt in prompts:
        await who.slash(stage.channel, "video", prompt=prompt)
        await stage.wait()  # simcord's clock stands still else, and all would be equally new


async def test_everybody_sees_their_own_and_a_moderator_sees_all(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_active_per_user=10)
    async with staged(settings) as stage:
        await made(stage, stage.ada, "a red fox", "a blue fox")
        await made(stage, stage.grace, "a green owl")

        own = text_of(await listed(stage.ada, stage))
        assert "2 videos" in own
        assert own.index("a blue fox") < own.index("a red fox"), "newest first"
        assert "owl" not in own
        assert str(stage.messages[0].id) in own, "each leads to its message"
        assert "One video" in text_of(await listed(stage.grace, stage))
        assert "3 videos" in text_of(await listed(stage.moderator, stage))


async def test_the_list_is_searched_filtered_and_paged(
    rendering_server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", rendering_server.base_url, max_active_per_user=20)
    async with staged(settings) as stage:
        await made(stage, stage.ada, *[f"fox number {number}" for number in range(6)], "an owl")

        first = await listed(stage.ada, stage)
        assert "7 videos" in text_of(first)
        assert "fox number 0" not in text_of(first)
        second = await stage.ada.click(first, label="Older")
        assert second.response is not None
        assert "fox number 0" in text_of(second.response.message)
        done = await stage.ada.click(second.response.message, label="Done")
        assert done.response is not None
        assert "No videos match" in text_of(done.response.message)

        assert "One video" in text_of(await listed(stage.ada, stage, search="OWL"))
        offered = await stage.ada.autocomplete(stage.channel, "videos", "search", "ow")
        assert [choice["name"] for choice in offered] == ["an owl"]


async def test_no_two_buttons_of_a_page_are_the_same(server: VideosServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_active_per_user=20)
    async with staged(settings) as stage:
        await made(stage, stage.ada, *[f"fox number {number}" for number in range(6)])
        second = await stage.ada.click(await listed(stage.ada, stage), label="Older")
        assert second.response is not None

        parts = parts_of(second.response.message)
        ids = [part["custom_id"] for part in parts if "custom_id" in part]
        assert len(ids) == len(set(ids)) == 5


def thumbnails_of(stage: Stage, message: discord.Message) -> dict[str, bytes]:
    """The pictures of the list, by what they are described as."""
    shown = [part for part in parts_of(message) if part["type"] == THUMBNAIL]
    return {
        part["description"]: stage.env.backend.cdn.get(part["media"]["url"]) or b""
        for part in shown
    }


async def test_a_film_is_listed_with_a_picture_that_outlives_it(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url)
    async with staged(settings, thumbnails=take_thumbnail) as stage:
        await finished(stage)
        for film in (tmp_path / "bot" / "films").iterdir():
            film.unlink()
        await stage.ada.slash(stage.channel, "video", prompt="one that still renders")

        first = await listed(stage.ada, stage)
        pictures = thumbnails_of(stage, first)
        assert list(pictures) == [PROMPT]
        assert Image.open(io.BytesIO(pictures[PROMPT])).size == (180, 320)
        done = await stage.ada.click(first, label="Done")
        assert done.response is not None
        assert thumbnails_of(stage, done.response.message) == pictures
        running = await stage.ada.click(done.response.message, label="Running")
        assert running.response is not None
        assert thumbnails_of(stage, running.response.message) == {}


async def test_a_message_becomes_the_prompt_and_its_image_the_image(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        text = "a long prompt\nover two lines"
        images = (("one.png", png(300, 300, "red")), ("two.png", png(300, 300, "blue")))
        message = await stage.grace.send(stage.channel, text, attachments=images)
        form = await stage.ada.context_menu(stage.channel, "Make a video", message)
        assert form.modal is not None
        assert form.modal["components"][0]["component"]["value"] == text

        await fill(
            stage.ada,
            form,
            prompt=text,
            size=["720x1280"],
            seconds=["4"],
            **{"which_image_should_it_use?": ["1"]},
        )
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert server.jobs()[0]["prompt"] == text
        assert "cropped and resized" in text_of(stage.messages[-1])


async def test_a_message_without_an_image_offers_an_upload(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        message = await stage.grace.send(stage.channel, "an owl at night")
        form = await stage.ada.context_menu(stage.channel, "Make a video", message)

        await fill(
            stage.ada,
            form,
            prompt="an owl at night",
            size=["720x1280"],
            seconds=["4"],
            image=("owl.png", png(300, 300, "black")),
        )
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert "cropped and resized" in text_of(stage.messages[-1])


async def threads(stage: Stage) -> list[simcord.ChannelHandle]:
    """Open a thread in the channel, and a post in a forum."""
    forum = stage.ada.guild.create_forum_channel("requests")
    channel, posts = (stage.bot.get_channel(place.id) for place in (stage.channel, forum))
    assert isinstance(channel, discord.TextChannel)
    assert isinstance(posts, discord.ForumChannel)
    kind = discord.ChannelType.public_thread
    await channel.create_thread(name="a thread", type=kind)
    await posts.create_thread(name="a post", content="What shall it be?")
    return [*stage.channel.threads, *forum.threads]


async def test_a_film_is_made_in_every_place_there_is(server: VideosServer, tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_active_per_user=4)
    async with staged(settings) as stage:
        voice = stage.ada.guild.create_voice_channel("screening room")
        places = [voice, *await threads(stage)]
        assert len(places) == 3
        answers = [await stage.ada.slash(place, "video", prompt=PROMPT) for place in places]
        answers.append(await stage.ada.user.slash("video", prompt=PROMPT))
        shown = [answer.response for answer in answers]

        async with asyncio.timeout(60):
            while any("Completed" not in text_of(each.message) for each in shown if each):
                await asyncio.sleep(0.05)
                await stage.wait()
        assert all(shown)


async def test_what_commands_say_of_themselves_is_translated_and_their_names_are_not(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        sent = next(each for each in stage.env.http_requests if each.path.endswith("/commands"))
        commands = cast("list[dict[str, Any]]", sent.json)
        video = next(command for command in commands if command["name"] == "video")

        assert set(video["description_localizations"]) == {
            "de", "fr", "es-ES", "es-419", "ja", "pt-BR",
        }  # fmt: skip
        assert not video["name_localizations"]
        assert all(option["description_localizations"] for option in video["options"])


async def test_a_moderator_of_one_channel_sees_that_channel_and_an_administrator_all(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, max_active_per_user=10)
    async with staged(settings) as stage:
        guild = stage.ada.guild
        lets = discord.PermissionOverwrite(manage_messages=True)
        one = guild.create_text_channel("one", overwrites={stage.grace: lets})
        gone = guild.create_text_channel("gone")
        rights = discord.Permissions(administrator=True)
        role = guild.create_role("administrators", permissions=rights)
        chief = guild.add_member(stage.env.create_user("chief"), roles=[role])
        for place, prompt in ((one, "a red fox"), (gone, "a blue fox")):
            await stage.ada.slash(place, "video", prompt=prompt)
            await stage.wait()
        deleted = stage.bot.get_channel(gone.id)
        assert isinstance(deleted, discord.TextChannel)
        await deleted.delete()

        assert "a red fox" in text_of(await listed(stage.grace, stage))
        assert "a blue fox" not in text_of(await listed(stage.grace, stage))
        assert "One video" in text_of(await listed(stage.moderator, stage))
        assert "2 videos" in text_of(await listed(chief, stage))
        offered = await stage.grace.autocomplete(stage.channel, "videos", "search", "fox")
        assert [choice["name"] for choice in offered] == ["a red fox"]
        offered = await chief.autocomplete(stage.channel, "videos", "search", "fox")
        assert [choice["name"] for choice in offered] == ["a blue fox", "a red fox"]
