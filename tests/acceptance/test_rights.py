"""Who may press what: every button that is not anybody's, before and after a restart."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import simcord

from bot.jobs.lifecycle import OVERDUE
from bot.jobs.models import JobChange, JobStatus
from bot.status.buttons import Action
from tests.acceptance.stage import Stage, restarted, settings_for, staged
from tests.acceptance.test_buttons import finished, press, told
from tests.processes import VideosServer

GATED = (
    (JobStatus.IN_PROGRESS, None, Action.CANCEL),
    (JobStatus.UNDELIVERED, "no_access", Action.REDELIVER),
    (JobStatus.UNCONFIRMED, None, Action.LOOK),
    (JobStatus.UNCONFIRMED, None, Action.DROP),
    (JobStatus.UNCONFIRMED, None, Action.SEND),
    (JobStatus.EXPIRED, OVERDUE, Action.LOOK),
    (JobStatus.DELIVERED, None, Action.DELETE),
    (JobStatus.FAILED, None, Action.DELETE),
)
REFUSAL = "Only the person who asked"


class Bench:
    """A finished film whose job is put into any state, with the card drawn for it."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self.stage = stage
        self._database = folder / "rushes.db"

    async def put(self, status: JobStatus, code: str | None) -> None:
        with closing(sqlite3.connect(self._database)) as database:
            database.execute("UPDATE jobs SET status = ?, error_code = ?", (status, code))
            database.commit()
        job = await self.stage.bot.archive.find(self.id)
        assert job is not None
        self.stage.bot.dispatch("job_change", JobChange(job, job))
        await self.stage.wait(1)

    @property
    def id(self) -> str:
        with closing(sqlite3.connect(self._database)) as database:
            return database.execute("SELECT id FROM jobs").fetchone()[0]

    @property
    def status(self) -> str:
        with closing(sqlite3.connect(self._database)) as database:
            return database.execute("SELECT status FROM jobs").fetchone()[0]

    async def presses(self, who: simcord.MemberActor, action: Action) -> str:
        return told(await press(who, self.stage.card, action))


async def refuses_strangers(bench: Bench) -> None:
    for status, code, action in GATED:
        await bench.put(status, code)
        assert REFUSAL in await bench.presses(bench.stage.grace, action), action
        assert bench.status == status


async def obeys(bench: Bench, who: simcord.MemberActor) -> None:
    for status, code, action in GATED:
        await bench.put(status, code)
        assert REFUSAL not in await bench.presses(who, action), action


@pytest.mark.parametrize("restart", [False, True], ids=["at once", "after a restart"])
async def test_requester_and_moderator_may_and_a_stranger_may_not(
    server: VideosServer, tmp_path: Path, *, restart: bool
) -> None:
    folder = tmp_path / "bot"
    async with staged(settings_for(folder, server.base_url)) as stage:
        await finished(stage)
        if not restart:
            await all_press(Bench(stage, folder))
            return
        async with restarted(stage) as again:
            await all_press(Bench(again, folder))


async def all_press(bench: Bench) -> None:
    await refuses_strangers(bench)
    await obeys(bench, bench.stage.ada)
    await obeys(bench, bench.stage.moderator)
