"""A job store on a real file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.jobs.store import JobStore
from tests.jobs.support import address


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[JobStore]:
    async with JobStore.open(address(tmp_path)) as opened:
        yield opened
