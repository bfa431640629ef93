"""Every button, pressed by requester, stranger and moderator, before and after a restart."""

from pathlib import Path

import aiohttp
import discord
import pytest

from bot.cards.buttons import Action
from bot.jobs.poller import SWEEP, TICK
from bot.requests import lost_creates
from bot.settings import Settings
from cogs.buttons import SETTLED
from tests.acceptance.actions import buttons, fill, finished, press, told
from tests.acceptance.stage import (
    ENCODES,
    PROMPT,
    restarted,
    settings_for,
    staged,
    text_of,
)
from tests.media.checks import assert_is_film
from tests.media.films import mp4
from tests.processes import VideosServer
from tests.videos_server.embedded import embedded_videos, held_videos
from tests.videos_server.faults import answer, cut, cut_after


async def test_a_running_film_is_cancelled_by_its_requester(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        assert list(buttons(stage.card)) == ["Cancel", "Notify me"]

        assert "has stopped making it" in told(await press(stage.ada, stage.card, Action.CANCEL))

        assert "Cancelled" in stage.text
        assert server.jobs() == []
        assert list(buttons(stage.card)) == ["Again", "Edit prompt", "Delete"]


async def test_a_stranger_may_not_cancel_and_a_moderator_may(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")

        refusal = told(await press(stage.grace, stage.card, Action.CANCEL))
        assert "Only the person who asked" in refusal
        assert "Queued" in stage.text

        await press(stage.moderator, stage.card, Action.CANCEL)
        assert "Cancelled" in stage.text


async def test_a_server_that_cannot_delete_is_said(tmp_path: Path) -> None:
    async with (
        embedded_videos(tmp_path / "server") as server,
        staged(settings_for(tmp_path / "bot", server.base_url)) as stage,
    ):
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        server.meet("other", answer(405))
        sentence = told(await press(stage.ada, stage.card, Action.CANCEL))

        assert "may still finish it" in sentence
        assert "may have been charged" in stage.text


async def test_again_makes_the_same_film_in_a_new_message(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        first = await finished(stage, size="1280x720")
        await press(stage.grace, first, Action.AGAIN)
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        assert len(stage.messages) == 2
        again = stage.messages[-1]
        assert f"<@{stage.grace.id}>" in text_of(again)
        assert str(first.id) in text_of(again), "the new card names its parent"
        jobs = server.jobs()
        assert [job["size"] for job in jobs] == ["1280x720"] * 2
        assert [job["prompt"] for job in jobs] == [PROMPT] * 2


async def test_edit_prompt_opens_a_form_that_holds_everything(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        first = await finished(stage)
        form = await press(stage.ada, first, Action.EDIT)
        assert form.modal is not None
        assert PROMPT in str(form.modal)

        await fill(stage.ada, form, prompt="a dog instead", size=["1280x720"], seconds=["4"])
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        newest = server.jobs()[0]
        assert (newest["prompt"], newest["size"]) == ("a dog instead", "1280x720")


async def test_remix_changes_a_film_and_names_its_parent(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, videos_remix=True)
    async with staged(settings) as stage:
        first = await finished(stage)
        form = await press(stage.ada, first, Action.REMIX)
        await fill(stage.ada, form, what_to_change="at night")
        await stage.until(lambda at: "Completed" in text_of(at.messages[-1]))

        remix, source = server.jobs()
        assert remix["remixed_from_video_id"] == source["id"]
        assert str(first.id) in text_of(stage.messages[-1])


async def test_remix_is_offered_only_where_the_server_does_it(
    server: VideosServer, tmp_path: Path
) -> None:
    settings = settings_for(tmp_path / "bot", server.base_url, videos_remix=False)
    async with staged(settings) as stage:
        assert list(buttons(await finished(stage))) == ["Again", "Edit prompt", "Delete"]


async def test_only_those_who_asked_are_told_and_only_once(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        card = stage.card
        assert "You'll be notified here" in told(await press(stage.grace, card, Action.NOTIFY))
        assert "already on the list" in told(await press(stage.grace, card, Action.NOTIFY))
        await stage.until(lambda at: len(at.messages) == 2)
        await stage.wait(5)

        assert len(stage.messages) == 2
        ping = stage.messages[-1]
        assert [user.id for user in ping.mentions] == [stage.grace.id]
        assert ping.reference is not None
        assert ping.reference.message_id == card.id


async def test_whom_discord_let_nobody_tell_is_told_by_the_next_sweep(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        await press(stage.grace, stage.card, Action.NOTIFY)
        stage.env.inject_error("POST", "/channels/*/messages", status=503)
        await stage.until(lambda at: "Completed" in at.text)
        await stage.env.settle()
        assert len(stage.messages) == 1

        await stage.wait(SWEEP + 2 * TICK)
        await stage.wait(SWEEP + 2 * TICK)

        assert len(stage.messages) == 2
        assert [user.id for user in stage.messages[-1].mentions] == [stage.grace.id]


async def test_delete_asks_once_and_takes_everything_away(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        card = await finished(stage)
        question = await press(stage.ada, card, Action.DELETE)
        assert "can't undo this" in told(question)
        assert len(stage.messages) == 1

        assert question.response is not None
        await press(stage.ada, question.response.message, Action.DELETE_SURELY)

        assert stage.messages == []
        assert server.jobs() == []


async def test_a_press_after_a_restart_works_as_before(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT, seconds="12")
        async with restarted(stage):
            refusal = told(await press(stage.grace, stage.card, Action.CANCEL))
            assert "Only the person who asked" in refusal
            await press(stage.ada, stage.card, Action.CANCEL)
            assert "Cancelled" in stage.text


async def test_a_press_on_a_film_that_has_moved_on_refreshes_its_card_and_keeps_the_film(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        old = stage.card
        cancel = next(each for each in buttons(old).values() if ":cancel:" in each)
        await stage.until(lambda at: "Completed" in at.text)
        await stage.env.settle()
        result = await stage.press_stale(stage.ada, old, cancel)

        assert "changed just now" in told(result)
        assert_is_film(stage.film)
        assert "Completed" in stage.text


def in_doubt(folder: Path, base_url: str) -> Settings:
    """Return settings for a server that knows no create again by its key."""
    return settings_for(folder, base_url, videos_dialect="vllm-omni")


@pytest.mark.parametrize("action", [Action.LOOK, Action.SEND, Action.DROP])
async def test_an_unconfirmed_film_is_decided_by_its_requester(
    tmp_path: Path, action: Action
) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", cut)
        async with staged(in_doubt(tmp_path / "bot", server.base_url)) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            assert "Not sure it was sent" in stage.text
            assert list(buttons(stage.card)) == ["Check again", "Send again", "Forget it"]
            assert "Only the person" in told(await press(stage.grace, stage.card, action))

            sentence = told(await press(stage.ada, stage.card, action))

            if action is Action.SEND:
                await stage.until(lambda at: "Completed" in at.text)
                assert server.passed["create"] == 1
            elif action is Action.DROP:
                assert "Cancelled" in stage.text
            else:
                assert "couldn't find it" in sentence
                assert "Not sure it was sent" in stage.text


async def test_a_second_create_that_is_refused_tells_nothing_of_the_first(tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", cut, answer(429, "{}"))
        async with staged(in_doubt(tmp_path / "bot", server.base_url)) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)

            await press(stage.ada, stage.card, Action.SEND)

            assert "Not sure it was sent" in stage.text
            assert "Nothing was charged" not in stage.text
            assert server.seen["create"] == 2


async def test_a_create_whose_answer_was_lost_is_found_by_itself(tmp_path: Path) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", cut_after)
        async with staged(in_doubt(tmp_path / "bot", server.base_url)) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            await stage.until(lambda at: "Completed" in at.text)

            assert server.passed["create"] == 1


async def test_look_again_takes_up_what_was_not_found_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_creates, "LOOKS_AFTER", ())
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", cut_after)
        async with staged(in_doubt(tmp_path / "bot", server.base_url)) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            assert "Not sure it was sent" in stage.text

            assert "Found" in told(await press(stage.ada, stage.card, Action.LOOK))
            await stage.until(lambda at: "Completed" in at.text)

            assert server.passed["create"] == 1


async def test_an_undelivered_film_is_offered_again(tmp_path: Path) -> None:
    small = tmp_path / "film.mp4"
    small.write_bytes(mp4())
    async with (
        held_videos(tmp_path / "server", small) as server,
        staged(settings_for(tmp_path / "bot", server.base_url), settle=ENCODES) as stage,
    ):
        stage.env.inject_error(
            "PATCH", "/webhooks/*", status=413, code=40005, message="too large", times=None
        )
        await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
        server.finish()
        await server.until_rendered()
        await stage.wait(2)
        stage.env.backend.faults.clear()
        await stage.wait(120)
        assert "Not delivered" in stage.text
        assert "too large to upload" in stage.text

        assert "Posting it again" in told(await press(stage.ada, stage.card, Action.REDELIVER))
        await stage.until(lambda at: "Completed" in at.text)
        assert [[stage.film]] == list((await server.films()).values())


async def test_a_message_that_lost_its_film_gets_it_again(
    server: VideosServer, tmp_path: Path
) -> None:
    async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
        message = await finished(stage)
        await stage.wait(SETTLED + 1)
        empty = discord.ui.LayoutView.from_message(message, timeout=None)
        (container,) = empty.children
        assert isinstance(container, discord.ui.Container)
        for part in container.children:
            if isinstance(part, discord.ui.MediaGallery):
                container.remove_item(part)
        channel = stage.bot.get_partial_messageable(stage.channel.id)
        await channel.get_partial_message(message.id).edit(view=empty, attachments=[])
        assert stage.film is None

        await press(stage.ada, stage.card, Action.EDIT)
        await stage.env.settle()
        assert "missing from this message" in stage.text
        await press(stage.ada, stage.card, Action.REDELIVER)
        await stage.until(lambda at: "Completed" in at.text)

        assert_is_film(stage.film)
        assert len(server.jobs()) == 1


async def test_where_a_create_is_known_by_its_key_it_is_sent_again_by_itself(
    tmp_path: Path,
) -> None:
    async with embedded_videos(tmp_path / "server") as server:
        server.meet("create", cut_after)
        async with staged(settings_for(tmp_path / "bot", server.base_url)) as stage:
            await stage.ada.slash(stage.channel, "video", prompt=PROMPT)
            await stage.until(lambda at: "Completed" in at.text)

            assert server.seen["create"] == 2
            async with aiohttp.ClientSession() as session:
                answer = await session.get(f"{server.upstream}/videos")
                assert len((await answer.json())["data"]) == 1
