"""Courses of events that the machine found, each as short as it can be."""

import random
from collections.abc import Generator

import pytest

from bot.jobs.models import JobStatus
from tests.machine.world import World


@pytest.fixture
def world() -> Generator[World]:
    made = World()
    try:
        made.start()
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("turns", range(4, 16))
def test_a_request_in_the_last_moment_of_a_stop_ends_by_no_fault_of_ours(
    world: World, turns: int
) -> None:
    random.seed(turns)
    world.loop.work_takes = (40,)
    world.ask("a cat")
    world.loop.go_on(turns)
    world.stop()
    assert {row["status"] for row in world.rows()} <= {JobStatus.REQUESTED, JobStatus.QUEUED}
