"""The steady clock, on a machine whose own clock is moved."""

import logging
import time

import pytest

from bot.runtime.timing import steady_clock

HOUR = 3600.0


@pytest.mark.parametrize("jump", [HOUR, -HOUR], ids=["ahead", "back"])
def test_the_steady_clock_goes_on_evenly_and_reports_once_that_the_machines_moved(
    jump: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    true_time = time.time
    clock = steady_clock()
    before = clock()
    monkeypatch.setattr(time, "time", lambda: true_time() + jump)

    with caplog.at_level(logging.WARNING):
        after = [clock() for _ in range(3)]

    assert after == sorted(after)
    assert 0 <= after[-1] - before < 60
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_the_steady_clock_begins_at_the_time_of_the_machine() -> None:
    assert abs(steady_clock()() - time.time()) < 60
