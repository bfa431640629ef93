"""Who may press what: every button, pressed by everybody, before and after a restart."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import discord
import pytest
import simcord

from bot.cards.buttons import Action
from bot.jobs.models import RenderStatus
from bot.jobs.reasons import Reason
from tests import database
from tests.acceptance.actions import fill, finished, press, told
from tests.acceptance.stage import Stage, restarted, settings_for, staged, text_of
from tests.processes import VideosServer

GATED = (
    (RenderStatus.REQUESTED, None, Action.CANCEL),
    (RenderStatus.QUEUED, None, Action.CANCEL),
    (RenderStatus.IN_PROGRESS, None, Action.CANCEL),
    (RenderStatus.UNDELIVERED, "no_access", Action.REDELIVER),
    (RenderStatus.UNCONFIRMED, None, Action.LOOK),
    (RenderStatus.UNCONFIRMED, None, Action.DROP),
    (RenderStatus.UNCONFIRMED, None, Action.SEND),
    (RenderStatus.EXPIRED, Reason.OVERDUE, Action.LOOK),
    (RenderStatus.DELIVERED, None, Action.DELETE),
    (RenderStatus.FAILED, None, Action.DELETE),
    (RenderStatus.CANCELLED, None, Action.DELETE),
)
FORMS = (
    (RenderStatus.DELIVERED, Action.REMIX),
    (RenderStatus.DELIVERED, Action.EDIT),
    (RenderStatus.FAILED, Action.EDIT),
    (RenderStatus.UNDELIVERED, Action.EDIT),
)
TOO_MANY = 30
"""More presses than one person may make at once."""
REFUSAL = "Only the person who asked"

before_and_after = pytest.mark.parametrize(
    "restart", [False, True], ids=["at once", "after a restart"]
)


class Bench:
    """A finished film whose job is put into any state, with the card drawn for it."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self._folder = folder
        self.id: str = self._row["id"]

    async def put(self, status: RenderStatus, code: str | None = None) -> None:
        database.update(self._folder, status=status, reason=code)
        # A press that the state does not offer has the card shown as it is.
        action = Action.LOOK if status is RenderStatus.UNDELIVERED else Action.REDELIVER
        await self.stage.press_stale(self.stage.ada, self.card, f"rushes:{action}:{self.id}")
        await self.stage.wait(1)

    @property
    def status(self) -> str:
        return self._row["status"]

    @property
    def _row(self) -> database.Row:
        return database.rows(self._folder)[0]

    @property
    def card(self) -> discord.Message:
        return self.stage.messages[0]

    @property
    def everybody(self) -> tuple[simcord.MemberActor, ...]:
        return self.stage.ada, self.stage.grace, self.stage.moderator

    async def press(self, who: simcord.MemberActor, action: Action) -> simcord.InteractionResult:
        """Press a button of the card, also one that a client still shows or makes up."""
        custom_id = f"rushes:{action}:{self.id}"
        return await self.stage.press_stale(who, self.card, custom_id)


@asynccontextmanager
async def benched(server: VideosServer, folder: Path, *, restart: bool) -> AsyncGenerator[Bench]:
    """Make a film, and perhaps exchange the bot for one that knows only what is on disk."""
    settings = settings_for(folder, server.base_url, max_active_per_user=20, videos_remix=True)
    async with staged(settings) as stage:
        await finished(stage)
        if not restart:
            yield Bench(stage, folder)
            return
        async with restarted(stage) as again:
            yield Bench(again, folder)


@before_and_after
async def test_requester_and_moderator_may_and_a_stranger_may_not(
    server: VideosServer, tmp_path: Path, *, restart: bool
) -> None:
    async with benched(server, tmp_path / "bot", restart=restart) as bench:
        for status, code, action in GATED:
            await bench.put(status, code)
            assert REFUSAL in told(await bench.press(bench.stage.grace, action)), action
            assert bench.status == status
        for who in (bench.stage.ada, bench.stage.moderator):
            for status, code, action in GATED:
                await bench.put(status, code)
                assert REFUSAL not in told(await bench.press(who, action)), action


@before_and_after
async def test_whoever_likes_is_notified_and_makes_another(
    server: VideosServer, tmp_path: Path, *, restart: bool
) -> None:
    async with benched(server, tmp_path / "bot", restart=restart) as bench:
        for who in bench.everybody:
            for status in (RenderStatus.REQUESTED, RenderStatus.QUEUED, RenderStatus.IN_PROGRESS):
                await bench.put(status)
                sentence = told(await bench.press(who, Action.NOTIFY))
                assert "You'll be notified" in sentence or "already on the list" in sentence
            for status, action in FORMS:
                await bench.put(status)
                form = await bench.press(who, action)
                assert form.modal is not None, action
        await bench.put(RenderStatus.FAILED)
        for who in bench.everybody:
            await bench.press(who, Action.AGAIN)
            assert f"<@{who.id}>" in text_of(bench.stage.messages[-1])
        assert len({message.id for message in bench.stage.messages[1:]}) >= len(bench.everybody)


@before_and_after
@pytest.mark.parametrize("by", ["ada", "moderator"])
async def test_a_film_goes_for_good_by_its_requester_or_a_moderator(
    server: VideosServer, tmp_path: Path, by: str, *, restart: bool
) -> None:
    async with benched(server, tmp_path / "bot", restart=restart) as bench:
        stage = bench.stage
        assert REFUSAL in told(await bench.press(stage.grace, Action.DELETE_SURELY))
        assert len(server.jobs()) == 1

        who: simcord.MemberActor = getattr(stage, by)
        question = await bench.press(who, Action.DELETE)
        assert question.response is not None
        await press(who, question.response.message, Action.DELETE_SURELY)

        assert stage.messages == []
        assert server.jobs() == []
        assert list((tmp_path / "bot" / "films").iterdir()) == []


async def test_a_form_that_comes_too_fast_gives_back_what_was_filled_in(
    server: VideosServer, tmp_path: Path
) -> None:
    async with benched(server, tmp_path / "bot", restart=False) as bench:
        stage = bench.stage
        form = await press(stage.ada, bench.card, Action.EDIT)
        for _ in range(TOO_MANY):
            await bench.press(stage.ada, Action.NOTIFY)
        filled = {"prompt": "an owl\nat night", "size": ["720x1280"], "seconds": ["4"]}
        sent = await fill(stage.ada, form, **filled)

        assert sent.response is not None
        answer = sent.response.message
        assert "That was too fast" in answer.content
        assert "Size: 720x1280 · Seconds: 4" in answer.content
        assert stage.env.backend.cdn.get(answer.attachments[0].url) == b"an owl\nat night"
