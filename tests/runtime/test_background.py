"""Background tasks are held, logged and cancelled."""

import asyncio
import gc
import logging

import pytest

from bot.runtime.background import Background, faults_logged

PATIENCE = 10.0
LOG = logging.getLogger("tests")


async def test_a_task_runs_under_its_name_and_gives_its_result() -> None:
    async def work() -> int:
        return 7

    task = Background().spawn(work(), name="count")
    assert task.get_name() == "count"
    assert await task == 7


async def test_a_task_nobody_holds_is_kept_until_it_ends() -> None:
    background = Background()
    asked, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        # Only this frame knows the future: without a reference, both could be collected.
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting_for.append(waiting.set_result)
        asked.set()
        await waiting
        done.set()

    waiting_for: list[object] = []
    background.spawn(work(), name="work")
    await asked.wait()
    resume = waiting_for.pop()
    gc.collect()
    assert callable(resume)
    resume(None)
    async with asyncio.timeout(PATIENCE):
        await done.wait()


async def test_a_failure_is_logged_with_its_name_and_cause(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fails() -> None:
        raise ValueError("out of ink")

    with caplog.at_level(logging.ERROR):
        task = Background().spawn(fails(), name="drawing")
        await asyncio.wait([task])
        await asyncio.sleep(0)  # its callbacks have run
    (record,) = caplog.records
    assert "drawing" in record.getMessage()
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "out of ink"


async def test_an_end_and_a_cancellation_are_no_failures(caplog: pytest.LogCaptureFixture) -> None:
    async def ends() -> None:
        return

    background = Background()
    background.spawn(ends(), name="ends")
    background.spawn(asyncio.Event().wait(), name="hangs")
    await asyncio.sleep(0)
    await background.close()
    assert caplog.records == []


async def test_close_waits_for_what_ends_within_its_grace() -> None:
    background = Background()
    closing_began = asyncio.Event()
    ended: list[str] = []

    async def work() -> None:
        await closing_began.wait()
        ended.append("work")

    task = background.spawn(work(), name="work")
    close = asyncio.create_task(background.close(grace=PATIENCE))
    await asyncio.sleep(0)  # close() waits
    closing_began.set()
    await close
    assert (ended, task.cancelled()) == (["work"], False)


async def test_close_cancels_the_rest_and_waits_for_their_end() -> None:
    background = Background()
    said: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            said.append("goodbye")

    tasks = [background.spawn(work(), name=f"{number}") for number in range(3)]
    await asyncio.sleep(0)  # they have begun
    async with asyncio.timeout(PATIENCE):
        await background.close(grace=0.01)
    assert said == ["goodbye"] * 3
    assert all(task.cancelled() for task in tasks)


async def test_close_without_grace_cancels_at_once() -> None:
    background = Background()
    task = background.spawn(asyncio.Event().wait(), name="hangs")
    await background.close()
    assert task.cancelled()


async def test_close_of_nothing_and_a_second_close_do_nothing() -> None:
    background = Background()
    await background.close(grace=PATIENCE)
    background.spawn(asyncio.Event().wait(), name="hangs")
    await background.close()
    async with asyncio.timeout(PATIENCE):
        await background.close(grace=PATIENCE)


async def test_a_fault_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with faults_logged(LOG, "the round failed", extra={"job": "7"}):
        raise LookupError("nobody foresaw it")

    (record,) = caplog.records
    assert (record.getMessage(), record.__dict__["job"]) == ("the round failed", "7")
    assert record.exc_info is not None


async def test_an_expected_error_is_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with faults_logged(LOG, "the round failed", OSError):
        raise OSError("no space left")

    (record,) = caplog.records
    assert record.getMessage() == "the round failed: no space left"
    assert record.exc_info is None


async def test_a_stop_is_no_fault() -> None:
    with pytest.raises(asyncio.CancelledError), faults_logged(LOG, "the round failed"):
        raise asyncio.CancelledError
