"""How fast one person may go, and that it costs bounded memory."""

import pytest

from bot.requests.cooldown import PEOPLE, Cooldown, Pace


def test_a_burst_then_one_at_a_time_and_only_for_that_person() -> None:
    cooldown = Cooldown(Pace(burst=3, every=2.0))
    assert [cooldown.wait(1, 100.0) for _ in range(4)] == [0, 0, 0, 2.0]
    assert cooldown.wait(2, 100.0) == 0
    assert cooldown.wait(1, 101.0) == 1.0
    assert cooldown.wait(1, 102.0) == 0


@pytest.mark.slow
def test_many_people_are_not_remembered_for_ever() -> None:
    cooldown = Cooldown(Pace(burst=1, every=2.0))
    for person in range(2 * PEOPLE):
        cooldown.wait(person, 100.0)
    assert len(cooldown.even_at) <= PEOPLE
