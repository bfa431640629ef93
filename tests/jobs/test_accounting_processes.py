"""Two processes on one database, each with an engine of its own, admit no more than one would."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.jobs.meters import Limit, Scope, Unit, Usage
from bot.jobs.store import JobStore
from tests.jobs.limits import COST, limit
from tests.jobs.support import address, new_render

pytestmark = pytest.mark.slow
ASKS = 1000
"""Simultaneous requests of each process."""
_ASK = """
import asyncio, json, sys
from bot.jobs.database import StoreError
from bot.jobs.meters import Scope, Unit
from bot.jobs.store import JobStore
from tests.jobs.support import admit, new_render
from tests.jobs.limits import COST, limit

async def ask(store, each):
    while True:
        try:
            return bool(await admit(store, new_render(), cost=COST, limits=[each]))
        except StoreError as error:
            assert "locked" in str(error), error

async def main(url, asks, most, unit, scope, scope_id):
    each = limit(int(most), Unit(unit), Scope(scope), scope_id)
    async with JobStore.open(url) as store:
        outcomes = await asyncio.gather(*(ask(store, each) for _ in range(int(asks))))
    print(json.dumps(sum(outcomes)))

asyncio.run(main(*sys.argv[1:]))
"""
REQUEST = new_render().request
LIMITS = (
    limit(142),
    limit(1000, Unit.SECONDS, Scope.PERSON, str(REQUEST.requester_id)),
    limit(50_500_000, Unit.MONEY, Scope.COMMUNITY, str(REQUEST.guild_id)),
    limit(333, Unit.VIDEOS, Scope.CHANNEL, str(REQUEST.channel_id)),
)


@pytest.mark.parametrize("each", LIMITS, ids=lambda each: f"{each.key.unit} {each.key.scope}")
async def test_two_processes_admit_exactly_what_there_is_room_for(
    store: JobStore, tmp_path: Path, each: Limit
) -> None:
    key = each.key
    words = (address(tmp_path), str(ASKS), str(each.most), key.unit, key.scope, key.scope_id)
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _ASK, *words, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    answers = await asyncio.gather(*(process.communicate() for process in processes))

    room = each.most // COST.of(key.unit)
    assert sum(json.loads(answer) for answer, _ in answers) == room
    (usage,) = await store.accounting.usage([each])
    assert usage == Usage(held=room * COST.of(key.unit))
    assert await store.accounting.faults() == []
